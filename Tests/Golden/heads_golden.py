#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of heads: transformers' token classification, regression, multi-label
classification and multiple choice on one small BERT.

    heads_golden.py --model Tests/Golden/seed1/tiny --out DIR [--seed N]

needs torch (CPU), transformers and safetensors. For each KIND, `tagging` (BertForTokenClassification), `regression`
(BertForSequenceClassification, two numbers, mean squared error), `multi_label` (the same, four labels, binary cross-entropy)
and `multiple_choice` (BertForMultipleChoice, two questions with three choices each):

    DIR/KIND.safetensors   input_ids, attention_mask [6, L]: int64, padded with 0; for multiple_choice token_type_ids too
                           targets: tagging int64 [6, L], -100 where a token has none; regression [6, 2]; multi_label
                           [6, 4] of 0 and 1; multiple_choice int64 [2], the right choice of each question
                           head.<ours>: the head's tensors; logits: of all tokens [6, L, 5], [6, 2], [6, 4] or [2, 3]; loss [1]
                           grad.<ours>: of the head and of some of the model's weights
                           step_losses [20]: the loss before each AdamW step (all weights, 1e-3, decay 0.01)

All from float32 weights in float64, rounded once, dropout off. Some texts of the tagging batch have no target at all.
"""
import argparse
import os

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file

LENGTHS, STEPS, RATE, STD, TAGS, NUMBERS, LABELS, CHOICES = (1, 3, 7, 12, 17, 20), 20, 1e-3, 0.2, 5, 2, 4, 3
POOLED = {"bert.pooler.dense.weight": "dense.weight", "bert.pooler.dense.bias": "dense.bias",
          "classifier.weight": "out.weight", "classifier.bias": "out.bias"}
HEADS = {
    "tagging": {"classifier.weight": "out.weight", "classifier.bias": "out.bias"},
    "regression": POOLED, "multi_label": POOLED, "multiple_choice": POOLED,
}
WATCHED = ["encoder.layer.0.attention.self.query.weight", "encoder.layer.2.output.dense.bias", "embeddings.LayerNorm.weight"]


def batch(kind, vocabulary, generator):
    ids = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, vocabulary, (length,), generator=generator)
        mask[row, :length] = 1
    if kind == "regression":
        return ids, mask, torch.randn(len(LENGTHS), NUMBERS, generator=generator) * 2
    if kind == "multi_label":
        return ids, mask, (torch.rand(len(LENGTHS), LABELS, generator=generator) < 0.4).float()
    if kind == "multiple_choice":
        return ids, mask, torch.randint(0, CHOICES, (len(LENGTHS) // CHOICES,), generator=generator)
    targets = torch.randint(0, TAGS, ids.shape, generator=generator)
    targets[torch.rand(ids.shape, generator=generator) < 0.4] = -100
    targets[mask == 0] = -100
    targets[3] = -100
    return ids, mask, targets


def make(kind, folder, out, seed):
    generator = torch.Generator().manual_seed(seed)
    options = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager")
    if kind == "tagging":
        model = transformers.BertForTokenClassification.from_pretrained(folder, num_labels=TAGS, **options)
    elif kind == "multiple_choice":
        model = transformers.BertForMultipleChoice.from_pretrained(folder, **options)
    else:
        count, problem = (NUMBERS, "regression") if kind == "regression" else (LABELS, "multi_label_classification")
        model = transformers.BertForSequenceClassification.from_pretrained(
            folder, num_labels=count, problem_type=problem, **options)
    tensors = {}
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name in HEADS[kind]:
                weight.copy_(torch.randn(weight.shape, generator=generator) * STD)
                tensors["head." + HEADS[kind][name]] = weight.detach().clone()
    model = model.double().eval()
    ids, mask, targets = batch(kind, model.config.vocab_size, generator)
    types = torch.zeros_like(ids)
    if kind == "multiple_choice":
        # The second half of each sequence is the choice
        for row, length in enumerate(LENGTHS):
            types[row, (length + 1) // 2:length] = 1
        tensors["token_type_ids"] = types
    inputs = dict(input_ids=ids, attention_mask=mask, token_type_ids=types)
    if kind == "multiple_choice":
        inputs = {name: rows.reshape(-1, CHOICES, rows.shape[1]) for name, rows in inputs.items()}
    inputs["labels"] = targets.double() if targets.is_floating_point() else targets
    output = model(**inputs)
    output.loss.backward()
    for name, weight in model.named_parameters():
        short = name.removeprefix("bert.")
        if name in HEADS[kind]:
            tensors["grad.heads/h/" + HEADS[kind][name]] = weight.grad.float()
        elif short in WATCHED:
            tensors["grad.base/" + short] = weight.grad.float()
    tensors |= {"input_ids": ids, "attention_mask": mask, "targets": targets, "logits": output.logits.detach().float(),
                "loss": output.loss.detach().float().reshape(1)}
    model.zero_grad()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01, eps=1e-8)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(**inputs).loss
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    tensors["step_losses"] = torch.tensor(losses, dtype=torch.float64).float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(out, f"{kind}.safetensors"),
              metadata={"seed": str(seed), "torch": torch.__version__, "transformers": transformers.__version__})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    for kind in HEADS:
        make(kind, arguments.model, arguments.out, arguments.seed)
