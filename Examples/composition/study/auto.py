"""How good `fuse --method auto` is: its prior is fitted without a target, and its choice for that target is judged."""
import collections
import json
import math
import os
import random
import statistics
import subprocess

from . import plan
from .cells import unpacked
from .files import lines, write
from .scores import interval

# Candidates of auto and the arms that train them
CANDIDATES = {"linear_probe": "probe", "average": "average", "adapter": "scratch", "init_from": "init", "fusion": "fusion",
              "fusion_own": "fusion_own", "scalearn": "scalearn"}
TABLE = os.path.join("Sources", "Ablation", "Auto", "AutoPriorTable.swift")


def evidence(place):
    """Cross-validated scores of every candidate."""
    lab = place.lab
    words = [lab.benchmark, "auto-evidence", "--model", plan.MODEL, "--task", place.task, "--adapters", *place.bundles,
             "--seed", place.seed, "--max-length", plan.LENGTH, "--precision", "bf16", "--threads", place.command.threads]
    result = subprocess.run(list(map(str, words)), text=True, check=True, stdout=subprocess.PIPE)
    return json.loads(result.stdout.splitlines()[-1])


def records(lab):
    """The groups with evidence and with a score of every arm that their size has."""
    found = []
    for size, seeds in plan.SIZES.items():
        for target in lab.tasks.targets:
            for seed in range(seeds):
                cell = lab.finished("evidence", target, size, seed, "evidence")
                scores = {name: lab.finished("arms", target, size, seed, arm) for name, arm in CANDIDATES.items()
                          if arm in plan.arms(size)}
                if cell and None not in scores.values():
                    found.append({"target": target, "size": size, "seed": seed, "sources": len(lab.tasks.sources(target)),
                                  "evidence": {**cell["evidence"], "entropy": entropy(lab.tasks.train(target, size, seed))},
                                  "scores": {name: scored["accuracy"] for name, scored in scores.items()}})
    return found


def entropy(rows):
    """Of the classes, in nats."""
    counts = collections.Counter(row["label"] for row in rows)
    return -sum(n / len(rows) * math.log(n / len(rows)) for n in counts.values())


def replay(lab, found):
    """What `auto` chooses for each group with a prior that has not seen its target; and the prior of all."""
    path = os.path.join(lab.a.out, "auto.jsonl")
    write(path, lines(found))
    output = subprocess.run([lab.benchmark, "auto-fit", path], check=True, text=True, stdout=subprocess.PIPE).stdout
    return json.loads(output.splitlines()[-1])


class Judge:
    """Choices against the best arm: chosen on one half of test, scored on the other, halves swapped."""

    def __init__(self, lab, choices):
        self.groups = {}
        for choice in choices:
            self.groups.setdefault((choice["target"], choice["labels"]), []).append(choice)
        self.right = {}
        for (target, size), cell in self.groups.items():
            for choice in cell:
                for name, arm in CANDIDATES.items():
                    if arm in plan.arms(size):
                        done = lab.finished("arms", target, size, choice["seed"], arm)
                        self.right[target, size, choice["seed"], name] = unpacked(done["right"])

    def half(self, key, seed, name, part):
        return statistics.fmean(self.right[*key, seed, name][part::2])

    def arms(self, key):
        return [name for name, arm in CANDIDATES.items() if arm in plan.arms(key[1])]

    def values(self, key):
        """Score of the oracle, of `auto`, and of each fixed rule in a cell; means over seeds and halves."""
        cell = self.groups[key]
        oracle = []
        for part in (0, 1):
            best = max(self.arms(key), key=lambda name: statistics.fmean(self.half(key, c["seed"], name, part) for c in cell))
            oracle.append(statistics.fmean(self.half(key, c["seed"], best, 1 - part) for c in cell))

        def mean(name_of):
            return statistics.fmean(statistics.fmean(self.right[*key, c["seed"], name_of(c)]) for c in cell)
        rules = {name: mean(lambda c, name=name: name) for name in self.arms(key)}
        return statistics.fmean(oracle), mean(lambda c: c["chosen"]), rules

    def gain_interval(self, keys):
        """95 %, of the mean gain over the adapter from scratch: seeds and texts are drawn again, the cells stay."""
        return interval(
            [[[a - b for a, b in zip(self.right[*key, c["seed"], c["chosen"]], self.right[*key, c["seed"], "adapter"])]
              for c in self.groups[key]] for key in keys], random.Random(str(keys)))


