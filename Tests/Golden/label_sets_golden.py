#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/label_sets.json: metrics of label sets, thresholds and the TF-IDF baseline of multi-label tasks
as scikit-learn computes them, and TF-IDF similarities for multiple choice.

    python3 -m venv .venv && .venv/bin/pip install scikit-learn
    .venv/bin/python Tests/Golden/label_sets_golden.py [--seed 1] [--out Tests/Golden/tasks]

Thresholds are found by trying every one that can make a difference, each scored by f1_score.
"""
import argparse
import json
import pathlib
import random
import warnings
from importlib.metadata import version

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.multiclass import OneVsRestClassifier

warnings.simplefilter("ignore")

WORDS = "ash beech cedar dogwood elm fir ginkgo hazel ilex juniper kapok larch maple nutmeg oak pine".split()
FEWEST = 10


def indicators(sets, labels):
    made = numpy.zeros((len(sets), labels), dtype=int)
    for row, labels_of_row in enumerate(sets):
        made[row, labels_of_row] = 1
    return made


def counted(labels):
    """Scikit-learn takes one column for two classes; only the class 1 is a label."""
    return [1] if labels == 1 else None


def scores(gold, predicted, labels):
    g, p = indicators(gold, labels), indicators(predicted, labels)
    made = {f"{average}_f1": float(f1_score(g, p, labels=counted(labels), average=average, zero_division=0))
            for average in ("micro", "macro", "weighted")}
    return made | {"subset_accuracy": float(accuracy_score(g, p))}


def metric_case(rng, numpy_rng, rows, labels, share, noise, unknown=0):
    """Of `labels` labels the last `unknown` are never predicted, as those that a head does not know."""
    gold = [[c for c in range(labels) if rng.random() < share] for _ in range(rows)]
    predicted = [[c for c in range(labels - unknown) if (c in g) != (rng.random() < noise)] for g in gold]
    g, p = indicators(gold, labels), indicators(predicted, labels)
    precision, recall, f1, support = precision_recall_fscore_support(
        g, p, labels=counted(labels), zero_division=0)
    resamples = []
    for _ in range(3):
        picked = [int(r) for r in numpy_rng.integers(0, rows, rows)]
        resamples.append(
            {"rows": picked} | scores([gold[r] for r in picked], [predicted[r] for r in picked], labels))
    return {"labels": labels, "gold": gold, "predicted": predicted, "precision": precision.tolist(),
            "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
            "resamples": resamples} | scores(gold, predicted, labels)


def best_threshold(probabilities, gold):
    """The threshold with the largest F1; of equal ones the nearest to 0.5. Thresholds between the same two probabilities
    predict the same: 0.5 stands for them if it is one of them, else the middle."""
    if not gold.any():
        return 0.5
    values = sorted({0.0, *probabilities.tolist()})
    best = None
    for low, high in zip(values, values[1:]):
        threshold = 0.5 if low < 0.5 <= high else (low + high) / 2
        score = f1_score(gold, (probabilities >= threshold).astype(int))
        key = (round(score, 12), -abs(threshold - 0.5))
        if best is None or key > best[0]:
            best = (key, threshold)
    return best[1]


def thresholds_case(numpy_rng, rows, labels, shares, digits):
    gold = (numpy_rng.random((rows, labels)) < numpy.array(shares)).astype(int)
    noise = numpy_rng.random((rows, labels))
    # Float32, as the program has them
    probabilities = numpy.round(0.4 * gold + 0.6 * noise, digits).astype(numpy.float32).astype(float)
    pooled = best_threshold(probabilities.ravel(), gold.ravel())
    chosen = [best_threshold(probabilities[:, c], gold[:, c]) if gold[:, c].sum() >= FEWEST else pooled
              for c in range(labels)]
    return {"labels": labels, "probabilities": probabilities.ravel().tolist(),
            "gold": [numpy.flatnonzero(row).tolist() for row in gold], "thresholds": chosen}


def text(rng, topics):
    words = rng.choices(WORDS, k=rng.randrange(3, 9))
    for topic in topics:
        words += rng.choices(WORDS[3 * topic:3 * topic + 3], k=3)
    rng.shuffle(words)
    return " ".join(words)


def vectorizer():
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def baseline_case(rng, rows, labels, strength):
    """The last label has no training text."""
    sets = [[c for c in range(labels - 1) if rng.random() < 0.4] for _ in range(rows)]
    texts = [text(rng, s) for s in sets]
    tests = [text(rng, [c for c in range(labels - 1) if rng.random() < 0.4]) for _ in range(12)]
    terms = vectorizer()
    x = terms.fit_transform(texts)
    model = OneVsRestClassifier(LogisticRegression(C=strength, tol=1e-10, max_iter=10000))
    model.fit(x, indicators(sets, labels))
    return {"labels": labels, "strength": strength, "texts": texts, "sets": sets, "tests": tests,
            "probabilities": model.predict_proba(terms.transform(tests)).tolist()}


def similarity_case(rng, questions):
    made = []
    for _ in range(questions):
        question = {"question": text(rng, [rng.randrange(5)]),
                    "choices": [text(rng, [rng.randrange(5)]) for _ in range(rng.randrange(2, 6))]}
        if rng.random() < 0.4:
            question["context"] = text(rng, [])
        made.append(question)
    asked = [(q["context"] + "\n" if "context" in q else "") + q["question"] for q in made]
    terms = vectorizer()
    terms.fit([t for q, a in zip(made, asked) for t in [a] + q["choices"]])
    for q, a in zip(made, asked):
        q["similarities"] = cosine_similarity(terms.transform([a]), terms.transform(q["choices"]))[0].tolist()
    return made


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    numpy_rng = numpy.random.default_rng(given.seed)
    made = {"seed": given.seed} | {name: version(name) for name in ("scikit-learn", "numpy")}
    made["metrics"] = [
        metric_case(rng, numpy_rng, 40, 5, 0.3, 0.2), metric_case(rng, numpy_rng, 30, 8, 0.1, 0.05),
        metric_case(rng, numpy_rng, 25, 3, 0.5, 1.0), metric_case(rng, numpy_rng, 25, 6, 0.3, 0.2, unknown=2),
        metric_case(rng, numpy_rng, 6, 4, 0.0, 0.0), metric_case(rng, numpy_rng, 12, 1, 0.5, 0.3),
        metric_case(rng, numpy_rng, 1, 2, 1.0, 0.0)]
    made["thresholds"] = [
        thresholds_case(numpy_rng, 120, 4, [0.3, 0.1, 0.02, 0.6], 6), thresholds_case(numpy_rng, 80, 3, [0.5, 0.2, 0], 1),
        thresholds_case(numpy_rng, 15, 2, [0.4, 0.9], 3), thresholds_case(numpy_rng, 20, 2, [0, 0], 3)]
    made["baselines"] = [baseline_case(rng, 60, 4, 1.0), baseline_case(rng, 30, 3, 10.0)]
    made["choices"] = similarity_case(rng, 20)
    given.out.mkdir(parents=True, exist_ok=True)
    content = json.dumps(made, separators=(",", ":"), allow_nan=False)
    (given.out / "label_sets.json").write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
