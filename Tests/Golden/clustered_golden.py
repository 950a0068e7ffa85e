#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/clustered.json: the cluster bootstrap over several cells, in NumPy and without weights.

    python3 -m venv .venv && .venv/bin/pip install numpy
    .venv/bin/python Tests/Golden/clustered_golden.py [--seed 1] [--out Tests/Golden/tasks]

Each resample draws as many groups as there are in all cells together; in each cell the rows of every drawn group are
laid end to end, twice where it was drawn twice, and scored; the score is the mean over the cells.
"""
import argparse
import json
import pathlib
import random

import numpy

MASK = (1 << 64) - 1


def mixed(value):
    """SplitMix64's step and finaliser."""
    z = (value + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def draw(count, resample, seed):
    start = mixed((seed + mixed(resample)) & MASK)
    return [(mixed((start + place * 0x9E3779B97F4A7C15) & MASK) * count) >> 64 for place in range(count)]


def accuracy(gold, predicted):
    return float(numpy.mean(gold == predicted))


def macro_f1(gold, predicted):
    scores = []
    for label in numpy.union1d(gold, predicted):
        true_positive = numpy.sum((gold == label) & (predicted == label))
        wrong = numpy.sum((gold == label) != (predicted == label))
        scores.append(2 * true_positive / (2 * true_positive + wrong))
    return float(numpy.mean(scores))


METRICS = {"accuracy": accuracy, "macro_f1": macro_f1}


def case(rng, classes, names, sizes, resamples):
    cells = []
    for size in sizes:
        gold = [rng.randrange(classes) for _ in range(size)]
        predicted = [[g if rng.random() < share else rng.randrange(classes) for g in gold] for share in (0.6, 0.4)]
        groups = [None if rng.random() < 0.1 else f"p{rng.randrange(names)}" for _ in range(size)]
        cells.append({"groups": groups, "gold": gold, "predicted": predicted})
    # Groups are numbered as they come; a row without a name is one by itself
    numbers, order, rows = {}, 0, []
    for c, cell in enumerate(cells):
        for r, name in enumerate(cell["groups"]):
            key = (c, r) if name is None else name
            if key not in numbers:
                numbers[key] = order
                rows.append([[] for _ in cells])
                order += 1
            rows[numbers[key]][c].append(r)
    seed = rng.randrange(1, 1000)
    resampled = {name: [[], []] for name in METRICS}
    for resample in range(resamples):
        drawn = draw(order, resample, seed)
        for name, metric in METRICS.items():
            for system in range(2):
                scores = []
                for c, cell in enumerate(cells):
                    picked = [r for group in drawn for r in rows[group][c]]
                    if picked:
                        gold = numpy.array(cell["gold"])[picked]
                        scores.append(metric(gold, numpy.array(cell["predicted"][system])[picked]))
                resampled[name][system].append(float(numpy.mean(scores)) if scores else 0.0)
    ends = {name: numpy.percentile(numpy.array(a) - numpy.array(b), [2.5, 97.5]) for name, (a, b) in resampled.items()}
    return {
        "classes": classes, "seed": seed, "cells": cells, "resampled": resampled,
        "low": {name: float(e[0]) for name, e in ends.items()},
        "high": {name: float(e[1]) for name, e in ends.items()},
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    made = {"seed": given.seed, "numpy": numpy.__version__, "cases": [
        case(rng, 2, 12, [40], 60),
        case(rng, 3, 15, [30, 17, 25], 60),
        case(rng, 4, 3, [20, 1, 9], 60),
        case(rng, 5, 200, [60, 60], 60),
    ]}
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"))
    (given.out / "clustered.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
