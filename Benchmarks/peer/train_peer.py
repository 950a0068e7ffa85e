#!/usr/bin/env python3
"""Trains one task with AdapterHub's `adapters` (PyTorch, CPU), for comparisons of accuracy and speed.

    train_peer.py --method head|adapter|fusion|full --model FOLDER --task FOLDER --out FILE.json …

The task folder holds train.jsonl, dev.jsonl and test.jsonl with text + label, or text_a + text_b + label. The model is
a Hugging Face folder of a BERT with tokenizer.json. Needs torch, adapters, tokenizers and safetensors.

Adapters, fusion and the head come from the library. Mean pooling subclasses its classification head: the same layers on
the mean of the last hidden states, padding excluded. The optimizer is AdamW; the learning rate rises linearly over the
warmup share of the steps and falls linearly to 0. The regularizer of fusion is added to the loss of its own step (the
library's trainer adds its gradient after the step, and so to the next one).

The classes are the labels of the training split, sorted. A row of another class in dev or test counts as wrong and has no
loss. A few broken labels therefore become classes of one example each and distort macro-F1. To avoid that, name the
real classes with --labels; rows of other classes are then excluded from all splits and from the predictions.

FILE.json: settings; trainable, steps, tokens (without padding, over all epochs), tokens_per_second, train_seconds,
peak_memory_bytes; losses (means of tenths of the steps); dev and test {accuracy, macro_f1, loss};
predictions (labels, in the order of test.jsonl); left_out (rows of each split, with --labels).
"""
import argparse
import json
import logging
import os
import random
import resource
import time


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--method", choices=["head", "adapter", "fusion", "full"], required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--task", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--config", choices=["seq_bn", "double_seq_bn", "par_bn"], default="seq_bn")
    p.add_argument("--adapters", nargs="+", default=[], help="AdapterHub folders to fuse")
    p.add_argument("--save", help="write the trained adapter or fusion, with its head, as AdapterHub folders here")
    p.add_argument("--labels", nargs="+", help="the classes; rows of other classes are excluded")
    p.add_argument("--lr", type=float, required=True)
    p.add_argument("--epochs", type=int, default=3)
    size = p.add_mutually_exclusive_group()
    size.add_argument("--batch-size", type=int, help="examples (default 32)")
    size.add_argument("--batch-tokens", type=int, help="maximum tokens, without padding; a longer example is a batch by itself")
    p.add_argument("--group-by-length", action="store_true", help="sort by length within runs of 50 batches")
    p.add_argument("--max-length", type=int, default=128)
    p.add_argument("--train-limit", type=int, help="use only this many training examples, from the start")
    p.add_argument("--warmup", type=float, default=0.0, help="warmup, as a share of the steps")
    p.add_argument("--clip", type=float, default=1.0, help="maximum gradient norm; 0 for none")
    p.add_argument("--weight-decay", type=float, default=0.01)
    p.add_argument("--decay", choices=["all", "matrices"], default="all", help="weight decay: matrices excludes biases "
                   "and norms")
    p.add_argument("--pooling", choices=["cls", "mean"], default="cls")
    p.add_argument("--dropout", type=float, default=0.1, help="everywhere; 0 turns it off")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--onednn", action="store_true", help="route float32 products to oneDNN, its fastest exact way")
    p.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    a = p.parse_args()
    if (a.method == "fusion") != bool(a.adapters):
        p.error("--adapters goes with --method fusion, and only with it")
    if a.save and a.method == "full":
        p.error("--save keeps adapters, fusions and heads; full fine-tuning has no AdapterHub form")
    return a


