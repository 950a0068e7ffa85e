#!/usr/bin/env python3
"""The driver of Benchmarks/guard. Needs only the standard library."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import texts as T

ROWS = {"adapter_train": "adapter", "fusion8_train": "fusion", "full_finetune": "head", "infer_adapter": "adapter"}
STEPS, ROUNDS = 12, 3
ALLOWED = 0.85


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True)
    p.add_argument("--benchmark", required=True)
    p.add_argument("--figures", required=True)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--update", action="store_true", help="store this machine's shares")
    return p.parse_args()


def answer(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[:3])} exited with {done.returncode}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def measure(a, folder):
    """Instruction set, and each row's share of the peak: the median of some rounds with the peak measured in each."""
    texts, batches = os.path.join(folder, "task0.jsonl"), os.path.join(folder, "batches.json")
    rows = T.texts(a.model, 32 * (STEPS + 2), 2, seed=5)
    T.write(texts, rows)
    with open(batches, "w", encoding="utf8") as stream:
        json.dump(T.batches([[T.tokens(r["text"]) for r in rows]], 1, STEPS, 2, 32, False), stream)
    answer([a.benchmark, "init", "--model", a.model, "--out", folder, "--labels", "2"])
    shares, sets = {}, set()
    for _ in range(ROUNDS):
        peak = answer([a.benchmark, "peak", "--threads", str(a.threads), "--seconds", "0.5"])
        sets.add(peak["fp32_set"])
        for precision in ("fp32", "bf16"):
            for row, start in ROWS.items():
                if precision not in peak or precision == "bf16" and row == "full_finetune":
                    continue
                found = answer([a.benchmark, "row", row, "--model", a.model, "--texts", texts, "--batches", batches,
                                "--start", os.path.join(folder, f"{start}.h5"), "--threads", str(a.threads),
                                "--precision", precision, "--skip", "2"])
                name = row if precision == "fp32" else f"{row}_bf16"
                shares.setdefault(name, []).append(found["gflops"] / peak[precision])
    return sets.pop(), {name: round(statistics.median(values), 3) for name, values in shares.items()}


def main():
    a = arguments()
    with tempfile.TemporaryDirectory() as folder:
        instructions, shares = measure(a, folder)
    figures = {}
    if os.path.exists(a.figures):
        with open(a.figures, encoding="utf8") as stream:
            figures = json.load(stream)
    before = figures.get(instructions, {})
    fallen = []
    print(f"{instructions}: shares of the peak of fused multiply-adds, now (committed)")
    for name, share in shares.items():
        known = before.get(name)
        falls = known is not None and share < ALLOWED * known
        fallen += [name] if falls else []
        print(f"  {name:24} {share:.3f} ({'–' if known is None else f'{known:.3f}'})" + ("  FELL" if falls else ""))
    if a.update:
        figures[instructions] = shares
        with open(a.figures, "w", encoding="utf8") as stream:
            json.dump(figures, stream, indent=2, sort_keys=True)
            stream.write("\n")
        return print(f"written: {a.figures}")
    if not before:
        return print(f"no figures for {instructions} yet; store them with Benchmarks/guard --update")
    if fallen:
        sys.exit("fell by more than 15 %: " + ", ".join(f"{n} to {shares[n] / before[n]:.2f}" for n in fallen))
    print("nothing fell by more than 15 %")


if __name__ == "__main__":
    main()
