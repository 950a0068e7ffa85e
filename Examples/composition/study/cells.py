"""Cells: finished measurements, each with its answers to the test texts."""
import base64
import json
import os

from .files import lines, rows, write
from .tasks import digest

COMMITTED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cells.jsonl")


def packed(right):
    """Answers as text: a bit each, and how many."""
    bits = "".join(map(str, right))
    size = -(-len(bits) // 8)
    return f"{len(bits)}:{base64.b64encode(int(bits.ljust(8 * size, '0'), 2).to_bytes(size, 'big')).decode()}"


def unpacked(text):
    count, body = text.split(":")
    data = base64.b64decode(body)
    return [int(bit) for bit in f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"[:int(count)]]


class Cells:
    """Those of this folder, and those that are committed. `used` has what was asked for."""

    def __init__(self, out, fresh):
        self.folder = os.path.join(out, "cells")
        self.kept = {} if fresh or not os.path.exists(COMMITTED) else {cell["id"]: cell for cell in rows(COMMITTED)}
        self.used = {}

    def identity(self, key):
        return digest(key)

    def find(self, key):
        name = self.identity(key)
        path = os.path.join(self.folder, f"{name}.json")
        if name not in self.used:
            if os.path.exists(path):
                with open(path, encoding="utf8") as stream:
                    self.used[name] = json.load(stream)
            elif name in self.kept:
                self.used[name] = self.kept[name]
        return self.used.get(name)

    def add(self, key, values):
        name = self.identity(key)
        self.used[name] = {"id": name, **key, **values}
        write(os.path.join(self.folder, f"{name}.json"), json.dumps(self.used[name], sort_keys=True) + "\n")
        return self.used[name]

    def commit(self):
        """Adds what is finished to the committed cells."""
        every = {**self.kept, **self.used}
        write(COMMITTED, lines(sorted(every.values(), key=lambda cell: [str(cell.get(k)) for k in (
            "step", "target", "size", "seed", "arm", "source", "rate", "id")])))
