"""Whole trainings of adapters without the lowest layers, with and without the activation cache; standard library only.

Times are processor time, user and system, so that other processes disturb them little.
"""
import argparse
import json
import os
import resource
import subprocess
import sys

import texts


def train(a, name, words, cache):
    """One process: its processor seconds, the JSON that it prints, and its bundle's bytes."""
    bundle = os.path.join(a.out, f"{name}.h5")
    if os.path.exists(bundle):
        os.remove(bundle)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [a.amalgam, *words, "--model", a.model, "--task", os.path.join(a.out, "adapterdrop"), "--out", bundle,
         "--no-base-dropout", "--epochs", str(a.epochs), "--batch-size", "32", "--threads", str(a.threads),
         "--activation-cache", cache, "--json", "--quiet"], stdout=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with open(bundle, "rb") as file:
        return seconds, json.loads(done.stdout.splitlines()[-1]), file.read()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--amalgam", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--epochs", type=int, default=3)
    p.add_argument("--texts", type=int, default=1000)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--layers", type=int, nargs="*", default=[0, 1, 2, 3, 4, 5, -1], help="-1: a head alone")
    a = p.parse_args()
    rows = texts.texts(a.model, a.texts + 200, 3, seed=200)
    for split, part in (("dev", rows[:200]), ("train", rows[200:])):
        texts.write(os.path.join(a.out, "adapterdrop", f"{split}.jsonl"), part)
    print("| left out | off: s | MB | cache: s | MB | cached MB | times as fast |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for layers in a.layers:
        words = ["finetune", "--head-only"] if layers < 0 else [
            "train-adapter", "--set", f"leave_out={json.dumps(list(range(layers)))}"]
        off = train(a, "off", words, "off")
        on = train(a, "on", words, "1GB")
        if off[2] != on[2]:
            sys.exit(f"{' '.join(words)}: other bytes with the cache")
        cache = on[1]["activation_cache"] or {}
        cached = sum(part["bytes"] for part in cache.values() if part)
        cells = [f"{layers} layers" if layers >= 0 else "all (head alone)"]
        for seconds, facts, _ in (off, on):
            cells += [f"{seconds:.1f}", f"{facts['peak_memory_bytes'] / 1e6:.0f}"]
        print("| " + " | ".join(cells + [f"{cached / 1e6:.0f}", f"{off[0] / on[0]:.2f}"]) + " |", flush=True)


if __name__ == "__main__":
    main()
