#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/answers.json: metrics of tags and numbers as seqeval, scipy and scikit-learn compute them,
and scikit-learn's ridge regression.

    python3 -m venv .venv && .venv/bin/pip install seqeval==1.2.2 scipy scikit-learn
    .venv/bin/python Tests/Golden/answers_golden.py [--seed 1] [--out Tests/Golden/tasks]

Each case has bootstrap resamples too: lists of rows, drawn by NumPy, with the metrics of those rows. An undefined
correlation is null.
"""
import argparse
import json
import math
import pathlib
import random
import warnings
from importlib.metadata import version

import numpy
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import accuracy_score, classification_report, f1_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, mean_squared_error

warnings.simplefilter("ignore")

SCHEMES = {
    "bio": ["O"] + [f"{p}-{t}" for p in "BI" for t in ("PER", "LOC", "ORG")],
    "bioes": ["O"] + [f"{p}-{t}" for p in "BIOES".replace("O", "") for t in ("PER", "LOC")],
    "iob1": ["O"] + [f"I-{t}" for t in ("PER", "LOC", "MISC-X")] + ["B-PER"],
    "bare": ["O", "B", "I", "E", "S"],
    "plain": ["ADJ", "ADP", "NOUN", "VERB", "X", "O", "PUNCT", "N", "."],
    "odd": ["O", "BPER", "B-", "I-", "-PER", "L-PER", "U-PER", "é-PER", "B_PER", "o", "S-A-B"],
}


def sentence(rng, tags, length):
    out = []
    for _ in range(length):
        # Runs of one tag, as in text
        out.append(out[-1] if out and rng.random() < 0.3 else rng.choice(tags))
    return out


def tag_metrics(gold, predicted):
    return {
        "entity_f1": float(f1_score(gold, predicted)) if gold else 0.0,
        "token_accuracy": float(accuracy_score(gold, predicted)) if any(gold) else None,
    }


def tag_case(rng, numpy_rng, scheme, sentences, noise):
    tags = SCHEMES[scheme]
    gold = [sentence(rng, tags, rng.choice([0, 1, 1, 2, 5, 9])) for _ in range(sentences)]
    gold[0] = gold[0] or [tags[0]]
    predicted = [[t if rng.random() > noise else rng.choice(tags) for t in s] for s in gold]
    made = {"scheme": scheme, "gold": gold, "predicted": predicted,
            "entities": [[t, b, e] for t, b, e in get_entities(gold)]} | tag_metrics(gold, predicted)
    report = classification_report(gold, predicted, output_dict=True) if made["entities"] or any(
        get_entities(predicted)) else {}
    made["types"] = [
        {"type": t, "precision": float(r["precision"]), "recall": float(r["recall"]), "f1": float(r["f1-score"]),
         "support": int(r["support"])}
        for t, r in sorted(report.items()) if not t.endswith(" avg")]
    # Plain tags carry their state over the end of a sentence, so that resamples differ from seqeval's (see the test)
    made["resamples"] = []
    if scheme not in ("plain", "odd"):
        for _ in range(4):
            rows = [int(r) for r in numpy_rng.integers(0, sentences, sentences)]
            made["resamples"].append(
                {"rows": rows} | tag_metrics([gold[r] for r in rows], [predicted[r] for r in rows]))
    return made


def column(metric, gold, predicted):
    """The mean over the outputs of a metric of the rows that have a true value."""
    values = []
    for c in range(len(gold[0])):
        rows = [r for r in range(len(gold)) if gold[r][c] is not None]
        if rows:
            values.append(metric([gold[r][c] for r in rows], [predicted[r][c] for r in rows]))
    value = float(numpy.mean(values)) if values else math.nan
    return None if math.isnan(value) else value


def pearson(gold, predicted):
    return pearsonr(gold, predicted).statistic if len(gold) > 1 else math.nan


def spearman(gold, predicted):
    return spearmanr(gold, predicted).statistic if len(gold) > 1 else math.nan


def number_metrics(gold, predicted):
    return {"pearson": column(pearson, gold, predicted), "spearman": column(spearman, gold, predicted),
            "mse": column(mean_squared_error, gold, predicted), "mae": column(mean_absolute_error, gold, predicted)}


def number_case(rng, numpy_rng, name, rows, outputs, gold_value, predicted_value, missing=0.0):
    gold, predicted = [], []
    for _ in range(rows):
        g = [gold_value(rng) for _ in range(outputs)]
        predicted.append([predicted_value(rng, v) for v in g])
        gold.append([None if rng.random() < missing else v for v in g])
    resamples = []
    for _ in range(4):
        picked = [int(r) for r in numpy_rng.integers(0, rows, rows)]
        resamples.append({"rows": picked} | number_metrics([gold[r] for r in picked], [predicted[r] for r in picked]))
    return {"name": name, "gold": gold, "predicted": predicted, "resamples": resamples} | number_metrics(gold, predicted)


def ridge_case(rng, rows, columns, penalty):
    x = [[rng.gauss(0, 1) if rng.random() < 0.2 else 0.0 for _ in range(columns)] for _ in range(rows)]
    y = [sum(row[:3]) + 5 + rng.gauss(0, 0.3) for row in x]
    model = Ridge(alpha=penalty, solver="svd").fit(numpy.array(x), numpy.array(y))
    return {"x": x, "y": y, "penalty": penalty, "weights": [float(w) for w in model.coef_],
            "intercept": float(model.intercept_)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    numpy_rng = numpy.random.default_rng(given.seed)
    tags = [tag_case(rng, numpy_rng, scheme, 12 + 4 * i, noise)
            for scheme in SCHEMES for i, noise in enumerate((0.0, 0.2, 0.6, 1.0))]
    numbers = [
        number_case(rng, numpy_rng, "noise", 40, 1, lambda r: r.uniform(0, 5), lambda r, v: v + r.gauss(0, 1)),
        number_case(rng, numpy_rng, "ties", 60, 1, lambda r: float(r.randrange(6)), lambda r, v: float(r.randrange(4))),
        number_case(rng, numpy_rng, "large", 30, 1, lambda r: 1e6 + r.random(), lambda r, v: v + 1e-3 * r.random()),
        number_case(rng, numpy_rng, "negative", 25, 1, lambda r: r.gauss(0, 1), lambda r, v: -v),
        number_case(rng, numpy_rng, "two rows", 2, 1, lambda r: r.random(), lambda r, v: r.random()),
        number_case(rng, numpy_rng, "one row", 1, 1, lambda r: r.random(), lambda r, v: r.random()),
        number_case(rng, numpy_rng, "constant", 10, 1, lambda r: r.random(), lambda r, v: 0.1),
        number_case(rng, numpy_rng, "three", 30, 3, lambda r: r.gauss(0, 2), lambda r, v: 0.5 * v + r.gauss(0, 1)),
        number_case(rng, numpy_rng, "missing", 30, 2, lambda r: r.gauss(0, 2), lambda r, v: v + r.gauss(0, 1), 0.3),
    ]
    made = {"seed": given.seed} | {name: version(name) for name in ("seqeval", "scipy", "scikit-learn", "numpy")}
    made |= {"tags": tags, "numbers": numbers}
    made["ridge"] = [ridge_case(rng, 12, 8, 1.0), ridge_case(rng, 6, 20, 0.1), ridge_case(rng, 1, 3, 1.0)]
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    (given.out / "answers.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
