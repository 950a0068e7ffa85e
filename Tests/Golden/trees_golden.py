#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/trees.json: attachment scores of dependency trees, and maximum spanning trees.

    python3 Tests/Golden/trees_golden.py [--seed 1] [--out Tests/Golden/tasks]

The scores follow the evaluation of the CoNLL 2018 shared task (Zeman et al. 2018) where system and gold have the same words:
its F1 is then the share of words that are right. A word counts for UAS if its head is right, and for LAS if its universal
relation (DEPREL up to the colon) is right, too. They are written here from that definition, for CoNLL-U text that is read
back, so that the columns and the subtypes go the same way as in the official script.

The spanning trees are found by trying every choice of heads: the best sum of scores among all trees in which exactly one
word has the root as its head. Needs no packages.
"""
import argparse
import itertools
import json
import pathlib
import random

LABELS = ["root", "nsubj", "nsubj:pass", "obj", "obl", "obl:agent", "acl", "acl:relcl", "punct", "flat:"]


def is_tree(heads):
    """Whether every word leads to the root, which is the head of one word."""
    if sum(head == 0 for head in heads) != 1:
        return False
    for word in range(1, len(heads) + 1):
        seen = set()
        while word != 0:
            if word in seen:
                return False
            seen.add(word)
            word = heads[word - 1]
    return True


def random_tree(rng, words):
    """Attaches the words in a random order, the first to the root, each other to one that is in the tree."""
    order = list(range(1, words + 1))
    rng.shuffle(order)
    heads = [0] * words
    for place, word in enumerate(order[1:], 1):
        heads[word - 1] = rng.choice(order[:place])
    return heads


def conllu(sentences):
    lines = []
    for arcs in sentences:
        for number, (head, label) in enumerate(arcs, 1):
            lines.append("\t".join([str(number), f"w{number}", "_", "X", "_", "_", str(head), label, "_", "_"]))
        lines.append("")
    return "\n".join(lines) + "\n"


def read(text):
    sentences, words = [], []
    for line in text.splitlines():
        if not line:
            sentences.append(words)
            words = []
            continue
        columns = line.split("\t")
        words.append((int(columns[6]), columns[7].split(":")[0]))
    return sentences


def scores(gold, predicted):
    pairs = [pair for g, p in zip(gold, predicted) for pair in zip(g, p)]
    if not pairs:
        return {"uas": None, "las": None}
    return {"uas": sum(g[0] == p[0] for g, p in pairs) / len(pairs), "las": sum(g == p for g, p in pairs) / len(pairs)}


def score_case(rng, sentences, noise):
    gold, predicted = [], []
    for _ in range(sentences):
        words = rng.choice([0, 1, 2, 5, 9])
        heads = random_tree(rng, words) if words else []
        arcs = [(head, "root" if head == 0 else rng.choice(LABELS[1:])) for head in heads]
        gold.append(arcs)
        predicted.append([
            (rng.randrange(words + 1) if rng.random() < noise else head,
             rng.choice(LABELS) if rng.random() < noise else label) for head, label in arcs])
    bare = (read(conllu(gold)), read(conllu(predicted)))
    resamples = []
    for _ in range(4):
        rows = [rng.randrange(sentences) for _ in range(sentences)]
        resamples.append({"rows": rows} | scores([bare[0][r] for r in rows], [bare[1][r] for r in rows]))
    return {"gold": [[[h, l] for h, l in s] for s in gold], "predicted": [[[h, l] for h, l in s] for s in predicted],
            "resamples": resamples} | scores(*bare)


def tree_case(rng, words, kind):
    """scores[i][j]: of word i + 1 with head j, where 0 is the root."""
    value = {
        "noise": lambda: rng.gauss(0, 1),
        # A cycle that pays: words like each other more than the root
        "cycle": lambda: rng.gauss(0, 1),
        "ties": lambda: float(rng.randrange(3)),
    }[kind]
    table = [[value() for _ in range(words + 1)] for _ in range(words)]
    if kind == "cycle":
        for i in range(words):
            table[i][(i + 1) % words + 1 if words > 1 else 0] += 4
            table[i][0] += rng.gauss(0, 2)
    best, trees = None, []
    choices = [[j for j in range(words + 1) if j != i + 1] for i in range(words)]
    for heads in itertools.product(*choices):
        if not is_tree(heads):
            continue
        total = sum(table[i][head] for i, head in enumerate(heads))
        if best is None or total > best + 1e-9:
            best, trees = total, [list(heads)]
        elif abs(total - best) <= 1e-9:
            trees.append(list(heads))
    return {"kind": kind, "scores": table, "best": best, "trees": trees[:64] if kind == "ties" else trees}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    made = {"seed": given.seed}
    made["scores"] = [score_case(rng, 6 + 3 * i, noise) for i, noise in enumerate((0.0, 0.1, 0.3, 0.6, 1.0))]
    made["trees"] = [tree_case(rng, 1 + i % 6, kind) for kind in ("noise", "cycle", "ties") for i in range(18)]
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"), allow_nan=False)
    (given.out / "trees.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
