#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/{tfidf,metrics}.json: what scikit-learn says about TF-IDF, logistic regression, metrics.

    python3 -m venv .venv && .venv/bin/pip install scikit-learn==1.9.1
    .venv/bin/python Tests/Golden/tfidf_golden.py [--seed 1] [--out Tests/Golden/tasks]
"""
import argparse
import json
import pathlib
import random

import numpy
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, precision_recall_fscore_support

# Words that tell whether lower-casing and the token pattern are Python's: sigma at a word's end, dotted I, marks,
# numbers that are no digits, underscores, scripts without blanks, one-letter words.
WORDS = (
    "ein schöner Film über Größe und ΣΟΦΟΣ ΟΔΥΣΣΕΥΣ İstanbul I a x_1 __init__ 3.14 ½ x² ⅷ 中文文本 日本語の説明 हिन्दी "
    "naïve nai\u0308ve don't re-read C++ c# e\u0301te\u0301 ﬁne ǅ Straße STRASSE привет МИР العربية ไทย 🙂 good bad ugly "
    "library tool game server client editor python perl ruby data file system network Ω Å Å"
).split()


def sample(rng, classes):
    """A text whose words lean towards its class."""
    label = rng.randrange(classes)
    own = WORDS[label::classes]
    words = [rng.choice(own if rng.random() < 0.35 else WORDS) for _ in range(rng.randint(0, 14))]
    return rng.choice([" ", " ", ", ", "\n", "-"]).join(words), label


def case(rng, name, classes, used, count, strength, **options):
    drawn = [sample(rng, used) for _ in range(count)]
    train, test = drawn[: count * 3 // 4], drawn[count * 3 // 4:]
    vectorizer = TfidfVectorizer(sublinear_tf=options.get("sublinear", True),
                                 ngram_range=tuple(options.get("ngrams", (1, 2))),
                                 min_df=options.get("minimumTexts", 1),
                                 lowercase=options.get("lowercase", True))
    x = vectorizer.fit_transform([t for t, _ in train])
    y = numpy.array([c for _, c in train])
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=100000).fit(x, y)
    z = vectorizer.transform([t for t, _ in test])
    terms = vectorizer.get_feature_names_out()
    rows = [{terms[j]: round(float(v), 10) for j, v in zip(z[i].indices, z[i].data)} for i in range(z.shape[0])]
    probabilities = numpy.zeros((z.shape[0], classes))
    probabilities[:, model.classes_] = model.predict_proba(z)
    return {
        "name": name, "classes": classes, "inverseStrength": strength,
        "sublinear": options.get("sublinear", True), "ngrams": options.get("ngrams", (1, 2)),
        "minimumTexts": options.get("minimumTexts", 1), "lowercase": options.get("lowercase", True),
        "train": [{"text": t, "label": c} for t, c in train], "test": [t for t, _ in test],
        "columns": len(terms), "rows": rows[:8],
        "probabilities": [[round(float(p), 9) for p in row] for row in probabilities],
    }


def metric_case(rng, classes, used, count):
    gold = [rng.randrange(used) for _ in range(count)]
    predicted = [g if rng.random() < 0.5 else rng.randrange(classes) for g in gold]
    if rng.random() < 0.15:
        predicted = [predicted[0]] * count
    return {"classes": classes, "gold": gold, "predicted": predicted, **scores(gold, predicted)}


def scores(gold, predicted):
    return {
        "accuracy": float(accuracy_score(gold, predicted)),
        "macro_f1": float(f1_score(gold, predicted, average="macro", zero_division=0)),
        "micro_f1": float(f1_score(gold, predicted, average="micro", zero_division=0)),
        "weighted_f1": float(f1_score(gold, predicted, average="weighted", zero_division=0)),
        "matthews": float(matthews_corrcoef(gold, predicted)),
    }


def unknown_case(rng, known, unknown, count):
    """A head that knows some labels, on rows of which some have others: scored on the labels' names."""
    names = [f"k{i}" for i in range(known)]
    gold = [rng.choice(names + [f"u{i}" for i in range(unknown)]) for _ in range(count)]
    predicted = [g if g in names and rng.random() < 0.6 else rng.choice(names) for g in gold]
    labels = names + sorted({g for g in gold if g not in names})
    precision, recall, f1, support = precision_recall_fscore_support(gold, predicted, labels=labels, zero_division=0)
    return {
        "names": names, "gold": gold, "predicted": predicted, **scores(gold, predicted),
        "classes": [{"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
                    for label, p, r, f, n in zip(labels, precision, recall, f1, support)],
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path,
                           default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    made = {"seed": given.seed, "scikit-learn": sklearn.__version__, "numpy": numpy.__version__}
    tfidf = made | {"cases": [
        case(rng, "five classes", 5, 5, 200, 1.0),
        case(rng, "two classes, weak penalty", 2, 2, 160, 100.0),
        case(rng, "a class without examples", 4, 3, 120, 10.0, minimumTexts=2),
        case(rng, "words only, plain counts, case kept", 3, 3, 120, 3.0, ngrams=(1, 1), sublinear=False,
             lowercase=False),
    ]}
    metrics = made | {"cases": [
        metric_case(rng, classes, rng.randint(1, classes), rng.randint(1, 40))
        for classes in [2, 2, 2, 3, 3, 4, 5, 7, 10] for _ in range(4)
    ], "unknown": [
        unknown_case(rng, known, rng.randint(0, 4), rng.randint(1, 40)) for known in [2, 2, 3, 5, 8] for _ in range(3)
    ]}
    given.out.mkdir(parents=True, exist_ok=True)
    for name, content in [("tfidf", tfidf), ("metrics", metrics)]:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (given.out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
