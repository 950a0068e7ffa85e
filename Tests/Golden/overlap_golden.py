#!/usr/bin/env python3
"""Makes Tests/Golden/tasks/overlap.json: texts of three splits and of another task, with the overlaps between them, by a
comparison of every pair.

    python3 Tests/Golden/overlap_golden.py [--seed 1] [--out Tests/Golden/tasks]

Texts are folded with Python's own tables: NFKC, lower case, without punctuation and white space. Runs of 13 words are those
of Brown et al. (2020, appendix C); near duplicates have a Jaccard similarity of .8 or more over their words and pairs of
adjacent words. An example has one kind: equal, else near, else a shared run.
"""
import argparse
import json
import pathlib
import platform
import random
import re
import unicodedata

UNSPACED = re.compile("[\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")
TAGS = ["a", "the", "of", "red", "house", "tree", "Straße", "café", "runs", "over", "under", "quick", "river", "bank",
        "seven", "nine", "1999", "moon", "light", "ΣΟΦΟΣ", "naïve", "window", "door", "paper", "stone", "green", "blue",
        "walks", "sings", "north", "south", "old", "new", "city", "ship", "train", "plane", "letter", "glass", "water"]


def words(text):
    """The words of a text; of one without words its marks."""
    found, marks, word = [], [], ""

    def end():
        nonlocal word
        if word:
            found.append(word)
        word = ""

    for char in unicodedata.normalize("NFKC", text).lower().replace("ς", "σ"):
        category = unicodedata.category(char)
        if char.isspace():
            end()
        elif category in ("Cc", "Cf"):
            continue
        elif category.startswith("P"):
            end()
            marks.append(char)
        elif UNSPACED.match(char) or (char.isascii() and category.startswith("S")):
            end()
            found.append(char)
        else:
            word += char
    end()
    return found or [f"mark {char}" for char in marks]


class Document:
    def __init__(self, split, line, texts):
        self.split, self.line = split, line
        self.texts = [words(text) for text in texts]
        self.shingles = set()
        for text in self.texts:
            self.shingles |= {(word,) for word in text} | set(zip(text, text[1:]))

    @property
    def has_words(self):
        return any(self.texts)

    def runs(self):
        if any(len(text) >= 13 for text in self.texts):
            return [tuple(text[i:i + 13]) for text in self.texts for i in range(len(text) - 12)]
        return [tuple(text) for text in self.texts if len(text) >= 8]

    def has_run(self, run):
        return any(tuple(text[i:i + len(run)]) == run for text in self.texts for i in range(len(text) - len(run) + 1))


def match(document, others):
    """The kind of the best match, its similarity, and the lines that are as good."""
    equal = [other.line for other in others if other.texts == document.texts]
    if equal:
        return {"kind": "exact", "similarity": 1.0, "lines": equal[:1]}
    near = [(len(document.shingles & o.shingles) / len(document.shingles | o.shingles), o.line) for o in others
            if document.shingles | o.shingles]
    best = max((similarity for similarity, _ in near), default=0)
    if best >= 0.8:
        return {"kind": "near", "similarity": best, "lines": [line for s, line in near if s == best][:1]}
    runs = document.runs()
    held = [any(other.has_run(run) for other in others) for run in runs]
    if any(held):
        return {"kind": "ngram13", "similarity": sum(held) / len(runs),
                "lines": [o.line for o in others if any(o.has_run(run) for run in runs)]}
    return None


def sentence(rng, length):
    return [rng.choice(TAGS) for _ in range(length)]


def disguised(rng, text):
    """Another writing of the same words."""
    made = []
    for word in text:
        word = rng.choice([word, word.upper() if "ß" not in word else word, word.capitalize() if "ß" not in word else word])
        word = unicodedata.normalize("NFD", word) if rng.random() < 0.3 else word
        made.append(word + rng.choice(["", "", ",", " —", "!", " …"]))
    return rng.choice([" ", "  ", "\t", "\u3000"]).join(made)


def changed(rng, text, times):
    text = list(text)
    for _ in range(times):
        place = rng.randrange(len(text))
        text[place:place + 1] = rng.choice([[rng.choice(TAGS)], [], [text[place], rng.choice(TAGS)]])
        text = text or ["moon"]
    return text


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "tasks")
    given = arguments.parse_args()
    rng = random.Random(given.seed)
    sources = [sentence(rng, rng.choice([1, 3, 6, 9, 12, 15, 20, 30, 40])) for _ in range(90)]
    special = ["日本語の文章です。", "日本語 の 文章 です", "ｆｕｌｌ　ｗｉｄｔｈ ①", "full width 1", "!!!", "???", "?", "1 + 2", "1 < 2",
               "soft\u00adhyphen", "softhyphen", "", "  ", "ไทยภาษา", "don't", "don t", "İstanbul", "ﬁne"]
    splits = {}
    for split in ("train", "dev", "test", "other"):
        rows = []
        for _ in range(60):
            text = rng.choice(sources)
            way = rng.random()
            if way < 0.25:
                text = sentence(rng, rng.choice([2, 8, 14, 25]))
            elif way < 0.5:
                text = changed(rng, text, rng.choice([1, 1, 2, 5]))
            elif way < 0.65:
                cut = rng.randrange(len(text))
                text = sentence(rng, rng.choice([3, 10])) + text[cut // 2:] + sentence(rng, 9)
            rows.append([disguised(rng, text)])
        for row in rows[::4]:
            row.append(disguised(rng, rng.choice(sources)))
        rows += [[text] for text in rng.sample(special, 12)]
        splits[split] = rows
    documents = {split: [Document(split, i + 1, row) for i, row in enumerate(rows)] for split, rows in splits.items()}
    expected = []
    for held, other in [("test", "train"), ("test", "dev"), ("dev", "train"), ("test", "other"), ("dev", "other")]:
        for document in documents[held]:
            found = match(document, [o for o in documents[other] if o.has_words]) if document.has_words else None
            if found:
                expected.append({"held": held, "line": document.line, "other": other} | found)
    made = {"seed": given.seed, "python": platform.python_version(), "unicode": unicodedata.unidata_version,
            "splits": splits, "expected": expected,
            "words": [{"text": text, "words": words(text)} for text in special]}
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, separators=(",", ":"), ensure_ascii=False)
    (given.out / "overlap.json").write_text(text + "\n", encoding="utf-8")
    kinds = [found["kind"] for found in expected]
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))})


if __name__ == "__main__":
    main()
