#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/clusters.json: scores of coreference, and assignments.

    python3 Tests/Golden/clusters_golden.py [--seed 1] [--out Tests/Golden/tasks]

Needs `scorch` (0.2.0), a Python implementation of the CoNLL-2012 scores that its authors test against the reference scorer, and
`scipy`, whose `linear_sum_assignment` is what it aligns clusters with. Mentions carry their document's number, so that one call
scores all documents together: no true and predicted clusters of different documents share a mention.
"""
import argparse
import json
import math
import pathlib
import random

import numpy
import scorch.scores
from scipy.optimize import linear_sum_assignment

METRICS = {"muc": scorch.scores.muc, "bcub": scorch.scores.b_cubed, "ceafe": scorch.scores.ceaf_e,
           "ceafm": scorch.scores.ceaf_m}


def mentions(rng, words):
    found = set()
    for _ in range(rng.randint(0, words)):
        first = rng.randrange(words)
        found.add((first, min(words - 1, first + rng.choice([0, 0, 0, 1, 2, 5]))))
    return sorted(found)


def clusters(rng, found, singletons):
    made = {}
    for mention in found:
        made.setdefault(rng.randrange(max(1, len(found) // 2)), []).append(mention)
    return [c for c in made.values() if singletons or len(c) > 1]


def changed(rng, gold, words, noise, singletons):
    """Moves, drops and adds mentions, and joins and splits clusters."""
    made = [list(c) for c in gold]
    for cluster in list(made):
        if rng.random() < noise and len(cluster) > 2:
            cut = rng.randrange(1, len(cluster))
            made.append(cluster[cut:])
            del cluster[cut:]
    if len(made) > 1 and rng.random() < noise:
        made[0] += made.pop()
    for cluster in made:
        for mention in list(cluster):
            if rng.random() < noise / 3:
                cluster.remove(mention)
            elif rng.random() < noise / 3:
                rng.choice(made).append(cluster.pop(cluster.index(mention)))
    known = {m for c in made for m in c}
    for mention in mentions(rng, words):
        if rng.random() < noise / 3 and mention not in known and made:
            rng.choice(made).append(mention)
    made = [sorted(c) for c in made if len(c) > (0 if singletons else 1)]
    rng.shuffle(made)
    return made


def scores(documents):
    """[recall, precision, F1] of each metric; null where nothing is true and nothing is predicted."""
    sides = [[{(number, *m) for m in cluster} for number, document in enumerate(documents) for cluster in document[side]]
             for side in (0, 1)]
    made = {}
    for name, metric in METRICS.items():
        used = [[c for c in side if name != "muc" or len(c) > 1] for side in sides]
        if not used[0] and not used[1]:
            made[name] = None
        else:
            # scorch gives MUC 0 if one side has singletons alone, as the reference scorer does
            made[name] = [float(x) for x in metric(*sides)]
    f1 = [made[name] and made[name][2] for name in ("muc", "bcub", "ceafe")]
    made["conll"] = None if None in f1 else sum(f1) / 3
    return made


def score_case(rng, documents, noise, singletons):
    pairs = []
    for _ in range(documents):
        words = rng.choice([3, 8, 20, 60])
        gold = clusters(rng, mentions(rng, words), singletons)
        predicted = changed(rng, gold, words, noise, singletons) if rng.random() > noise / 5 else []
        pairs.append((gold, predicted))
    resamples = []
    for _ in range(4):
        rows = [rng.randrange(documents) for _ in range(documents)]
        resamples.append({"rows": rows, "scores": scores([pairs[r] for r in rows])})
    return {"gold": [p[0] for p in pairs], "predicted": [p[1] for p in pairs], "scores": scores(pairs),
            "resamples": resamples}


def assignment_case(rng, rows, columns, kind):
    value = {"noise": rng.random, "ties": lambda: float(rng.randrange(3)),
             "sparse": lambda: rng.random() if rng.random() < 0.3 else 0.0}[kind]
    gains = [[value() for _ in range(columns)] for _ in range(rows)]
    if not rows or not columns:
        return {"gains": gains, "best": 0.0}
    row, column = linear_sum_assignment(-numpy.array(gains))
    return {"gains": gains, "best": math.fsum(gains[r][c] for r, c in zip(row, column))}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    made = {"seed": given.seed}
    made["scores"] = [score_case(rng, 5 + i, noise, singletons)
                      for i, noise in enumerate((0.0, 0.2, 0.5, 0.8, 1.0)) for singletons in (False, True)]
    made["assignments"] = [assignment_case(rng, rng.randrange(9), rng.randrange(9), kind)
                           for kind in ("noise", "ties", "sparse") for _ in range(16)]
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"), allow_nan=False)
    (given.out / "clusters.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
