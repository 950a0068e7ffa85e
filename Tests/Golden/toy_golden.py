#!/usr/bin/env python3
"""Makes the fixtures of FAMO (Liu et al. 2023) and PCGrad (Yu et al. 2020) on a problem of three tasks, in PyTorch.

    toy_golden.py --out Tests/Golden/balancers [--seed N]

needs torch (CPU) and safetensors. Task i has the loss mean((X_i w - y_i)^2) + 0.05 with w of 6 numbers that all tasks share, and
targets of other sizes. Both move w by plain gradient descent.

    OUT/famo.safetensors     x [3, 4, 6], y [3, 4], start [6], rate; of 40 steps: losses [40, 3] before, weights [40, 6] and
                             logits [40, 3] after. torch.optim.Adam moves the logits: 0.025, weight_decay 0.01
    OUT/pcgrad.safetensors   x, y, start, rate; of 40 steps: order [40, 3, 2], for each task the others in the order in which its
                             gradient meets theirs, gradient [40, 6] and weights [40, 6]

All from float32 numbers in float64, rounded once.
"""
import argparse
import os

import torch
from safetensors.torch import save_file

TASKS, ROWS, WIDTH, STEPS, RATE = 3, 4, 6, 40, 0.02


def problem(generator):
    x = torch.randn(TASKS, ROWS, WIDTH, generator=generator)
    y = torch.randn(TASKS, ROWS, generator=generator) * torch.tensor([[0.5], [1.0], [3.0]])
    start = torch.randn(WIDTH, generator=generator)
    return {"x": x, "y": y, "start": start, "rate": torch.tensor([RATE])}


def losses(tensors, w):
    x, y = tensors["x"].double(), tensors["y"].double()
    return ((x @ w - y) ** 2).mean(1) + 0.05


def gradients(tensors, w):
    return [torch.autograd.grad(loss, w, retain_graph=True)[0] for loss in losses(tensors, w)]


def famo(tensors):
    w = tensors["start"].double().requires_grad_()
    logits = torch.zeros(TASKS, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.025, weight_decay=0.01)
    rate = tensors["rate"].double()
    kept = {"losses": [], "weights": [], "logits": []}
    for _ in range(STEPS):
        before = losses(tensors, w)
        shares = torch.softmax(logits, 0)
        scale = 1 / (shares / (before + 1e-8)).sum()
        objective = (shares.detach() * (before + 1e-8).log()).sum() * scale.detach()
        gradient, = torch.autograd.grad(objective, w)
        with torch.no_grad():
            w -= rate * gradient
            after = losses(tensors, w)
        # The logits go against the gradient of what the shares make of the falls
        fall = ((before + 1e-8).log() - (after + 1e-8).log()).detach()
        optimizer.zero_grad()
        (shares * fall).sum().backward()
        optimizer.step()
        for name, value in (("losses", before), ("weights", w), ("logits", logits)):
            kept[name].append(value.detach().clone())
    return {name: torch.stack(values).float() for name, values in kept.items()}


def pcgrad(tensors, generator):
    w = tensors["start"].double().requires_grad_()
    rate = tensors["rate"].double()
    kept = {"order": [], "gradient": [], "weights": []}
    met = 0
    for _ in range(STEPS):
        own = gradients(tensors, w)
        total, orders = torch.zeros(WIDTH, dtype=torch.float64), []
        for i in range(TASKS):
            others = [j for j in torch.randperm(TASKS, generator=generator).tolist() if j != i]
            projected = own[i].clone()
            for j in others:
                product = projected @ own[j]
                if product < 0:
                    projected = projected - product / (own[j] @ own[j]) * own[j]
                    met += 1
            total = total + projected
            orders.append(others)
        with torch.no_grad():
            w -= rate * total
        kept["order"].append(torch.tensor(orders))
        kept["gradient"].append(total)
        kept["weights"].append(w.detach().clone())
    assert met > STEPS // 4, "the tasks hardly disagree"
    return {name: torch.stack(values) if name == "order" else torch.stack(values).float() for name, values in kept.items()}


def make(out, seed):
    metadata = {"seed": str(seed), "torch": torch.__version__}
    for name, method in (("famo", lambda tensors, _: famo(tensors)), ("pcgrad", pcgrad)):
        generator = torch.Generator().manual_seed(seed)
        tensors = problem(generator)
        tensors |= method(tensors, generator)
        save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(out, f"{name}.safetensors"), metadata=metadata)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    make(arguments.out, arguments.seed)
