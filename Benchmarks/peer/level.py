#!/usr/bin/env python3
"""Scores of Amalgam and of the Python library `adapters` on one task at the same settings, seed by seed.

    level.py --task FOLDER --kind tagging|regression|parsing --model FOLDER --out FOLDER --amalgam BINARY
             [--seeds 1 2 3] [--epochs 3] [--lr 1e-3] [--max-length 128] [--only ours|peer] [--device cpu|cuda]

FOLDER of the task has train.jsonl, dev.jsonl and test.jsonl. Both sides train one seq_bn adapter with a head (tagging: one
linear layer on the first token of each word; regression: two layers on [CLS]; parsing: ours and that of peer_parsing.py, which
needs networkx) in batches of 16 with AdamW (decay 0.01), a
linear schedule with 10 % warmup and clipping to norm 1, and keep the epoch with the best dev score. --device says where the
peer computes (in float32). Finished cells stay in `out`; a second run continues. Prints a table, and one JSON object as its
last line: level means that the mean difference of the test scores is at least -1 point and that its 95 % interval (t, over
seeds) is not wholly below 0.
"""
import argparse
import json
import logging
import math
import os
import random
import subprocess
import time


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def peer(options, seed):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.disable(logging.WARNING)
    import torch
    from adapters import AutoAdapterModel
    from scipy.stats import pearsonr, spearmanr
    from seqeval.metrics import f1_score
    from transformers import AutoTokenizer

    torch.set_num_threads(options.threads)
    torch.manual_seed(seed)
    random.seed(seed)
    data = {split: read(os.path.join(options.task, f"{split}.jsonl")) for split in ("train", "dev", "test")}
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    tagging, parsing = options.kind == "tagging", options.kind == "parsing"
    labels = sorted({tag for row in data["train"] for tag in row["tags"]}) if tagging else []
    model = AutoAdapterModel.from_pretrained(options.model)
    model.add_adapter("a", config="seq_bn")
    if tagging:
        model.add_tagging_head("a", num_labels=len(labels))
    elif not parsing:
        model.add_classification_head("a", num_labels=1, layers=2)
    model.train_adapter("a")
    model.to(options.device)
    if parsing:
        import peer_parsing
        loss, score = peer_parsing.prepare(model, tokenizer, data, options)
        return train(model, len(data["train"]), loss, score, options, seed)

    def encode(row):
        if not tagging:
            encoding = tokenizer(row["text_a"], row["text_b"], truncation=True, max_length=options.max_length)
            return dict(encoding), [float(row["score"])], None
        encoding = tokenizer(row["tokens"], is_split_into_words=True, truncation=True, max_length=options.max_length)
        words, last, targets = encoding.word_ids(), None, []
        for word in words:
            first = word is not None and word != last
            targets.append(labels.index(row["tags"][word]) if first and row["tags"][word] in labels else -100)
            last = word
        return dict(encoding), targets, words

    encoded = {split: [encode(row) for row in rows] for split, rows in data.items()}

    def collate(rows):
        longest = max(len(row[0]["input_ids"]) for row in rows)
        batch = tokenizer.pad([row[0] for row in rows], return_tensors="pt")
        if tagging:
            batch["labels"] = torch.tensor([row[1] + [-100] * (longest - len(row[1])) for row in rows])
        else:
            batch["labels"] = torch.tensor([row[1][0] for row in rows])
        return batch.to(options.device)

    def score(split):
        model.eval()
        order = sorted(range(len(encoded[split])), key=lambda i: len(encoded[split][i][0]["input_ids"]))
        outputs = [None] * len(order)
        with torch.no_grad():
            for start in range(0, len(order), 32):
                chosen = order[start:start + 32]
                batch = collate([encoded[split][i] for i in chosen])
                batch.pop("labels")
                logits = model(**batch).logits
                for place, i in enumerate(chosen):
                    outputs[i] = logits[place].cpu()
        if not tagging:
            ours, gold = [output.reshape(-1)[0].item() for output in outputs], [row["score"] for row in data[split]]
            return {"pearson": pearsonr(ours, gold)[0], "spearman": spearmanr(ours, gold)[0]}
        predicted = []
        for row, output, (_, _, words) in zip(data[split], outputs, encoded[split]):
            tags, last = ["O"] * len(row["tags"]), None
            for place, word in enumerate(words):
                if word is not None and word != last:
                    tags[word] = labels[output[place].argmax().item()]
                last = word
            predicted.append(tags)
        return {"entity_f1": f1_score([row["tags"] for row in data[split]], predicted)}

    def loss(indices):
        return model(**collate([encoded["train"][i] for i in indices])).loss

    return train(model, len(encoded["train"]), loss, score, options, seed)


