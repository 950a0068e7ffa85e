"""The samples that every arm gets: training texts of each size, test texts, and the sources' texts."""
import functools
import hashlib
import json
import os
import random
import re

from . import plan
from .files import lines, rows, write


def plain(row):
    """A text as it is compared with others: without case and punctuation."""
    text = " ".join(str(row[name]) for name in ("text", "text_a", "text_b") if name in row)
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


class Tasks:
    """The tasks of one folder, sampled into another one."""

    def __init__(self, source, extra, out):
        """
        source: what `amalgam data debian` has written. extra: a folder with further tasks, or None.
        Tasks of `extra` whose texts overlap are never sources for each other.
        """
        self.out = out
        self.folders = {name: os.path.join(source, "en", name) for name in plan.DEBIAN}
        self.extra = []
        if extra:
            for name in sorted(os.listdir(extra)):
                folder = os.path.join(extra, name)
                if name not in self.folders and os.path.exists(os.path.join(folder, "train.jsonl")):
                    self.folders[name] = folder
                    self.extra.append(name)
        self.targets = plan.TARGETS + self.extra
        self.all = list(self.folders)
        self.splits = {name: {split: rows(os.path.join(folder, f"{split}.jsonl")) for split in ("train", "test")}
                       for name, folder in self.folders.items()}
        self.texts = {name: {split: {plain(row) for row in split_rows} for split, split_rows in splits.items()}
                      for name, splits in self.splits.items()}
        self.tests = {name: self.sample(name, "test", plan.TEST) for name in self.all}
        self.held_out = set().union(*(self.texts[name]["test"] for name in self.all))

    def sample(self, name, split, count, seed=0):
        found = self.splits[name][split]
        return random.Random(f"{name} {split} {seed}").sample(found, min(count, len(found)))

    @functools.cache
    def sources(self, target):
        """All other tasks; among those brought by the user, none that shares many texts with the target."""
        def shares(name):
            mine, theirs = (set().union(*self.texts[n].values()) for n in (target, name))
            return len(mine & theirs) > 0.01 * min(len(mine), len(theirs))
        return [name for name in self.all
                if name != target and not (name in self.extra and target in self.extra and shares(name))]

    @functools.cache
    def train(self, name, size, seed):
        """The training rows of a target. A smaller size has the first rows of a larger one with the same seed."""
        return self.sample(name, "train", max(plan.SIZES), seed)[:size]

    @functools.cache
    def source(self, name, count=plan.SOURCE):
        """Training rows of a source, without the test texts of any task."""
        clean = [row for row in self.splits[name]["train"] if plain(row) not in self.held_out]
        return random.Random(f"{name} source").sample(clean, min(count, len(clean)))

    def folder(self, kind, name, train):
        """A task folder with one split."""
        folder = os.path.join(self.out, "tasks", kind, name)
        write(os.path.join(folder, "train.jsonl"), lines(train))
        return folder

    @functools.cache
    def train_digest(self, name, size, seed):
        return digest(lines(self.train(name, size, seed)))

    @functools.cache
    def source_digest(self, name):
        return digest(lines(self.source(name)))

    @functools.cache
    def test_digest(self, name):
        return digest(lines(self.tests[name]))


def digest(value):
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
