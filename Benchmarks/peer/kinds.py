#!/usr/bin/env python3
"""Scores of Amalgam beside those of `adapters` on tasks of every kind (level.py), several cells at a time.

    kinds.py --data FOLDER --model FOLDER --out FOLDER [--amalgam BINARY] [--only ours|peer] [--device cpu|cuda]
             [--jobs 2] [--seeds 1 2 3] [--tasks NAME…]

FOLDER of the data has a folder for each task in TASKS, with train.jsonl, dev.jsonl and test.jsonl. A cell is one seed of one side
of one task; each runs in its own process with one thread, and leaves OUT/TASK/SIDE-SEED.json and its output in SIDE-SEED.log. A
second run does what is missing. Prints the table of what both sides have finished; a file OUT/kinds.json has it too.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import level

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Task:
    name: str
    kind: str
    epochs: int
    lr: float = 1e-3
    max_length: int = 128
    # Of the folder, where two kinds of task have the same rows
    data: str = ""
    # Folders whose test split is answered, too
    also: tuple = ()
    # Only where it is named
    extra: bool = False


XQUAD = ("xquad-en", "xquad-de", "xquad-ar", "xquad-zh")
# One task of each kind first
TASKS = [
    Task("squad2-a", "qa", epochs=4, max_length=384),
    Task("unhealthy-comments", "multilabel", epochs=4),
    Task("arc-easy", "choice", epochs=5, also=("mmlu-a",)),
    Task("ud-en-ewt", "parsing", epochs=8, lr=2e-3),
    Task("masakhapos-hau", "tagging", epochs=6),
    Task("stsb-en", "regression", epochs=3),
    Task("squad2-a-retrieval", "retrieval", epochs=2, max_length=256, data="squad2-a"),
    Task("stsb-en-similarity", "similarity", epochs=2, lr=5e-4, data="stsb-en"),
    Task("openbookqa", "choice", epochs=5, also=("mmlu-a",)),
    Task("hallmarks-of-cancer", "multilabel", epochs=8, max_length=256),
    Task("ud-de-gsd", "parsing", epochs=8, lr=2e-3),
    Task("uner-da", "tagging", epochs=6),
    Task("crossner-science", "tagging", epochs=30),
    # For a multilingual base; run by name
    Task("squad2-a-xquad", "qa", epochs=4, max_length=384, data="squad2-a", also=XQUAD, extra=True),
    Task("squad2-a-retrieval-xquad", "retrieval", epochs=2, max_length=256, data="squad2-a", also=XQUAD, extra=True),
    Task("openbookqa-xcopa", "choice", epochs=5, data="openbookqa", also=("xcopa-it", "xcopa-sw", "xcopa-zh"), extra=True),
    Task("jsts", "regression", epochs=5, extra=True),
    Task("jsquad", "qa", epochs=6, max_length=384, extra=True),
    Task("wikineural-de", "tagging", epochs=6, extra=True),
]


def run_cell(options, task, side, seed):
    """Runs level.py for one cell that is missing; says how it went."""
    folder = os.path.join(options.out, task.name)
    if os.path.exists(os.path.join(folder, f"{side}-{seed}.json")):
        return
    os.makedirs(folder, exist_ok=True)
    command = [
        sys.executable, os.path.join(HERE, "level.py"), "--task", os.path.join(options.data, task.data or task.name), "--kind", task.kind,
        "--model", options.model, "--out", folder, "--seeds", str(seed), "--epochs", str(task.epochs), "--lr", str(task.lr),
        "--max-length", str(task.max_length), "--threads", "1", "--only", side, "--device", options.device]
    command += ["--amalgam", options.amalgam] if options.amalgam else []
    command += ["--trial"] if options.trial else []
    command += ["--also", *(os.path.join(options.data, name) for name in task.also)] if task.also else []
    started = time.time()
    with open(os.path.join(folder, f"{side}-{seed}.log"), "w", encoding="utf-8") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    end = "done" if code == 0 else f"failed, see {side}-{seed}.log"
    print(f"{task.name} {side} {seed}: {end} after {time.time() - started:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--model", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--amalgam")
    parser.add_argument("--only", choices=["ours", "peer"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--tasks", nargs="+", choices=[task.name for task in TASKS], help="(default: those of an English base)")
    parser.add_argument("--trial", action="store_true", help="the peer reads 32 rows of each split and takes two steps")
    options = parser.parse_args()
    if options.only != "peer" and not options.amalgam:
        parser.error("--amalgam: found nothing, expected the binary; or --only peer")
    tasks = [task for task in TASKS if (task.name in options.tasks if options.tasks else not task.extra)]
    sides = [options.only] if options.only else ["ours", "peer"]
    with ThreadPoolExecutor(options.jobs) as pool:
        # list(): errors of the driver itself are raised here
        list(pool.map(lambda cell: run_cell(options, *cell),
                      [(task, side, seed) for task in tasks for seed in options.seeds for side in sides]))
    results = {task.name: level.compared(level.read_cells(os.path.join(options.out, task.name), options.seeds), options.seeds)
               for task in tasks}
    with open(os.path.join(options.out, "kinds.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print("| data | metric | ours | peer | difference in points | seeds | |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, metrics in results.items():
        for metric, row in metrics.items():
            interval = "" if row["interval"] is None else " [{:.2f}, {:.2f}]".format(*row["interval"])
            print(f"| {name} | {metric} | {row['ours']:.4f} | {row['peer']:.4f} | {row['difference']:+.2f}{interval} | "
                  f"{len(row['seeds'])} | {'level' if row['level'] else 'not level'} |")


if __name__ == "__main__":
    main()
