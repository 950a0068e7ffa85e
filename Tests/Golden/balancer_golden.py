#!/usr/bin/env python3
"""Makes the fixture of uncertainty weighting (Kendall et al. 2018): three tasks in one batch, in PyTorch.

    balancer_golden.py --model Tests/Golden/seed1/tiny --out Tests/Golden/balancers [--seed N]

needs torch (CPU), transformers and safetensors. The tasks are a classification on the first token (three classes), a tagging
(five tags) and a regression on the mean of the tokens (two numbers), each on texts of its own. The loss is the sum of
exp(-s) L + s / 2 over the tasks, with exp(-s) L / 2 for the regression; s does not start at 0, where much is right by chance.

    OUT/uncertainty.safetensors   TASK.input_ids, TASK.attention_mask: int64, padded with 0; TASK.targets: classes [4], tags
                                  [4, L] with -100 where a token has none, numbers [4, 2]
                                  head.TASK.<ours>: the heads' tensors
                                  start [3], gradient [3]: s of class, tags and number, and its gradient before the first step
                                  step_losses [20], log_variances [20, 3]: before each step, and after it

All from float32 weights in float64, rounded once, dropout off. AdamW over all weights: 1e-3, decay 0.01 but for s.
"""
import argparse
import os

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy, mse_loss

LENGTHS = {"class": (1, 4, 9, 13), "tags": (3, 2, 15, 8), "number": (5, 11, 1, 7)}
OUTPUTS = {"class": 3, "tags": 5, "number": 2}
START, STEPS, RATE, STD = (0.4, -0.6, 0.2), 20, 1e-3, 0.2


def texts(task, vocabulary, generator):
    lengths = LENGTHS[task]
    ids = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, vocabulary, (length,), generator=generator)
        mask[row, :length] = 1
    if task == "number":
        return ids, mask, torch.randn(len(lengths), OUTPUTS[task], generator=generator) * 2
    if task == "class":
        return ids, mask, torch.randint(0, OUTPUTS[task], (len(lengths),), generator=generator)
    targets = torch.randint(0, OUTPUTS[task], ids.shape, generator=generator)
    targets[torch.rand(ids.shape, generator=generator) < 0.4] = -100
    targets[mask == 0] = -100
    return ids, mask, targets


def head(task, hidden, generator):
    shapes = {"out.weight": (OUTPUTS[task], hidden), "out.bias": (OUTPUTS[task],)}
    if task != "tags":
        shapes |= {"dense.weight": (hidden, hidden), "dense.bias": (hidden,)}
    return {name: torch.randn(shape, generator=generator) * STD for name, shape in sorted(shapes.items())}


def loss(task, model, weights, batch):
    ids, mask, targets = batch
    hidden = model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).last_hidden_state
    if task == "class":
        hidden = hidden[:, 0]
    elif task == "number":
        real = mask.unsqueeze(-1)
        hidden = (hidden * real).sum(1) / real.sum(1)
    if task != "tags":
        hidden = torch.tanh(hidden @ weights["dense.weight"].T + weights["dense.bias"])
    output = hidden @ weights["out.weight"].T + weights["out.bias"]
    if task == "number":
        return mse_loss(output, targets.double())
    return cross_entropy(output.flatten(0, -2), targets.flatten(), ignore_index=-100)


def make(folder, out, seed):
    generator = torch.Generator().manual_seed(seed)
    model = transformers.BertModel.from_pretrained(
        folder, add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        attn_implementation="eager").double().eval()
    batches = {task: texts(task, model.config.vocab_size, generator) for task in LENGTHS}
    heads = {task: head(task, model.config.hidden_size, generator) for task in LENGTHS}
    tensors = {f"head.{task}.{name}": value for task, own in heads.items() for name, value in own.items()}
    for task, (ids, mask, targets) in batches.items():
        tensors |= {f"{task}.input_ids": ids, f"{task}.attention_mask": mask, f"{task}.targets": targets}
    heads = {task: {name: value.double().requires_grad_() for name, value in own.items()} for task, own in heads.items()}
    s = torch.tensor(START, dtype=torch.float32).double().requires_grad_()
    weights = list(model.parameters()) + [value for own in heads.values() for value in own.values()]
    optimizer = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.01}, {"params": [s], "weight_decay": 0.0}], lr=RATE, eps=1e-8)
    losses, variances = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        total = 0
        for i, task in enumerate(LENGTHS):
            weight = torch.exp(-s[i]) * (0.5 if task == "number" else 1)
            total = total + weight * loss(task, model, heads[task], batches[task]) + s[i] / 2
        total.backward()
        if step == 0:
            tensors["gradient"] = s.grad.float()
        optimizer.step()
        losses.append(total.item())
        variances.append(s.detach().clone())
    tensors |= {"start": torch.tensor(START), "step_losses": torch.tensor(losses, dtype=torch.float64).float(),
                "log_variances": torch.stack(variances).float()}
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(out, "uncertainty.safetensors"),
              metadata={"seed": str(seed), "torch": torch.__version__, "transformers": transformers.__version__})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    make(arguments.model, arguments.out, arguments.seed)