def train(model, count, loss, score, options, seed):
    """Trains on `loss` of the indices of a batch; returns the test scores of the epoch that is best by the first score on dev."""
    import torch
    from transformers import get_linear_schedule_with_warmup

    parameters = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for n, p in model.named_parameters() if p.requires_grad and not n.endswith("bias")]
    rest = [p for n, p in model.named_parameters() if p.requires_grad and n.endswith("bias")]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}], lr=options.lr)
    steps = options.epochs * math.ceil(count / 16)
    schedule = get_linear_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
    best, state, seconds = -2.0, None, 0.0
    for epoch in range(options.epochs):
        model.train()
        started = time.time()
        order = random.Random(seed * 1000 + epoch).sample(range(count), count)
        for start in range(0, count, 16):
            optimizer.zero_grad()
            loss(order[start:start + 16]).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
        seconds += time.time() - started
        dev = next(iter(score("dev").values()))
        if not math.isnan(dev) and dev > best:
            best = dev
            state = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if state and name in state:
                parameter.copy_(state[name])
    return {"test": score("test"), "seconds": seconds}


def ours(options, seed):
    bundle = os.path.join(options.out, f"ours-{seed}.h5")
    common = ["--model", options.model, "--task", options.task, "--json", "--threads", str(options.threads)]
    train = [options.amalgam, "train-adapter", *common, "--out", bundle, "--seed", str(seed), "--lr", str(options.lr),
             "--epochs", str(options.epochs), "--batch-size", "16", "--max-length", str(options.max_length),
             "--pooling", "cls", "--text-prefix", ""]
    started = time.time()
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    seconds = time.time() - started
    out = subprocess.run([options.amalgam, "evaluate", *common, "--bundle", bundle, "--split", "test"], check=True,
                         stdout=subprocess.PIPE).stdout.decode().strip().splitlines()[-1]
    metrics = json.loads(out)["metrics"]
    names = {"tagging": ["entity_f1"], "regression": ["pearson", "spearman"], "parsing": ["las", "uas"]}[options.kind]
    return {"test": {name: metrics[name] for name in names}, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--task", "--kind", "--model", "--out", "--amalgam"):
        parser.add_argument(name, required=name != "--amalgam")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=["ours", "peer"])
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    cells = {}
    for seed in options.seeds:
        for side, run in (("ours", ours), ("peer", peer)):
            path = os.path.join(options.out, f"{side}-{seed}.json")
            if not os.path.exists(path) and options.only in (None, side):
                result = run(options, seed)
                with open(path + ".new", "w", encoding="utf-8") as file:
                    json.dump(result, file)
                os.rename(path + ".new", path)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    cells[side, seed] = json.load(file)
    both = [seed for seed in options.seeds if ("ours", seed) in cells and ("peer", seed) in cells]
    if not both:
        return
    result = {}
    for metric in cells["ours", both[0]]["test"]:
        pairs = [(cells["ours", s]["test"][metric], cells["peer", s]["test"][metric]) for s in both]
        differences = [100 * (a - b) for a, b in pairs]
        mean = sum(differences) / len(differences)
        half = None
        if len(differences) > 1:
            from scipy.stats import t
            deviation = (sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)) ** 0.5
            half = float(t.ppf(0.975, len(differences) - 1)) * deviation / len(differences) ** 0.5
        for seed, (a, b) in zip(both, pairs):
            print(f"{metric:10} seed {seed}: ours {a:.4f}, peer {b:.4f}")
        result[metric] = {
            "ours": sum(a for a, _ in pairs) / len(pairs), "peer": sum(b for _, b in pairs) / len(pairs),
            "difference": mean, "interval": None if half is None else [mean - half, mean + half],
            "level": mean >= -1 and (half is None or mean + half >= 0), "seeds": both}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
