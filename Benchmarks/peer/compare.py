#!/usr/bin/env python3
"""The driver of Benchmarks/compare: runs Amalgam and the peer in turn, each in a separate process, on the same batches.

Needs only the standard library; --peer-python names the peer's Python. The last line of stdout is one JSON object.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

import rows as R
import texts as T

HERE = os.path.dirname(os.path.abspath(__file__))
# Timed steps: (--quick, else). Fusion is the peer's slowest, prediction its fastest.
STEPS = {"fusion8_train": (8, 20), "full_finetune": (8, 20), "qa_train": (8, 20), "infer_adapter": (25, 60),
         "infer_fusion8": (10, 25)}
COLUMNS = ["plain", "best", "bf16"]
BATCH = 32  # of cold_start too
CHECKED, CHECKED_BATCH = 5, 8  # steps of the same-work check, and texts of each


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true",
                   help="one repeat; the peer's plain setting only for adapter_train; takes up to 10 minutes")
    p.add_argument("--rows", nargs="+", choices=R.ROWS, default=R.ROWS)
    p.add_argument("--out", required=True)
    p.add_argument("--model", required=True, help="folder")
    p.add_argument("--amalgam", required=True)
    p.add_argument("--benchmark", required=True)
    p.add_argument("--peer-python", required=True)
    p.add_argument("--repeats", type=int, help="default 3; with --quick 1")
    p.add_argument("--steps", type=int, help="timed steps of each row (default: by row)")
    p.add_argument("--cold-texts", type=int, default=1000, help="training texts of cold_start; fewer for a trial run")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    a.repeats = a.repeats or (1 if a.quick else 3)
    return a


class Failed(Exception):
    pass


def say(words):
    print(words, file=sys.stderr, flush=True)


def process(command, **settings):
    """One process from start to end: its stdout, seconds, and largest resident memory."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings) as child:
        out, errors = child.communicate()  # small outputs
    seconds = time.perf_counter() - begin
    if child.returncode:
        tail = (errors.strip().splitlines() or ["no message"])[-1]
        raise Failed(f"{os.path.basename(command[0])} {' '.join(command[1:4])} … exited with {child.returncode}: {tail}")
    return out, seconds


def answer(command):
    return json.loads(process(command)[0].strip().splitlines()[-1])


