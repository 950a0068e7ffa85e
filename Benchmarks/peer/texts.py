"""Synthetic texts with a natural spread of lengths, and batches of them; standard library only.

Words come from the model's vocabulary by Zipf's law, and each is one token. A text's tokens can thus be counted without a
tokenizer: its words, a full stop and two special tokens.
"""
import bisect
import itertools
import json
import math
import os
import random

LABELS = [2, 3, 4, 2, 3, 4, 2, 3]  # of the tasks
TAGS = 9
LONGEST = 128
WINDOW = 384  # tokens of a question with its context


def vocabulary(model):
    path = os.path.join(model, "vocab.txt")
    if not os.path.exists(path):  # a Unigram tokenizer: tokens with the mark that begins a word, most frequent first
        with open(os.path.join(model, "tokenizer.json"), encoding="utf8") as file:
            found = [piece[1:] for piece, _ in json.load(file)["model"]["vocab"] if piece.startswith("\u2581")]
        return [w for w in found if len(w) > 2 and w.isascii() and w.isalpha()][:20_000]
    with open(path, encoding="utf8") as lines:
        words = [line.strip() for line in lines]
    return [w for w in words[1996:] if w.isascii() and w.isalpha()]  # before: special tokens, letters, signs


def tokens(text):
    return min(LONGEST, text.count(" ") + 4)


def zipf(words, rng):
    """A function that draws a place among the words, frequent ones first."""
    shares = list(itertools.accumulate(1 / (i + 2.7) for i in range(len(words))))
    return lambda: bisect.bisect(shares, rng.random() * shares[-1])


def texts(model, count, labels, seed, length=None):
    """`count` of {"text", "label"}. `length`: tokens of each; None: log-normal, median 28, 95th percentile 90."""
    words = vocabulary(model)
    rng = random.Random(seed)
    draw = zipf(words, rng)
    topics = [rng.sample(range(300, 3000), 40) for _ in range(labels)]
    found = []
    for _ in range(count):
        wanted = length or min(512, round(math.exp(rng.gauss(math.log(28), math.log(90 / 28) / 1.645))))
        n = max(1, wanted - 3)
        drawn = [draw() for _ in range(n)]
        label = rng.randrange(labels)
        for i in rng.sample(range(n), max(1, n // 6)):  # something to learn
            drawn[i] = rng.choice(topics[label])
        found.append({"text": " ".join(words[min(i, len(words) - 1)] for i in drawn) + ".", "label": label})
    return found


def tagged(model, count, seed):
    """`count` of {"text", "tags"}: a tag for each word between white space by its place in the vocabulary, 0 for frequent ones."""
    place = {word: i for i, word in enumerate(vocabulary(model))}

    def tag(word):
        i = place[word.rstrip(".")]
        return 0 if i < 300 else 1 + i % (TAGS - 1)

    return [{"text": row["text"], "tags": [tag(word) for word in row["text"].split()]}
            for row in texts(model, count, 2, seed)]


def questions(model, count, seed):
    """`count` of {"question", "context", "answers"}, each WINDOW tokens: the answer follows two words that the question ends with."""
    words = vocabulary(model)
    rng = random.Random(seed)
    draw = zipf(words, rng)
    special = 3 if os.path.exists(os.path.join(model, "vocab.txt")) else 4  # <s> … </s></s> … </s>
    found = []
    for _ in range(count):
        drawn = [words[min(draw(), len(words) - 1)] for _ in range(WINDOW - special)]
        question, context = drawn[:10], drawn[12:]
        size = rng.randrange(1, 4)
        first = rng.randrange(2, len(context) - size)
        found.append({"question": " ".join(question + context[first - 2:first]), "context": " ".join(context),
                      "answers": [{"text": " ".join(context[first:first + size]),
                                   "start": sum(len(word) + 1 for word in context[:first])}]})
    return found


def write(path, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf8") as stream:
        for row in rows:
            stream.write(json.dumps(row) + "\n")


def cut(tasks, batch, grouped, seed):
    """Batches of the rows `tasks` = [(task, [(row, tokens)])], one task each; grouped by length within 50 batches."""
    rng = random.Random(seed)
    found = []
    for task, rows in tasks:
        if grouped:
            rows = [r for i in range(0, len(rows), 50 * batch)
                    for r in sorted(rows[i:i + 50 * batch], key=lambda r: -r[1])]
        found += [{"task": task, "rows": [r for r, _ in rows[i:i + batch]]} for i in range(0, len(rows), batch)]
    if grouped or len(tasks) > 1:
        rng.shuffle(found)
    return found


def batches(lengths, tasks, steps, skip, batch, grouped, seed=1):
    """`skip` batches that are not timed, then `steps` that are: grouped or not, the timed ones hold the same texts.

    lengths: tokens of each text, one list per task. tasks: 1, or how many take turns.
    """
    found, used = [], [0] * tasks
    for part, wanted in enumerate((skip, steps)):
        chosen = []
        for task in range(tasks):
            count = batch * (wanted // tasks + (task < wanted % tasks))
            rows = range(used[task], used[task] + count)
            used[task] += count
            chosen.append((task, [(r, lengths[task][r]) for r in rows]))
        found += cut(chosen, batch, grouped, seed + part)
    return found
