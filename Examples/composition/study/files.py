"""Files and messages."""
import json
import os
import sys


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def write(path, text):
    """All or nothing."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.{os.getpid()}.tmp", "w", encoding="utf8") as stream:
        stream.write(text)
    os.replace(f"{path}.{os.getpid()}.tmp", path)


def rows(path):
    with open(path, encoding="utf8") as stream:
        return [json.loads(line) for line in stream]


def lines(records):
    return "".join(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in records)


def counted(count, noun):
    return f"{count} {noun}" + ("" if count == 1 else "s")
