#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/bm25.json: scores of documents for queries as the package bm25s computes them.

    python3 -m venv .venv && .venv/bin/pip install bm25s==0.3.16 numpy
    .venv/bin/python Tests/Golden/bm25_golden.py [--seed 1] [--out Tests/Golden/tasks]

The method is "lucene" with k1 = 1.2 and b = 0.75; words are given as lists, so that no tokenizer is compared.
"""
import argparse
import json
import pathlib
import random
from importlib.metadata import version

import bm25s


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    words = [f"{a}{b}" for a in "bdfg" for b in "aeiou"]
    documents = [" ".join(rng.choices(words[:rng.randrange(3, 20)], k=rng.randrange(1, 30))) for _ in range(25)]
    queries = [" ".join(rng.choices(words, k=rng.randrange(1, 6))) for _ in range(12)] + ["ba ba fu", "zz"]
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75, dtype="float64")
    index.index([text.split() for text in documents], show_progress=False)
    known = {word for text in documents for word in text.split()}
    scores = []
    for query in queries:
        # bm25s refuses a query without a known word
        own = [word for word in query.split() if word in known]
        scores.append([float(x) for x in index.get_scores(own)] if own else [0.0] * len(documents))
    made = {"seed": given.seed, "bm25s": version("bm25s"), "documents": documents, "queries": queries, "scores": scores}
    text = json.dumps(made, separators=(",", ":"), allow_nan=False)
    (given.out / "bm25.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
