#!/usr/bin/env python3
"""The driver of Benchmarks/scale. Needs only the standard library; writes scale.md, scale.svg and scale.json."""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import random_modernbert
import texts as T

ADAPTERS = [1, 2, 4, 8, 16, 32, 64]
LENGTHS = [16, 32, 64, 128, 256, 512]
LONG = [512, 1024, 2048, 4096, 8192]
BATCHES = [1, 4, 16, 64, 256]
EXAMPLES = [1_000, 10_000, 100_000]
BUNDLES = 1000
PARTS = ["adapters", "length", "long", "batch", "examples", "bundles"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--benchmark", required=True)
    p.add_argument("--tokens", type=int, default=16_000, help="approximate number of timed tokens per point")
    p.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    p.add_argument("--most", type=int, default=10 ** 9, help="skip larger points, for a trial run")
    return p.parse_args()


class Scale:
    def __init__(self, a, folder):
        self.a, self.folder = a, folder

    def answer(self, *command):
        done = subprocess.run([self.a.benchmark, *command], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"amalgam-benchmark {' '.join(command)} exited with {done.returncode}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def row(self, name, start, length=None, batch=32, threads=2, examples=None, tokens=None, model=None):
        """A row over as many batches as make the tokens; examples: texts that are loaded beside."""
        steps = max(3, round((tokens or self.a.tokens) / (batch * (length or 34))))
        count = max(batch * (steps + 1), examples or 0)
        rows = T.texts(self.a.model, count, 2, seed=3, length=length)
        texts, batches = os.path.join(self.folder, "texts.jsonl"), os.path.join(self.folder, "batches.json")
        T.write(texts, rows)
        with open(batches, "w", encoding="utf8") as stream:
            json.dump(T.batches([[T.tokens(r["text"]) for r in rows]], 1, steps, 1, batch, False), stream)
        found = self.answer("row", name, "--model", model or self.a.model, "--texts", texts, "--batches", batches, "--start", start,
                            "--threads", str(threads), "--skip", "1", "--max-length", str(max(T.LONGEST, length or 0)))
        print(f"  {name} length {length or 'natural'} batch {batch} threads {threads} examples {count}: "
              f"{found['tokens_per_second']:,.0f} tokens/s, {found['peak_memory_bytes'] / 1e6:,.0f} MB",
              file=sys.stderr, flush=True)
        return found

    def init(self, adapters, model=None):
        folder = os.path.join(self.folder, f"start{adapters}" + ("long" if model else ""))
        self.answer("init", "--model", model or self.a.model, "--out", folder, "--adapters", str(adapters), "--labels", "2")
        return folder

    def modernbert(self):
        """A random one, for lengths that MiniLM does not have."""
        folder = os.path.join(self.folder, "modernbert")
        random_modernbert.make(folder, os.path.join(self.a.model, "vocab.txt"))
        return folder

    def run(self):
        """{name: (x label, [(x, tokens/s with 1 thread, with 2, bytes with 2)])}"""
        def point(x, name, start, **more):
            one, two = (self.row(name, start, threads=threads, **more) for threads in (1, 2))
            return x, one["tokens_per_second"], two["tokens_per_second"], two["peak_memory_bytes"]

        found = {}
        some = lambda values: [v for v in values if v <= self.a.most]
        if "adapters" in self.a.only:
            found["fused adapters"] = [
                point(n, "fusion8_train", os.path.join(self.init(n), "fusion.h5")) for n in some(ADAPTERS)]
        start = os.path.join(self.init(1), "adapter.h5")
        if "length" in self.a.only:
            found["sequence length"] = [point(n, "adapter_train", start, length=n, batch=16) for n in some(LENGTHS)]
        if "long" in self.a.only:
            model = self.modernbert()
            begin = os.path.join(self.init(1, model), "adapter.h5")
            found["long texts"] = [
                point(n, "adapter_train_mean", begin, length=n, batch=1, model=model) for n in some(LONG)]
        if "batch" in self.a.only:
            found["batch, sequences"] = [point(n, "adapter_train", start, batch=n) for n in some(BATCHES)]
        if "examples" in self.a.only:
            found["training examples"] = [point(n, "adapter_train", start, examples=n) for n in some(EXAMPLES)]
        return {name: points for name, points in found.items() if points}

    def bundles(self):
        """What many bundles on one model cost; nothing unless asked for."""
        if "bundles" not in self.a.only:
            return None
        return self.answer("bundles", "--model", self.a.model, "--bundle", os.path.join(self.init(1), "adapter.h5"),
                           "--count", str(min(BUNDLES, self.a.most)))


def svg(found):
    """Small charts side by side over a logarithmic axis: tokens/s, each from 0."""
    wide, high, left, top, bottom = 300, 240, 52, 34, 46
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide * len(found)} {high}" font-family="sans-serif" '
             'font-size="11"><style>text{fill:#333}.a{stroke:#8886}.one{stroke:#b35}.two{stroke:#27a}'
             'path{fill:none;stroke-width:2}@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>']
    for i, (name, points) in enumerate(found.items()):
        # Grid lines at round numbers; the last tick's label needs half its width
        largest = max(max(p[1], p[2]) for p in points) * 1.08
        size = 10 ** math.floor(math.log10(largest / 4))
        step = next(size * n for n in (1, 2, 2.5, 5, 10) if size * n * 5 >= largest)
        most = step * math.ceil(largest / step)
        right = 28
        across = wide - left - right

        def at(k, value):
            x = left + across * (k / max(1, len(points) - 1))
            return f"{x:.1f},{top + (high - top - bottom) * (1 - value / most):.1f}"

        parts.append(f'<g transform="translate({wide * i} 0)"><text x="{left}" y="18" font-weight="bold">tokens/s by {name}</text>')
        for line in range(round(most / step) + 1):
            value = step * line
            y = at(0, value).split(",")[1]
            parts.append(f'<path class="a" style="stroke-width:1" d="M{left},{y}H{wide - right}"/>'
                         f'<text x="{left - 5}" y="{float(y) + 4:.1f}" text-anchor="end">{value:,.0f}</text>')
        for k, p in enumerate(points):
            parts.append(f'<text x="{at(k, 0).split(",")[0]}" y="{high - bottom + 16}" text-anchor="middle">{p[0]:,}</text>')
        for column, threads in ((1, "one"), (2, "two")):
            parts.append(f'<path class="{threads}" d="M{" ".join(at(k, p[column]) for k, p in enumerate(points))}"/>')
            x, y = at(len(points) - 1, points[-1][column]).split(",")
            below = 15 if points[-1][column] < 0.95 * points[len(points) // 2][column] else -5  # beside a falling line
            parts.append(f'<text x="{x}" y="{float(y) + below:.1f}" text-anchor="end">{threads} thread{"s" * (column - 1)}</text>')
        parts.append("</g>")
    return "\n".join(parts + ["</svg>\n"])


def markdown(found):
    lines = ["# How cost grows", "", "Training on MiniLM-L6: tokens/s without padding; MB is the peak resident memory with two threads. Long texts: one a "
             "batch, on a random ModernBERT of 6 layers and hidden size 384, all tokens of whose last layer count.", ""]
    for name, points in found.items():
        lines += [f"| {name} | one thread | two threads | speedup | MB |", "| --: | --: | --: | --: | --: |"]
        lines += [f"| {x:,} | {one:,.0f} | {two:,.0f} | {two / one:.2f} | {memory / 1e6:,.0f} |"
                  for x, one, two, memory in points]
        if name == "training examples" and len(points) > 1:
            (fewer, _, _, less), (more, _, _, large) = points[0], points[-1]
            lines += ["", f"From {fewer:,} to {more:,} examples: {(large - less) / (more - fewer):,.0f} bytes per example, "
                      "including its text and its token ids."]
        lines.append("")
    return "\n".join(lines)


def bundles_markdown(found):
    lines = ["## Many bundles on one model", "", "Milliseconds for each further bundle, by tenths, and by how much each lets the process "
             f"grow; a bundle's parameters take {found['parameter_bytes'] / 1e6:.2f} MB.", "",
             "| | " + " | ".join(f"{10 * k + 10} %" for k in range(10)) + " | MB per bundle |", "| --- |" + " --: |" * 11]
    for name, key in (("loaded", "loaded"), ("a predictor, with its first text", "ready")):
        part = found[key]
        lines.append(f"| {name} | " + " | ".join(f"{v:.1f}" for v in part["milliseconds"])
                     + f" | {part['bytes_per_bundle'] / 1e6:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    a = arguments()
    os.makedirs(a.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scale = Scale(a, folder)
        found, bundles = scale.run(), scale.bundles()
    text = markdown(found) + ("" if bundles is None else bundles_markdown(bundles))
    for name, content in (("scale.md", text + ("![](scale.svg)\n" if found else "")), ("scale.svg", svg(found)),
                          ("scale.json", json.dumps({**found, "bundles": bundles}))):
        with open(os.path.join(a.out, name), "w", encoding="utf8") as stream:
            stream.write(content)
    print(text)


if __name__ == "__main__":
    main()