class Comparison:
    def __init__(self, a):
        self.a = a
        self.data = os.path.join(a.out, "data")
        self.start = os.path.join(a.out, "start")
        self.measured = {}  # (row, who, setting): list of results
        self.words = []
        self.unequal = set()
        self.exact = {}  # row: whether the peer's best setting computes what its plain one does

    # What both sides get ---------------------------------------------------------------------------------------------
    def make(self):
        a = self.a
        for folder in (self.data, self.start):
            shutil.rmtree(folder, ignore_errors=True)
        rows = R.ROWS[:-1]
        count = {target: max(self.batch(row) * (3 + max(CHECKED, self.steps(row)))
                             for row in rows if R.target(row) == target) for target in R.TARGETS}
        labeled = [T.texts(a.model, count["labels"] if task == 0 else count["labels"] // 4, labels, seed=100 + task)
                   for task, labels in enumerate(T.LABELS)]
        made = {"labels": labeled, "tags": [T.tagged(a.model, count["tags"], seed=300)],
                "spans": [T.questions(a.model, count["spans"], seed=400)]}
        for target, tasks in made.items():
            for path, examples in zip(self.texts(target), tasks):
                T.write(path, examples)
        lengths = {target: [[T.tokens(example["text"]) if "text" in example else T.WINDOW for example in examples]
                            for examples in tasks] for target, tasks in made.items()}
        for row in rows:
            batch = self.batch(row)
            for kind, steps, skip, batch in (("check", CHECKED, 0, CHECKED_BATCH), ("plain", self.steps(row), 3, batch),
                                             ("grouped", self.steps(row), 3, batch)):
                with open(self.batches(row, kind), "w", encoding="utf8") as stream:
                    json.dump(T.batches(lengths[R.target(row)], self.tasks(row), steps, skip, batch, kind == "grouped"),
                              stream)
        if "cold_start" in a.rows:
            cold = T.texts(a.model, a.cold_texts + 400, 3, seed=200)
            for split, part in (("dev", cold[:200]), ("test", cold[200:400]), ("train", cold[400:])):
                T.write(os.path.join(self.data, "cold", f"{split}.jsonl"), part)
        process([a.benchmark, "init", "--model", a.model, "--out", self.start, "--tags", str(T.TAGS), "--labels",
                 *map(str, T.LABELS)])
        for bundle in sorted({R.start(row) for row in rows}):
            process([a.amalgam, "export", f"{self.start}/{bundle}.h5", "--out", f"{self.start}/peer/{bundle}"])

    def steps(self, row):
        return self.a.steps or STEPS.get(row, (16, 40))[not self.a.quick]

    def tasks(self, row):
        return len(T.LABELS) if row == "multitask_train" else 1

    def batch(self, row):
        return 16 if row == "qa_train" else BATCH

    def texts(self, target):
        """Of each task; rows of one task read the first."""
        names = [f"task{t}" for t in range(len(T.LABELS))] if target == "labels" else [target]
        return [os.path.join(self.data, f"{name}.jsonl") for name in names]

    def inputs(self, rows, kind):
        """What both sides' commands take of some rows with one target."""
        target = R.target(rows[0])
        tasks = max(self.tasks(row) for row in rows)
        return ["--model", self.a.model, "--texts", *self.texts(target)[:tasks], "--batches",
                *(self.batches(row, kind) for row in rows), "--max-length",
                str(T.WINDOW if target == "spans" else T.LONGEST), "--lr", *(self.rate(row) for row in rows),
                "--threads", str(self.a.threads)]

    def batches(self, row, kind):
        return os.path.join(self.data, f"{row}.{kind}.json")

    def rate(self, row):
        return "3e-5" if row == "full_finetune" else "1e-4"

    # One process -----------------------------------------------------------------------------------------------------
    def ours(self, row, precision, kind="plain", dropout="on"):
        return answer([
            self.a.benchmark, "row", row, *self.inputs([row], kind), "--precision", precision, "--dropout", dropout,
            "--start", f"{self.start}/{R.start(row)}.h5", "--skip", "3" if kind != "check" else "0"])

    def peer(self, row, setting):
        kind = "plain" if setting == "plain" else "grouped"
        return answer([
            self.a.peer_python, f"{HERE}/peer_rows.py", "time", row, "--setting", setting, *self.inputs([row], kind),
            "--start", f"{self.start}/peer"])

    def ours_cold(self, precision):
        task, bundle = os.path.join(self.data, "cold"), os.path.join(self.a.out, "cold.h5")
        common = ["--model", self.a.model, "--task", task, "--threads", str(self.a.threads), "--precision", precision,
                  "--json", "--quiet"]
        trained, first = process([self.a.amalgam, "train-adapter", *common, "--out", bundle, "--epochs", "3",
                                  "--batch-size", str(BATCH), "--keep", "last", "--pooling", "cls"])
        _, second = process([self.a.amalgam, "evaluate", *common, "--bundle", bundle])
        return {"seconds": first + second, "peak_memory_bytes": json.loads(trained)["peak_memory_bytes"]}

    def peer_cold(self, setting):
        out = os.path.join(self.a.out, "cold-peer")
        more = {"plain": [], "grouped": ["--group-by-length"], "best": ["--group-by-length", "--onednn"],
                "bf16": ["--group-by-length", "--bf16"]}[setting]
        _, seconds = process([
            self.a.peer_python, f"{HERE}/train_peer.py", "--method", "adapter", "--model", self.a.model, "--task",
            os.path.join(self.data, "cold"), "--out", f"{out}.json", "--save", out, "--lr", "1e-3", "--epochs", "3",
            "--warmup", "0.1", "--decay", "matrices", "--batch-size", str(BATCH), "--threads", str(self.a.threads), *more])
        with open(f"{out}.json", encoding="utf8") as stream:
            return {"seconds": seconds, "peak_memory_bytes": json.load(stream)["peak_memory_bytes"]}

    # The same work? --------------------------------------------------------------------------------------------------
    def check(self):
        rows = [row for row in self.a.rows if row != "cold_start"]
        if not rows:
            return
        say("same work: losses of both without dropout")
        theirs = {}
        for target in R.TARGETS:
            if own := [row for row in rows if R.target(row) == target]:
                theirs |= answer([self.a.peer_python, f"{HERE}/peer_rows.py", "check", *own, *self.inputs(own, "check"),
                                  "--start", f"{self.start}/peer"])
        for row in rows:
            mine, plain, best = self.ours(row, "fp32", "check", "off")["losses"], theirs[row]["plain"], theirs[row]["best"]
            apart, drift = difference(mine, plain), difference(best, plain)
            self.exact[row] = drift <= 1e-5
            if not apart <= 1e-4:
                self.unequal.add(row)
            self.words.append(
                f"{row}: losses differ by {apart:.0e}" + ("" if apart <= 1e-4 else ": NOT THE SAME WORK, not counted")
                + f"; the peer's best differs from its plain by {drift:.0e}" + ("" if self.exact[row] else
                                                                     ": not counted, grouped is used instead"))
            say("  " + self.words[-1])

    # Timing ----------------------------------------------------------------------------------------------------------
    def measure(self, row, precision, column):
        """Ours, then the peer's."""
        setting = column
        if column == "best" and not self.exact.get(row, True):
            setting = "grouped"
        for who, what in (("ours", precision), ("peer", column)):
            say(f"  {row}: {who} {what}")
            if row == "cold_start":
                found = self.ours_cold(precision) if who == "ours" else self.peer_cold(setting)
            else:
                found = self.ours(row, precision) if who == "ours" else self.peer(row, setting)
            self.measured.setdefault((row, who, what), []).append(found)

    def run(self):
        a = self.a
        self.peaks = answer([a.benchmark, "peak", "--threads", str(a.threads)])
        beside = busy()
        if beside > 0.1:  # what is beside slows the peer's spinning threads more than ours
            self.words.append(f"{beside:.0%} of the processors were busy before the start: NOT AN IDLE MACHINE, ignore "
                              "these figures")
            say(self.words[-1])
        columns = [c for c in COLUMNS if c != "bf16" or "bf16" in self.peaks]
        if "bf16" not in self.peaks:
            self.words.append("this processor has no bfloat16 products; those columns are skipped")
        self.make()
        self.check()
        for repeat in range(a.repeats):
            say(f"repeat {repeat + 1} of {a.repeats}")
            for row in a.rows:
                for column in columns:
                    if a.quick and column == "plain" and row != "adapter_train" or row in self.unequal:
                        continue
                    # We have no bf16 without frozen weights: in full fine-tuning, compare our fp32 with the peer's bf16
                    precision = "bf16" if column == "bf16" and row != "full_finetune" else "fp32"
                    try:
                        self.measure(row, precision, column)
                    except Failed as error:
                        self.words.append(f"{row}, {column}: {error}")
                        say("  " + self.words[-1])
        again = answer([a.benchmark, "peak", "--threads", str(a.threads)])
        for precision in ("fp32", "bf16"):
            if precision in self.peaks:
                self.peaks[precision] = max(self.peaks[precision], again[precision])

    def median(self, row, who, what, field):
        found = self.measured.get((row, who, what))
        return statistics.median(result[field] for result in found) if found else None

    def summary(self):
        result = {column: {} for column in COLUMNS} | {"peak_share": {}, "memory": {}}
        for row in self.a.rows:
            field = "seconds" if row == "cold_start" else "tokens_per_second"
            for column in COLUMNS:
                precision = "bf16" if column == "bf16" and row != "full_finetune" else "fp32"
                mine, theirs = self.median(row, "ours", precision, field), self.median(row, "peer", column, field)
                if mine and theirs:
                    ratio = theirs / mine if row == "cold_start" else mine / theirs
                    result[column][row] = round(ratio, 3)
            for precision in ("fp32", "bf16"):
                if row != "cold_start" and (speed := self.median(row, "ours", precision, "gflops")):
                    name = row if precision == "fp32" else f"{row}_bf16"
                    result["peak_share"][name] = round(speed / self.peaks[precision], 3)
            theirs = next((m for c in ("best", "plain", "bf16")
                           if (m := self.median(row, "peer", c, "peak_memory_bytes"))), None)
            mine = next((m for p in ("fp32", "bf16") if (m := self.median(row, "ours", p, "peak_memory_bytes"))), None)
            if mine and theirs:
                result["memory"][row] = round(theirs / mine, 2)
        return result


def busy():
    """Share of the processors that other processes use, over two seconds; 0 if unknown."""
    def now():
        with open("/proc/stat", encoding="utf8") as lines:
            fields = [int(x) for x in next(lines).split()[1:]]
        return sum(fields), fields[3] + fields[4]

    try:
        before = now()
        time.sleep(2)
        after = now()
    except (OSError, ValueError, IndexError):
        return 0.0
    return 1 - (after[1] - before[1]) / max(1, after[0] - before[0])


def difference(a, b):
    """Largest relative difference; infinite if a value is NaN."""
    if len(a) != len(b):
        return float("inf")
    apart = [abs(x - y) / max(abs(y), 1e-12) for x, y in zip(a, b)]
    return max((x if x == x else float("inf") for x in apart), default=float("inf"))


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(c, result):
    """Markdown that reads in a terminal: one row each, speeds, ratios, share of the peak, memory."""
    head = ["row", "ours fp32", "ours bf16", "peer plain", "peer best", "peer bf16", "fp32/plain", "fp32/best",
            "bf16/bf16", "peak fp32", "peak bf16", "MB ours", "MB peer"]
    lines = [head]
    for row in c.a.rows:
        cold = row == "cold_start"
        field = "seconds" if cold else "tokens_per_second"

        def speed(who, what):
            found = c.median(row, who, what, field)
            return "–" if found is None else f"{found:.1f} s" if cold else f"{found:,.0f}"

        def share(value, form):
            return "–" if value is None else format(value, form)

        memory = [c.median(row, "ours", "fp32", "peak_memory_bytes"),
                  next((m for s in ("best", "plain", "bf16") if (m := c.median(row, "peer", s, "peak_memory_bytes"))), None)]
        ratios = [share(result[column].get(row), ".2f") for column in COLUMNS]
        if row == "full_finetune" and ratios[2] != "–":
            ratios[2] += "*"
        lines.append(
            [row, speed("ours", "fp32"), speed("ours", "bf16"), *(speed("peer", s) for s in COLUMNS), *ratios,
             share(result["peak_share"].get(row), ".2f"), share(result["peak_share"].get(f"{row}_bf16"), ".2f"),
             *(share(m and m / 1e6, ",.0f") for m in memory)])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return ["| " + " | ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths)))
            + " |" for line in lines]


def main():
    a = arguments()
    begin = time.perf_counter()
    c = Comparison(a)
    try:
        c.run()
    except Failed as error:
        sys.exit(f"compare: {error}")
    result = c.summary()
    versions = answer([a.peer_python, f"{HERE}/peer_rows.py", "versions"])
    peaks = ", ".join(f"{p} {c.peaks[p]:,.0f} ({c.peaks[f'{p}_set']})" for p in ("fp32", "bf16") if p in c.peaks)
    report = [
        f"{processor()}, {os.cpu_count()} processors, {a.threads} threads; {datetime.date.today().isoformat()}; "
        f"{'one repeat' if a.repeats == 1 else f'median of {a.repeats} repeats'}",
        f"ours: {c.peaks['products']}; peer: " + ", ".join(f"{n} {v}" for n, v in versions.items()),
        f"peak of fused multiply-adds in registers, GFLOP/s: {peaks}",
        "Tokens/s without padding; cold_start in seconds. Ratios: how many times as fast as the peer. Peak: share of the machine's peak.",
        "", *table(c, result), ""]
    if result["bf16"].get("full_finetune"):
        report.append("* full fine-tuning has no frozen weights: our fp32 is compared with the peer's bf16")
    report += c.words + [f"took {time.perf_counter() - begin:.0f} s"]
    text = "\n".join(report)
    with open(os.path.join(a.out, "compare.md"), "w", encoding="utf8") as stream:
        stream.write(text + "\n")
    with open(os.path.join(a.out, "compare.json"), "w", encoding="utf8") as stream:
        json.dump({"result": result, "peaks": c.peaks, "versions": versions,
                   "measured": [{"row": r, "who": w, "setting": s, "results": m} for (r, w, s), m in c.measured.items()]},
                  stream, indent=1)
    print(text)
    print(json.dumps(result))
    sys.exit(0 if all(row in result["best"] for row in a.rows) else 1)


if __name__ == "__main__":
    main()