def row(judge, keys):
    """The columns of the table for some cells."""
    cells = {key: judge.values(key) for key in keys}
    regrets = sorted(100 * (oracle - auto) for oracle, auto, _ in cells.values())
    rules = {name: statistics.fmean(100 * (oracle - rule[name]) for oracle, _, rule in cells.values())
             for name in CANDIDATES if all(name in rule for _, _, rule in cells.values())}
    best = min(rules, key=rules.get)
    choices = [choice for key in keys for choice in judge.groups[key]]
    covered, widths = [], []
    for choice in choices:
        score = statistics.fmean(judge.right[choice["target"], choice["labels"], choice["seed"], choice["chosen"]])
        covered.append(choice["interval"][0] <= score <= choice["interval"][1])
        widths.append(100 * (choice["interval"][1] - choice["interval"][0]))
    gains = [(oracle - rule["adapter"], auto - rule["adapter"]) for oracle, auto, rule in cells.values()]
    large = [(o, a) for o, a in gains if o >= 0.02]
    other = [a for o, a in gains if o < 0.02]
    low, high = judge.gain_interval([key for key, (o, _) in zip(keys, gains) if o >= 0.02]) if large else (0, 0)
    capture = (f"{100 * sum(a for _, a in large) / sum(o for o, _ in large):.0f} % on {len(large)} "
               f"({100 * statistics.fmean(a for _, a in large):+.1f} [{100 * low:+.1f}, {100 * high:+.1f}] points)") if large else "none"
    return [str(len(keys)), f"{statistics.fmean(regrets):.1f}", f"{regrets[min(len(regrets) - 1, int(0.9 * len(regrets)))]:.1f}",
            f"{rules[best]:.1f} ({plan.LABELS[CANDIDATES[best]]})", capture,
            f"{100 * statistics.fmean(other):+.1f}" if other else "–", f"{100 * statistics.fmean(covered):.0f} %",
            f"{statistics.fmean(widths):.1f}", f"{100 * max(choice['spent'] for choice in choices):.0f} %"]


def rounded(value):
    """Numbers to six digits."""
    if isinstance(value, dict):
        return {name: rounded(v) for name, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def section(lab, scores):
    found = records(lab)
    targets = {record["target"] for record in found}
    if len(targets) < 3:
        return []
    fitted = replay(lab, found)
    if not fitted["choices"]:
        return []
    if lab.a.commit:
        publish(fitted["prior"], found)
    body, chosen = [], []
    for label, choices in (("fitted to the others", fitted["choices"]), ("none", fitted["flat"])):
        judge = Judge(lab, choices)
        for size in plan.SIZES:
            keys = [key for key in judge.groups if key[1] == size]
            if keys:
                body.append([label, f"{size:,}", *row(judge, keys)])
                counts = {name: sum(c["chosen"] == name for key in keys for c in judge.groups[key]) for name in CANDIDATES}
                if label != "none":
                    chosen.append(f"{size:,} labels: " + ", ".join(
                        f"{plan.LABELS[CANDIDATES[n]]} {c}" for n, c in counts.items() if c))
        body.append([label, "all", *row(judge, list(judge.groups))])
    header = ["prior", "labels", "cells", "mean regret", "90th percentile", "best fixed rule's regret",
              "captured of the gain over scratch", "elsewhere, against scratch", "interval covers", "its width", "most spent"]
    return ["## What `fuse --method auto` is worth",
            "For each target the prior is fitted to the other targets. A cell is a target with a number of labels, averaged over "
            "seeds; the oracle is the best arm on one half of the test texts, scored on the other half, halves swapped. Regrets and "
            "widths are points. Cells in which the oracle beats the adapter from scratch by 2 points or more count for the gain "
            "that is captured; the others stand in the column after it. An interval cannot be much narrower than what the labels "
            "allow: the share of right answers among n of them has a 95 % interval of up to "
            + ", ".join(f"{100 * 1.96 / math.sqrt(size):.1f} points with {size:,}" for size in sorted({k[1] for k in judge.groups}))
            + "; what other tasks teach of the level narrows it, and what they cannot teach of a new one widens it.",
            "\n".join(["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *body)]),
            "Chosen: " + "; ".join(chosen) + "."]


def publish(prior, found):
    """The prior as a Swift source, which the command reads."""
    from .lab import ROOT
    text = json.dumps(rounded(prior), sort_keys=True).replace("], [", "],\n [").replace(', "', ',\n "').replace("}, {", "},\n{")
    targets = sorted({record["target"] for record in found})
    body = "\n".join(" " * 8 + line for line in text.splitlines())
    write(os.path.join(ROOT, TABLE), f'''\
/// The prior of `fuse --method auto`, fitted to {len(found)} trainings of each candidate on {len(targets)} targets.
/// `Examples/composition/run report --commit` writes this file.
enum AutoPriorTable {{
    static let json = #"""
{body}
        """#
}}
''')
