"""The peer's side of level.py: one seq_bn adapter of the library `adapters` with a head, trained in PyTorch.

What depends on the kind of task is in peer_KIND.py, whose prepare(model, tokenizer, data, options) adds the head and returns
loss(indices of training rows) and score(split). score gives numbers, the one that chooses the epoch first; a kind that chooses
something on dev (thresholds) does so whenever it scores dev.
"""
import importlib
import json
import logging
import math
import os
import random
import time

KINDS = {
    "classification": "peer_classification", "pairs": "peer_classification", "regression": "peer_regression",
    "multilabel": "peer_multilabel", "choice": "peer_choice", "tagging": "peer_tagging", "parsing": "peer_parsing",
    "qa": "peer_qa", "retrieval": "peer_retrieval", "similarity": "peer_similarity",
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def named(scores, folder):
    """Scores on the test split of another folder, under names of their own."""
    return {f"{metric} on {os.path.basename(folder)}": value for metric, value in scores.items()}


def encode_text(row, tokenizer, options):
    """A text, or a pair of texts."""
    texts = (row["text"],) if "text" in row else (row["text_a"], row["text_b"])
    return dict(tokenizer(*texts, truncation=True, max_length=options.max_length))


def encode_words(row, tokenizer, options):
    """A row of words: its encoding, and for each word that was not cut off the place of its first token."""
    encoding = tokenizer(row["tokens"], is_split_into_words=True, truncation=True, max_length=options.max_length)
    first = {}
    for place, word in enumerate(encoding.word_ids()):
        if word is not None:
            first.setdefault(word, place)
    return dict(encoding), first


def batch_of(encodings, tokenizer, options):
    """Encodings as one batch, padded to the longest of them, where the peer computes."""
    return tokenizer.pad(encodings, return_tensors="pt").to(options.device)


def outputs(model, encodings, tokenizer, options, take=lambda output: output.logits):
    """What `take` finds in the model's output for each encoding, on the CPU; computed in batches of similar lengths."""
    import torch

    model.eval()
    order = sorted(range(len(encodings)), key=lambda i: len(encodings[i]["input_ids"]))
    found = [None] * len(order)
    with torch.no_grad():
        for start in range(0, len(order), 32):
            chosen = order[start:start + 32]
            rows = take(model(**batch_of([encodings[i] for i in chosen], tokenizer, options))).cpu()
            for i, row in zip(chosen, rows):
                found[i] = row
    return found


def run(options, seed):
    """Trains and returns {"dev": scores, "test": scores, "seconds": of the training steps}."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.disable(logging.WARNING)
    import torch
    from adapters import AutoAdapterModel
    from transformers import AutoTokenizer

    torch.set_num_threads(options.threads)
    torch.manual_seed(seed)
    random.seed(seed)
    data = {split: read(os.path.join(options.task, f"{split}.jsonl")) for split in ("train", "dev", "test")}
    data.update({folder: read(os.path.join(folder, "test.jsonl")) for folder in options.also})
    if options.trial:
        data = {split: rows[:32] for split, rows in data.items()}
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoAdapterModel.from_pretrained(options.model)
    model.add_adapter("a", config="seq_bn")
    kind = importlib.import_module(KINDS[options.kind])
    loss, score = kind.prepare(model, tokenizer, data, options)
    model.train_adapter("a")
    model.to(options.device)
    return train(model, len(data["train"]), loss, score, options, seed)


def train(model, count, loss, score, options, seed):
    """Trains on `loss` of the indices of a batch; returns the test scores of the epoch that is best by the first score on dev."""
    import torch
    from transformers import get_linear_schedule_with_warmup

    parameters = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for n, p in model.named_parameters() if p.requires_grad and not n.endswith("bias")]
    rest = [p for n, p in model.named_parameters() if p.requires_grad and n.endswith("bias")]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}], lr=options.lr)
    epochs = 1 if options.trial else options.epochs
    steps = epochs * math.ceil(count / 16)
    schedule = get_linear_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
    best, state, seconds = -2.0, None, 0.0
    for epoch in range(epochs):
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
    test = score("test")
    for folder in options.also:
        test.update(named(score(folder), folder))
    return {"dev": score("dev"), "test": test, "seconds": seconds}
