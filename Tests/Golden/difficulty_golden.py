#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/difficulty.json: likely label errors as cleanlab finds them.

    python3 -m venv .venv && .venv/bin/pip install cleanlab==2.9.0 numpy
    .venv/bin/python Tests/Golden/difficulty_golden.py [--seed 1] [--out Tests/Golden/tasks]

cleanlab's `confident_learning` filter gives the examples off the diagonal of the confident joint, without those whose label
is the most probable class.
"""
import argparse
import json
import pathlib
from importlib.metadata import version

import numpy
from cleanlab.filter import find_label_issues


def case(rng, rows, classes, noise, sharpness):
    true = rng.permutation(numpy.arange(rows) % classes)
    labels = numpy.where(rng.random(rows) < noise, rng.integers(0, classes, rows), true)
    labels[:classes] = numpy.arange(classes)
    scores = rng.normal(0, 1, (rows, classes))
    scores[numpy.arange(rows), true] += sharpness
    # Probabilities as float32 has them, so that both sides see the same numbers
    p = (numpy.exp(scores) / numpy.exp(scores).sum(1, keepdims=True)).astype(numpy.float32)
    wide = p.astype(numpy.float64)
    found = find_label_issues(labels, wide, filter_by="confident_learning", return_indices_ranked_by="self_confidence")
    return {"classes": classes, "labels": labels.tolist(), "probabilities": [[float(v) for v in r] for r in p],
            "issues": [int(i) for i in found]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = numpy.random.default_rng(given.seed)
    made = {"seed": given.seed} | {name: version(name) for name in ("cleanlab", "numpy")}
    made["cases"] = [case(rng, 80, 2, 0.2, 2.0), case(rng, 150, 4, 0.3, 2.5), case(rng, 60, 3, 0.0, 5.0),
                     case(rng, 90, 6, 0.5, 1.0)]
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"), allow_nan=False)
    (given.out / "difficulty.json").write_text(text + "\n", encoding="utf-8")
    print([len(c["issues"]) for c in made["cases"]])


if __name__ == "__main__":
    main()
