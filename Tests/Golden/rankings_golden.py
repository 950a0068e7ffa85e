#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/rankings.json: recall, reciprocal rank and nDCG of rankings as trec_eval computes them, and the
expected calibration error by its definition.

    python3 -m venv .venv && .venv/bin/pip install pytrec_eval-terrier==0.5.11 numpy
    .venv/bin/python Tests/Golden/rankings_golden.py [--seed 1] [--out Tests/Golden/tasks]

The expected calibration error (Naeini et al. 2015; Guo et al. 2017) has 15 bins of equal width, open below and closed above:
the weighted mean distance of a bin's share of right answers from its mean confidence.
"""
import argparse
import json
import pathlib
import random
from importlib.metadata import version

import numpy
import pytrec_eval


def rankings(rng, queries, documents, grades, ranked):
    gold, predicted = [], []
    for _ in range(queries):
        relevant = rng.sample(range(documents), rng.choice([1, 1, 2, 5, 12]))
        gold.append({str(document): rng.choice(grades) for document in relevant})
        order = rng.sample(range(documents), rng.randrange(ranked + 1))
        if order and rng.random() < 0.7:
            order[rng.randrange(min(len(order), 6))] = relevant[0]
        predicted.append(list(dict.fromkeys(order)))
    judge = pytrec_eval.RelevanceEvaluator(
        {f"q{i}": relevant for i, relevant in enumerate(gold)}, {"recall.10", "recip_rank", "ndcg_cut.10", "success.1"})
    # trec_eval sorts by score; an empty ranking needs a document that nobody asks for
    run = {f"q{i}": {str(d): float(len(order) - place) for place, d in enumerate(order)} or {"none": 1.0}
           for i, order in enumerate(predicted)}
    found = judge.evaluate(run)
    assert len(found) == queries

    def mean(name):
        return float(numpy.mean([found[f"q{i}"][name] for i in range(queries)]))

    return {"gold": gold, "predicted": predicted, "recall_at_10": mean("recall_10"), "mrr": mean("recip_rank"),
            "ndcg_at_10": mean("ndcg_cut_10"), "accuracy_at_1": mean("success_1")}


def calibration(rng, rows, classes, confident):
    """Confidences with known accuracies, and edges of bins."""
    confidences = [min(1.0, max(0.0, confident(rng))) for _ in range(rows)]
    confidences[:4] = [0.0, 1.0, 1 / 3, 0.2]
    gold = [rng.randrange(classes) for _ in range(rows)]
    predicted = [g if rng.random() < c ** 2 else (g + 1) % classes for g, c in zip(gold, confidences)]
    c, right = numpy.array(confidences), numpy.array(gold) == numpy.array(predicted)
    error = 0.0
    for b in range(15):
        low, high = b / 15, (b + 1) / 15
        inside = (c > low) & (c <= high) if b else c <= high
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - c[inside].mean())
    return {"gold": gold, "predicted": predicted, "classes": classes, "confidences": confidences,
            "expected_calibration_error": float(error)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    made = {"seed": given.seed} | {name: version(name) for name in ("pytrec_eval-terrier", "numpy")}
    made["rankings"] = [
        rankings(rng, 1, 20, [1], 20), rankings(rng, 30, 40, [1], 25), rankings(rng, 30, 60, [1, 2, 3], 40),
        rankings(rng, 12, 13, [1, 4], 13),
    ]
    made["calibration"] = [
        calibration(rng, 60, 3, lambda r: r.random()), calibration(rng, 200, 2, lambda r: 0.5 + 0.5 * r.random()),
        calibration(rng, 12, 5, lambda r: r.choice([0.2, 0.4, 0.6, 0.8, 1.0])),
    ]
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"), allow_nan=False)
    (given.out / "rankings.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