def read_split(task, split):
    path = os.path.join(task, split + ".jsonl")
    with open(path, encoding="utf8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return [((r["text_a"], r["text_b"]) if "text_a" in r else r["text"], str(r["label"])) for r in rows]


def batches_of(examples, a, shuffle):
    """Index lists. `shuffle` (a Random) or None for the given order."""
    order = list(range(len(examples)))
    lengths = [len(ids) for ids, _, _ in examples]
    if shuffle:
        shuffle.shuffle(order)
        if a.group_by_length:
            mean = sum(lengths) / len(lengths)
            run = 50 * (a.batch_size or max(1, int(a.batch_tokens / mean)))
            order = [i for k in range(0, len(order), run) for i in sorted(order[k:k + run], key=lambda i: -lengths[i])]
    else:
        order.sort(key=lambda i: lengths[i])
    found, tokens = [[]], 0
    for i in order:
        full = len(found[-1]) == a.batch_size if a.batch_size else tokens + lengths[i] > a.batch_tokens
        if full and found[-1]:
            found.append([])
            tokens = 0
        found[-1].append(i)
        tokens += lengths[i]
    if shuffle and a.group_by_length:
        shuffle.shuffle(found)
    return found


def scores(wanted, found, loss):
    """Macro-F1 over the classes that occur among the wanted or the found labels."""
    f1 = []
    for c in sorted(set(wanted) | set(found)):
        hit = sum(w == c == f for w, f in zip(wanted, found))
        f1.append(2 * hit / (wanted.count(c) + found.count(c)))
    return {"accuracy": sum(w == f for w, f in zip(wanted, found)) / len(wanted), "macro_f1": sum(f1) / len(f1),
            "loss": loss}


def build(a, labels):
    """The model with its method and head `task`; the setup to save."""
    import adapters
    from adapters.heads import ClassificationHead

    class MeanHead(ClassificationHead):
        def forward(self, outputs, cls_output=None, attention_mask=None, return_dict=False, **kwargs):
            real = attention_mask.unsqueeze(-1).to(outputs[0].dtype)
            mean = (outputs[0] * real).sum(1) / real.sum(1)
            return super().forward(outputs, mean, attention_mask, return_dict, **kwargs)

    model = adapters.AutoAdapterModel.from_pretrained(
        a.model, attn_implementation="sdpa", hidden_dropout_prob=a.dropout, attention_probs_dropout_prob=a.dropout)
    setup = None
    if a.method == "adapter":
        setup = "task"
        model.add_adapter(setup, config=a.config)
    elif a.method == "fusion":
        names = [model.load_adapter(folder, with_head=False, load_as=f"a{i}", use_safetensors=True)
                 for i, folder in enumerate(a.adapters)]
        setup = adapters.Fuse(*names)
        model.add_adapter_fusion(setup)
    head = (MeanHead if a.pooling == "mean" else ClassificationHead)(
        model, "task", num_labels=len(labels), layers=2, id2label=dict(enumerate(labels)))
    model.add_prediction_head(head)
    if a.method == "adapter":
        model.train_adapter(setup)
    elif a.method == "fusion":
        model.train_adapter_fusion(setup)
    elif a.method == "head":
        for name, weight in model.named_parameters():
            weight.requires_grad = name.startswith("heads.")
    return model, setup


def main():
    a = arguments()
    if not a.batch_size and not a.batch_tokens:
        a.batch_size = 32
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS=str(a.threads))
    logging.disable(logging.WARNING)
    import torch
    from tokenizers import Tokenizer
    from transformers import get_linear_schedule_with_warmup

    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    if a.onednn:
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    splits = {s: read_split(a.task, s) for s in ("train", "dev", "test")}
    splits["train"] = splits["train"][:a.train_limit]
    left_out = {}
    for split, rows in splits.items() if a.labels else ():
        splits[split] = [row for row in rows if row[1] in a.labels]
        left_out[split] = len(rows) - len(splits[split])
    labels = sorted({label for _, label in splits["train"]})
    if min(sum(label == each for _, label in splits["train"]) for each in labels) < 5:
        print(f"warning: a class of under 5 training examples among {labels}: broken labels? see --labels", flush=True)
    number = {label: i for i, label in enumerate(labels)}
    tokenizer = Tokenizer.from_file(os.path.join(a.model, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(a.max_length)
    encoded = {split: [(e.ids, e.type_ids, number.get(label, -100))  # -100: no loss for a class never seen in training
                       for e, (_, label) in zip(tokenizer.encode_batch([text for text, _ in rows]), rows)]
               for split, rows in splits.items()}
    model, setup = build(a, labels)
    weights = [(n, p) for n, p in model.named_parameters() if p.requires_grad and ".pooler." not in n]

    def autocast():
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.bf16)

    def collate(examples):
        width = max(len(ids) for ids, _, _ in examples)
        ids, types, mask = (torch.zeros(len(examples), width, dtype=torch.long) for _ in range(3))
        for row, (tokens, segments, _) in enumerate(examples):
            ids[row, :len(tokens)] = torch.tensor(tokens)
            types[row, :len(tokens)] = torch.tensor(segments)
            mask[row, :len(tokens)] = 1
        return dict(input_ids=ids, token_type_ids=types, attention_mask=mask,
                    labels=torch.tensor([label for _, _, label in examples]), head="task")

    def evaluate(split):
        model.eval()
        found, losses = [None] * len(encoded[split]), 0.0
        with torch.inference_mode(), autocast():
            for batch in batches_of(encoded[split], a, None):
                inputs = collate([encoded[split][i] for i in batch])
                logits = model(**inputs).logits
                losses += float(torch.nn.functional.cross_entropy(logits.float(), inputs["labels"], reduction="sum"))
                for i, best in zip(batch, logits.argmax(-1).tolist()):
                    found[i] = labels[best]
        return scores([label for _, label in splits[split]], found, losses / len(found)), found

    shuffle = random.Random(a.seed)
    plan = [batch for _ in range(a.epochs) for batch in batches_of(encoded["train"], a, shuffle)]
    plain = [p for _, p in weights if a.decay == "matrices" and p.dim() < 2]
    decayed = [p for _, p in weights if not (a.decay == "matrices" and p.dim() < 2)]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": a.weight_decay},
                                   {"params": plain, "weight_decay": 0.0}], lr=a.lr, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, round(a.warmup * len(plan)), len(plan))
    model.train()
    losses, tokens, start = [], 0, time.perf_counter()
    for step, batch in enumerate(plan):
        with autocast():
            loss = model(**collate([encoded["train"][i] for i in batch])).loss
        if a.method == "fusion":
            loss = loss + model.base_model.get_fusion_regularization_loss()
        loss.backward()
        if a.clip:
            torch.nn.utils.clip_grad_norm_([p for _, p in weights], a.clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        tokens += sum(len(encoded["train"][i][0]) for i in batch)
        if step % 50 == 49:
            spent = time.perf_counter() - start
            print(f"step {step + 1}/{len(plan)}  loss {sum(losses[-50:]) / 50:.4f}  {tokens / spent:.0f} tokens/s  "
                  f"{spent / (step + 1) * (len(plan) - step - 1):.0f} s left", flush=True)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    dev, _ = evaluate("dev")
    test, predictions = evaluate("test")
    if a.save:
        os.makedirs(a.save, exist_ok=True)
        if a.method == "adapter":
            model.save_adapter(os.path.join(a.save, "adapter"), setup, with_head=False, use_safetensors=True)
        elif a.method == "fusion":
            model.save_adapter_fusion(os.path.join(a.save, "fusion"), setup, use_safetensors=True)
        model.save_head(os.path.join(a.save, "head"), "task", use_safetensors=True)
    cuts = [len(losses) * i // 10 for i in range(11)]
    result = {"settings": {k: v for k, v in vars(a).items() if k not in ("out", "save")},
              "trainable": sum(p.numel() for _, p in weights), "steps": len(plan), "tokens": tokens,
              "tokens_per_second": tokens / seconds, "train_seconds": seconds, "peak_memory_bytes": peak,
              "losses": [sum(losses[i:j]) / (j - i) for i, j in zip(cuts, cuts[1:]) if j > i],
              "dev": dev, "test": test, "predictions": predictions,
              "left_out": left_out}
    with open(a.out, "w", encoding="utf8") as stream:
        json.dump(result, stream, ensure_ascii=False)
    print(json.dumps({k: v for k, v in result.items() if k not in ("settings", "predictions")}))


if __name__ == "__main__":
    main()
