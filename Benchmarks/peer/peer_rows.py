#!/usr/bin/env python3
"""The peer's side of Benchmarks/compare: AdapterHub's `adapters`, and for lora_train and prefix_train `peft`, on PyTorch, on
given batches. Prints one JSON object.

    peer_rows.py time ROW --setting plain|grouped|best|bf16 …   one row: tokens_per_second, peak_memory_bytes, losses
    peer_rows.py check ROW… …                                   each row's losses, plain and best, without dropout; rows
                                                with the same target, one of --batches and --lr for each
    peer_rows.py versions

Settings: best routes float32 products to oneDNN (the fastest exact way); bf16 is autocast; plain and grouped differ only in
their batches. START/adapter, …, START/head are AdapterHub folders from `amalgam export`.
"""
import argparse
import glob
import json
import logging
import os
import resource
import time

import row_targets
import rows as R


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("mode", choices=["time", "check", "versions"])
    p.add_argument("rows", nargs="*")
    p.add_argument("--setting", choices=["plain", "grouped", "best", "bf16"], default="plain")
    p.add_argument("--model")
    p.add_argument("--texts", nargs="+")
    p.add_argument("--batches", nargs="+", help="one file; in check mode one per row")
    p.add_argument("--start", help="the folder with the initial weights")
    p.add_argument("--lr", type=float, nargs="+", default=[1e-4], help="one, or one per row")
    p.add_argument("--skip", type=int, default=3)
    p.add_argument("--max-length", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


PEFT = ("lora_train", "prefix_train")


def build_peft(row, a, labels, dropout):
    """The same for a row with `peft`. Its names are the last parts of the AdapterHub names of the same tensors."""
    import re

    import peft
    import torch
    import transformers
    from safetensors.torch import load_file

    rates = {} if dropout else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    base = transformers.AutoModel.from_pretrained(a.model, attn_implementation="sdpa", add_pooling_layer=False, **rates)
    tensors = {}
    for path in glob.glob(os.path.join(a.start, R.start(row), "**", "*.safetensors"), recursive=True):
        tensors.update(load_file(path))
    layers, width = base.config.num_hidden_layers, base.config.hidden_size
    if row == "lora_train":
        config = peft.LoraConfig(r=8, lora_alpha=8, target_modules=["query", "value"])
        values = {}
        for name, tensor in tensors.items():
            found = re.search(r"(layer\.\d+\.attention\.self\.(?:query|value))\.loras\.shared\.(lora_[AB])$", name)
            if found:
                values[f"base_model.model.encoder.{found[1]}.{found[2]}.default.weight"] = tensor
    else:
        # Both libraries have it as [length, layers · 2 · width]
        table = next(t for n, t in tensors.items() if n.endswith(".control_trans")).reshape(-1, layers * 2 * width)
        config = peft.PrefixTuningConfig(task_type="FEATURE_EXTRACTION", num_virtual_tokens=table.shape[0])
        values = {"prompt_encoder.default.embedding.weight": table}
        # transformers counts a text's positions from the prefix's end on; `adapters` and Li & Liang do not
        positions = base.embeddings.position_embeddings.weight.data
        positions.copy_(torch.roll(positions, table.shape[0], dims=0))
    model = peft.get_peft_model(base, config)
    wrong = model.load_state_dict(values, strict=False)
    missing = [n for n, p in model.named_parameters() if p.requires_grad and n not in values]
    if wrong.unexpected_keys or missing:
        raise SystemExit(f"{row}: initial weights do not match: {wrong.unexpected_keys[:3]} unexpected, {missing[:3]} missing")
    rate = base.config.hidden_dropout_prob
    head = torch.nn.Sequential(torch.nn.Dropout(rate), torch.nn.Linear(width, width), torch.nn.Tanh(),
                               torch.nn.Dropout(rate), torch.nn.Linear(width, labels[0]))
    head.load_state_dict({n.split(".", 2)[2]: t for n, t in tensors.items() if n.startswith("heads.task0.")})

    class Classifier(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model, self.head, self.base_model = model, head, None

        def forward(self, head=None, labels=None, **inputs):
            logits = self.head(self.model(**inputs).last_hidden_state[:, 0])
            return argparse.Namespace(loss=torch.nn.functional.cross_entropy(logits, labels))

    return Classifier()


def build(row, a, labels, dropout):
    """The model with the row's adapters and heads, with the initial weights of the start folders; heads: task0, …"""
    if row in PEFT:
        return build_peft(row, a, labels, dropout), False
    import adapters
    from safetensors.torch import load_file

    rates = {} if dropout else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = adapters.AutoAdapterModel.from_pretrained(a.model, attn_implementation="sdpa", **rates)
    start = R.start(row)
    if start == "fusion":
        names = sorted(os.path.basename(os.path.dirname(f))
                       for f in glob.glob(os.path.join(a.start, start, "*", "adapter_config.json")))
        for name in names:
            model.add_adapter(name, config="seq_bn")
        setup = adapters.Fuse(*names)
        model.add_adapter_fusion(setup)
    elif start != "head":
        setup = "shared"
        model.add_adapter(setup, config="seq_bn")
    for task in range(len(labels) if row == "multitask_train" else 1):
        model.add_prediction_head(row_targets.of(row).head(row, model, f"task{task}", labels[task]))
    tensors = {}
    for path in glob.glob(os.path.join(a.start, start, "**", "*.safetensors"), recursive=True):
        tensors.update(load_file(path))
    wrong = model.load_state_dict(tensors, strict=False)
    ours = [n for n, _ in model.named_parameters() if n in set(wrong.missing_keys)
            and (n.startswith("heads.") or "adapter" in n)]
    if wrong.unexpected_keys or ours:
        raise SystemExit(f"{row}: initial weights do not match: {wrong.unexpected_keys[:3]} unexpected, {ours[:3]} missing")
    if start == "fusion":
        model.train_adapter_fusion(setup)
    elif start != "head":
        model.train_adapter(setup)
    return model, start == "fusion"


def run(row, a, batches, encoded, labels, lr, dropout, autocast, skip, wants_loss=True):
    import contextlib

    import torch
    torch.manual_seed(1)
    target = row_targets.of(row)
    model, fuses = build(row, a, labels, dropout)
    trains = not row.startswith("infer_")
    model.train(trains)
    weights = [(n, p) for n, p in model.named_parameters() if p.requires_grad and ".pooler." not in n]
    flat = [p for n, p in weights if n.endswith("bias") or "LayerNorm" in n]
    others = [p for n, p in weights if not (n.endswith("bias") or "LayerNorm" in n)]
    if trains:
        optimizer = torch.optim.AdamW([{"params": others, "weight_decay": 0.01}, {"params": flat, "weight_decay": 0.0}],
                                      lr=lr, fused=True)
    found, tokens, seconds = [], 0, 0.0
    with contextlib.nullcontext() if trains else torch.inference_mode():
        for step, batch in enumerate(batches):
            examples = [encoded[batch["task"]][i] for i in batch["rows"]]
            begin = time.perf_counter()
            width = max(len(ids) for ids, _ in examples)
            ids, mask = (torch.zeros(len(examples), width, dtype=torch.long) for _ in range(2))
            for i, (row_ids, _) in enumerate(examples):
                ids[i, :len(row_ids)] = torch.tensor(row_ids)
                mask[i, :len(row_ids)] = 1
            inputs = dict(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids),
                          head=f"task{batch['task']}")
            if trains or wants_loss:
                inputs.update(target.arguments([goal for _, goal in examples], width))
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                loss = model(**inputs).loss
            if trains:
                (loss + model.base_model.get_fusion_regularization_loss() if fuses else loss).backward()
                torch.nn.utils.clip_grad_norm_([p for _, p in weights], 1.0)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            if loss is not None:
                found.append(float(loss.detach()))
            if step >= skip:
                seconds += time.perf_counter() - begin
                tokens += sum(len(row_ids) for row_ids, _ in examples)
    return {"losses": found, "tokens": tokens, "seconds": seconds, "tokens_per_second": tokens / seconds if seconds else 0}


def read(path):
    with open(path, encoding="utf8") as stream:
        return json.load(stream)


def main():
    a = arguments()
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS=str(a.threads))
    logging.disable(logging.WARNING)
    import torch
    from tokenizers import Tokenizer

    if a.mode == "versions":
        import importlib.metadata
        import platform
        names = ("torch", "adapters", "peft", "transformers", "tokenizers")
        return print(json.dumps({"python": platform.python_version(),
                                 **{n: importlib.metadata.version(n) for n in names}}))
    torch.set_num_threads(a.threads)
    tokenizer = Tokenizer.from_file(os.path.join(a.model, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(a.max_length)
    target = row_targets.of(a.rows[0])
    encoded, labels = [], []
    for path in a.texts:
        with open(path, encoding="utf8") as lines:
            rows = [json.loads(line) for line in lines]
        encoded.append(target.examples(rows, tokenizer))
        labels.append(target.outputs(rows))

    def fastest_exact(on):
        if on:  # by its name it may round to bfloat16; for float32 inputs of Linear it takes oneDNN, and is checked
            torch.backends.mkldnn.matmul.fp32_precision = "bf16"

    if a.mode == "time":
        fastest_exact(a.setting == "best")
        result = run(a.rows[0], a, read(a.batches[0]), encoded, labels, a.lr[0], True, a.setting == "bf16", a.skip,
                     wants_loss=False)
        result["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return print(json.dumps(result))
    results = {row: {} for row in a.rows}
    for setting in ("plain", "best"):
        fastest_exact(setting == "best")
        for row, batches, lr in zip(a.rows, a.batches, a.lr):
            results[row][setting] = run(row, a, read(batches), encoded, labels, lr, False, False, 0)["losses"]
    print(json.dumps(results))


if __name__ == "__main__":
    main()
