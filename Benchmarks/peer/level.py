#!/usr/bin/env python3
"""Scores of Amalgam and of the Python library `adapters` on one task at the same settings, seed by seed.

    level.py --task FOLDER --kind KIND --model FOLDER --out FOLDER --amalgam BINARY
             [--seeds 1 2 3] [--epochs 3] [--lr 1e-3] [--max-length 128] [--only ours|peer] [--device cpu|cuda]
             [--also FOLDER …]

FOLDER of the task has train.jsonl, dev.jsonl and test.jsonl. Both sides train one seq_bn adapter with a head (peer_KIND.py says
what the peer's is) in batches of 16 with AdamW (decay 0.01), a linear schedule with 10 % warmup and clipping to norm 1, and
keep the epoch with the best dev score. --device says where the peer computes (in float32). Finished cells stay in `out`
(ours-SEED.json, peer-SEED.json); a second run continues, and --only leaves the other side to another call, or another machine.
--also names further folders of the same kind, whose test.jsonl the trained adapters answer, too.
Prints a table of the seeds that both sides have, and one JSON object as its last line: level means that the mean difference of
the test scores is at least -1 point and that its 95 % interval (t, over seeds) is not wholly below 0.
"""
import argparse
import json
import os
import subprocess
import time

import peer_training


# Kinds that the fields of a task's rows do not say
YAML = {
    "similarity": "kind: sentence-similarity\n",
    "retrieval": "kind: retrieval\nfields: {query: question, document: context}\n",
}


def task(options, folder):
    """The task as Amalgam takes it: its folder, or a YAML for it."""
    if options.kind not in YAML:
        return folder
    path = os.path.join(options.out, f"{os.path.basename(folder)}-{os.getpid()}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"data: {os.path.abspath(folder)}\n{YAML[options.kind]}")
    return path


def ours(options, seed):
    bundle = os.path.join(options.out, f"ours-{seed}.h5")
    common = ["--model", options.model, "--json", "--threads", str(options.threads)]
    own = ["--task", task(options, options.task)]
    train = [options.amalgam, "train-adapter", *common, *own, "--out", bundle, "--seed", str(seed), "--lr", str(options.lr),
             "--epochs", str(options.epochs), "--batch-size", "16", "--max-length", str(options.max_length),
             "--pooling", "mean" if options.kind in YAML else "cls", "--text-prefix", ""]
    started = time.time()
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    seconds = time.time() - started
    common += ["--bundle", bundle]
    result = {split: evaluated(options, [*common, *own, "--split", split]) for split in ("dev", "test")}
    for folder in options.also:
        scores = evaluated(options, [*common, "--task", task(options, folder), "--split", "test"])
        result["test"].update(peer_training.named(scores, folder))
    os.remove(bundle)
    return {**result, "seconds": seconds}


def evaluated(options, arguments):
    """The metrics of a bundle on a split."""
    rows = os.path.join(options.out, f"rows-{os.getpid()}.jsonl")
    out = subprocess.run([options.amalgam, "evaluate", *arguments, "--predictions", rows], check=True,
                         stdout=subprocess.PIPE).stdout.decode().strip().splitlines()[-1]
    metrics = {name: value for name, value in json.loads(out)["metrics"].items() if value is not None}
    if options.kind == "multilabel":
        metrics["micro_f1_at_half"] = micro_f1_at_half(peer_training.read(rows))
    os.remove(rows)
    return metrics


def micro_f1_at_half(rows):
    right = both = 0
    for row in rows:
        found = {label for label, probability in row["probabilities"].items() if probability >= 0.5}
        right += len(found & set(row["gold"]))
        both += len(found) + len(row["gold"])
    return 2 * right / both if both else 0.0


def read_cells(folder, seeds):
    """The finished cells by side and seed."""
    cells = {}
    for seed in seeds:
        for side in ("ours", "peer"):
            path = os.path.join(folder, f"{side}-{seed}.json")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    cells[side, seed] = json.load(file)
    return cells


def compared(cells, seeds):
    """For each metric of the peer what both sides have, over the seeds that both finished."""
    both = [seed for seed in seeds if ("ours", seed) in cells and ("peer", seed) in cells]
    result = {}
    for metric in cells["peer", both[0]]["test"] if both else []:
        pairs = [(cells["ours", s]["test"][metric], cells["peer", s]["test"][metric]) for s in both]
        differences = [100 * (a - b) for a, b in pairs]
        mean = sum(differences) / len(differences)
        half = None
        if len(differences) > 1:
            from scipy.stats import t
            deviation = (sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)) ** 0.5
            half = float(t.ppf(0.975, len(differences) - 1)) * deviation / len(differences) ** 0.5
        result[metric] = {
            "ours": sum(a for a, _ in pairs) / len(pairs), "peer": sum(b for _, b in pairs) / len(pairs),
            "difference": mean, "interval": None if half is None else [mean - half, mean + half],
            "level": mean >= -1 and (half is None or mean + half >= 0), "seeds": both, "pairs": pairs}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--task", "--model", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--kind", choices=sorted(peer_training.KINDS), required=True)
    parser.add_argument("--amalgam")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=["ours", "peer"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--also", nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--trial", action="store_true", help="the peer reads 32 rows of each split and takes two steps")
    options = parser.parse_args()
    if options.only != "peer" and not options.amalgam:
        parser.error("--amalgam: found nothing, expected the binary; or --only peer")
    os.makedirs(options.out, exist_ok=True)
    for seed in options.seeds:
        for side, run in (("ours", ours), ("peer", peer_training.run)):
            path = os.path.join(options.out, f"{side}-{seed}.json")
            if not os.path.exists(path) and options.only in (None, side):
                result = run(options, seed)
                with open(path + ".new", "w", encoding="utf-8") as file:
                    json.dump(result, file)
                os.rename(path + ".new", path)
    result = compared(read_cells(options.out, options.seeds), options.seeds)
    for metric, row in result.items():
        for seed, (a, b) in zip(row["seeds"], row["pairs"]):
            print(f"{metric:16} seed {seed}: ours {a:.4f}, peer {b:.4f}")
    if result:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
