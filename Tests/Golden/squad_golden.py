#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/squad.json: exact match, F1 and thresholds of answers as SQuAD's evaluation scripts compute them.

    python3 -m venv .venv && .venv/bin/pip install transformers==4.57.6
    .venv/bin/python Tests/Golden/squad_golden.py [--seed 1] [--out Tests/Golden/tasks]

Version 2.0 is the script that transformers has (transformers.data.metrics.squad_metrics). Version 1.1 differs from it in two
rules, which stand here: all alternatives count, and F1 is 0 where no word is shared, also of two answers without words.
Written are, for each example, exact match and F1, and their means over all and over some resamples, as shares.
"""
import argparse
import json
import pathlib
import random
from collections import Counter

import transformers
from transformers.data.metrics import squad_metrics

WORDS = ["the", "a", "an", "The", "AN", "Paris", "paris", "1,000", "U.S.", "it's", "its", "well-known", "x_y", "_", "?", "!", "...",
         "Straße", "STRASSE", "ΟΔΟΣ", "οδος", "İstanbul", "Ünlü", "the\u0301", "€the€", "thé", "東京", "東京都", "の", "中国。", "。",
         "½", "²", "٣", "a\u200bb", "\u00ad", "don’t", "don't", "(the)", "a.b", "A.", "the-an", "ﬁn", "cafe\u0301", "café", "Ⅷ", "𝒜"]
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u2003", "\x1c", "\x1f", "\u0085", ""]


def text(rng, most=5):
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(1, most)))


def varied(rng, gold):
    choice = rng.random()
    if choice < 0.2:
        return gold
    if choice < 0.4:
        return rng.choice(["the ", "", " ", "A "]) + gold.upper() + rng.choice([".", "", "!", " an"])
    if choice < 0.7:
        words = gold.split() + [rng.choice(WORDS)]
        rng.shuffle(words)
        return " ".join(words[:rng.randint(1, len(words))])
    return text(rng)


def first_version(gold, predicted):
    """Exact match and F1 by SQuAD 1.1's rules."""
    def f1(answer):
        a, b = (squad_metrics.normalize_answer(t).split() for t in (predicted, answer))
        shared = sum((Counter(a) & Counter(b)).values())
        if not shared:
            return 0
        precision, recall = shared / len(a), shared / len(b)
        return (2 * precision * recall) / (precision + recall)
    return max(squad_metrics.compute_exact(g, predicted) for g in gold), max(f1(g) for g in gold)


class Example:
    def __init__(self, qas_id, gold):
        self.qas_id, self.answers = qas_id, [{"text": g} for g in gold]


def second_version(gold, predicted):
    """Of each example, exact match and F1 by SQuAD 2.0's script."""
    examples = [Example(str(i), g) for i, g in enumerate(gold)]
    exact, f1 = squad_metrics.get_raw_scores(examples, {str(i): p for i, p in enumerate(predicted)})
    return [(exact[str(i)], f1[str(i)]) for i in range(len(gold))]


def case(rng, rows, unanswerable):
    gold, predicted = [], []
    for _ in range(rows):
        g = [] if rng.random() < unanswerable else [text(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
        gold.append(g)
        predicted.append("" if rng.random() < (0.5 if not g else 0.1) else varied(rng, rng.choice(g) if g else text(rng)))
    if unanswerable:
        gold[0] = []
    scores = second_version(gold, predicted) if unanswerable else [first_version(g, p) for g, p in zip(gold, predicted)]
    def means(picked):
        return {"rows": picked, "exact_match": sum(scores[r][0] for r in picked) / len(picked),
                "qa_f1": sum(scores[r][1] for r in picked) / len(picked)}
    return {"gold": gold, "predicted": predicted, "exact": [float(s[0]) for s in scores], "f1": [float(s[1]) for s in scores],
            "all": means(list(range(rows))),
            "resamples": [means([rng.randrange(rows) for _ in range(rows)]) for _ in range(3)]}


def threshold(rng, rows, unanswerable):
    has = {str(i): rng.random() >= unanswerable for i in range(rows)}
    scores = {q: (rng.choice([0, 0.4, 1.0, rng.random()]) if has[q] else 0.0) for q in has}
    difference = {q: rng.gauss(-2 if has[q] else 2, 3) for q in has}
    preds = {q: "x" for q in has}
    value, best = squad_metrics.find_best_thresh(preds, scores, difference, has)
    unanswered = sum(not h for h in has.values())
    # Where it is best to answer nothing, the script gives 0, which is for probabilities
    answers_none = value == 100.0 * unanswered / rows
    return {"difference": list(difference.values()), "score": list(scores.values()), "has_answer": list(has.values()),
            "best": None if answers_none else best, "value": value / 100}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    made = {"seed": given.seed, "transformers": transformers.__version__,
            "cases": [case(rng, 80, 0), case(rng, 80, 0.3), case(rng, 30, 1.0), case(rng, 1, 0)],
            "thresholds": [threshold(rng, rows, share) for rows, share in ((40, 0.5), (25, 0.1), (25, 0.9), (10, 1.0), (10, 0.0), (1, 0.0))]}
    path = given.out / "squad.json"
    path.write_text(json.dumps(made, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
