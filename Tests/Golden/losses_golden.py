#!/usr/bin/env python3
"""Makes the golden files of losses over distributions: cross-entropy and distillation, in PyTorch.

    losses_golden.py --out Tests/Golden/losses [--seed N]

needs torch (CPU). Each case has logits and targets, the loss of each row and the gradient of their sum, in float64 from
values that are exact in float32.

    OUT/cross_entropy.json   torch.nn.CrossEntropyLoss with probabilities, reduction "none"; with and without weights and
                             label smoothing
    OUT/distillation.json    alpha T^2 KL(teacher at T || student at T) + (1 - alpha) cross-entropy of the classes (Hinton et
                             al. 2015, section 2); the teacher's probabilities are those at temperature 1
    OUT/binary.json          torch.nn.BCEWithLogitsLoss, the mean over each row's targets; soft targets, some missing (null), and
                             smoothed ones
    OUT/contrast.json        the loss of queries against the documents of their batch, on rows of any length: torch's
                             cross-entropy over cosines / temperature, a query's own document against all that are not its own
    OUT/cosine.json          the squared error of torch.nn.CosineSimilarity of neighboring rows against scores from 1 to 5
    OUT/groups.json          torch.nn.CrossEntropyLoss over groups of rows of different sizes, with and without label smoothing
    OUT/distilled_{binary,groups,spans}.json
                             alpha T^2 KL(teacher at T || student at T) + (1 - alpha) times the loss of the targets: of independent
                             labels (the mean over them), of groups of rows, of starts and ends of windows (the mean of both).
                             The teacher's probabilities are those at T; some rows have no target, and some no teacher (null)
"""
import argparse
import json
import os

import torch
from torch.nn.functional import (
    binary_cross_entropy_with_logits, cross_entropy, kl_div, log_softmax, one_hot, softmax)

ROWS, CLASSES = 5, 4


def values(generator, shape, scale):
    return (torch.randn(shape, generator=generator) * scale).float().double()


def case(logits, loss, **facts):
    logits = logits.clone().requires_grad_()
    losses = loss(logits)
    losses.sum().backward()
    lists = {name: value.flatten().tolist() if torch.is_tensor(value) else value for name, value in facts.items()}
    return lists | {
        "logits": logits.detach().flatten().tolist(), "losses": losses.tolist(), "gradient": logits.grad.flatten().tolist()}


def binary_case(generator, smoothing):
    """The last row has no target at all, another row one that is missing."""
    targets = torch.rand((ROWS, CLASSES), generator=generator).round(decimals=2).float().double()
    targets[0] = torch.tensor([1.0, 0.0, 1.0, 0.0])
    missing = torch.zeros((ROWS, CLASSES), dtype=torch.bool)
    missing[1, 2] = True
    missing[ROWS - 1] = True

    def loss(x):
        each = binary_cross_entropy_with_logits(x, (1 - smoothing) * targets + smoothing / 2, reduction="none")
        return each.masked_fill(missing, 0).sum(1) / (~missing).sum(1).clamp(min=1)

    made = case(values(generator, (ROWS, CLASSES), 3), loss, smoothing=smoothing)
    flat = zip(targets.flatten().tolist(), missing.flatten().tolist())
    return made | {"targets": [None if gone else target for target, gone in flat]}


def group_case(generator, smoothing):
    """The third group has no right row."""
    sizes, right = [2, 5, 3, 1], [1, 3, None, 0]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]

    def loss(x):
        losses = torch.zeros(x.shape[0], dtype=torch.float64)
        for start, size, place in zip(starts, sizes, right):
            if place is not None:
                losses[start + place] = cross_entropy(
                    x[start:start + size].reshape(1, size), torch.tensor([place]), label_smoothing=smoothing)
        return losses

    made = case(values(generator, (sum(sizes), 1), 2), loss, smoothing=smoothing)
    return made | {"sizes": sizes, "right": right}


# A batch of queries, each with its relevant (r) and irrelevant (i) documents by number
BATCHES = [
    ["q", "r0", "q", "r1", "q", "r2"],
    # Equal documents: that of the first query again, once as another query's own and once as an irrelevant one
    ["q", "r0", "i1", "q", "r0", "q", "r2", "r3", "i0", "i4", "q", "r1"],
    ["q", "r5"],
]


def contrast_case(generator, batch, temperature):
    def loss(x):
        units = torch.nn.functional.normalize(x, dim=1)
        losses = torch.zeros(len(batch), dtype=torch.float64)
        firsts = {}
        for row, role in enumerate(batch):
            if role != "q":
                firsts.setdefault(role[1:], row)
        for row in (row for row, role in enumerate(batch) if role == "q"):
            end = next((other for other in range(row + 1, len(batch)) if batch[other] == "q"), len(batch))
            own = [other for other in range(row + 1, end) if batch[other][0] == "r"]
            others = [first for name, first in firsts.items() if name not in {batch[other][1:] for other in own}]
            each = [cross_entropy((units[[one] + others] @ units[row] / temperature)[None], torch.tensor([0]))
                    for one in own]
            losses[row] = torch.stack(each).mean()
        return losses

    made = case(values(generator, (len(batch), CLASSES), 1), loss, temperature=temperature)
    return made | {"roles": batch}


def cosine_case(generator):
    """The second pair has no score."""
    scores = [1.5, None, 5.0, 3.25]

    def loss(x):
        losses = torch.zeros(len(x), dtype=torch.float64)
        for pair, score in enumerate(scores):
            if score is not None:
                cosine = torch.nn.CosineSimilarity(dim=0)(x[2 * pair], x[2 * pair + 1])
                losses[2 * pair] = (cosine - (score - 1) / 4) ** 2
        return losses

    return case(values(generator, (2 * len(scores), CLASSES), 1), loss, scores=scores)


def pull(x, teacher, temperature):
    """T^2 KL(teacher || softmax(x / T))."""
    return temperature ** 2 * (teacher * (teacher.log() - log_softmax(x / temperature, 0))).sum()


def distilled_binary_case(generator, temperature, alpha):
    """The second row has no target, the third no teacher, the fourth neither."""
    targets = torch.randint(0, 2, (ROWS, CLASSES), generator=generator).double()
    teacher = torch.sigmoid(values(generator, (ROWS, CLASSES), 3) / temperature).float().double()
    hard, taught = [True, False, True, False, True], [True, True, False, False, True]

    def loss(x):
        losses = []
        for row in range(ROWS):
            each = torch.zeros(CLASSES, dtype=torch.float64)
            if hard[row]:
                each = each + (1 - alpha) * binary_cross_entropy_with_logits(x[row], targets[row], reduction="none")
            if taught[row]:
                for c in range(CLASSES):
                    both = torch.stack([x[row, c], torch.zeros((), dtype=torch.float64)])
                    p = torch.stack([teacher[row, c], 1 - teacher[row, c]])
                    each = each + alpha * pull(both, p, temperature) * one_hot(torch.tensor(c), CLASSES)
            losses.append(each.mean())
        return torch.stack(losses)

    made = case(values(generator, (ROWS, CLASSES), 2), loss, temperature=temperature, alpha=alpha)
    return made | {
        "targets": [t if hard[row] else None for row in range(ROWS) for t in targets[row].tolist()],
        "teacher": [t if taught[row] else None for row in range(ROWS) for t in teacher[row].tolist()]}


def distilled_runs_case(generator, columns, temperature, alpha):
    """Runs of rows with a softmax in each column: groups of choices (1 column) or windows with starts and ends (2). The second run
    has no target, the third no teacher, the last one neither. The loss is in the target row of a group, or in the run's first row."""
    sizes = [3, 2, 4, 2]
    targets = [[1, 2][:columns], None, [0, 3][:columns], None]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    raw = values(generator, (sum(sizes), columns), 3)
    taught = [True, True, False, False]
    teacher = torch.cat([
        softmax(raw[start:start + size] / temperature, 0) for start, size in zip(starts, sizes)]).float().double()

    def loss(x):
        losses = torch.zeros(x.shape[0], dtype=torch.float64)
        for run, (start, size) in enumerate(zip(starts, sizes)):
            rows = slice(start, start + size)
            total = torch.zeros((), dtype=torch.float64)
            for column in range(columns):
                if targets[run] is not None:
                    right = torch.tensor([targets[run][column]])
                    total = total + (1 - alpha) * cross_entropy(x[rows, column].reshape(1, size), right)
                if taught[run]:
                    total = total + alpha * pull(x[rows, column], teacher[rows, column], temperature)
            owner = start + (targets[run][0] if columns == 1 and targets[run] is not None else 0)
            losses[owner] = total / columns
        return losses

    made = case(values(generator, (sum(sizes), columns), 2), loss, temperature=temperature, alpha=alpha)
    said = [taught[run] for run, size in enumerate(sizes) for _ in range(size * columns)]
    return made | {
        "sizes": sizes, "targets": targets,
        "teacher": [value if is_said else None for value, is_said in zip(teacher.flatten().tolist(), said)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = torch.Generator().manual_seed(options.seed)
    soft, distilled = [], []
    for weighted in (False, True):
        for smoothing in (0.0, 0.1):
            logits = values(generator, (ROWS, CLASSES), 2)
            targets = softmax(values(generator, (ROWS, CLASSES), 2), 1).float().double()
            weights = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=torch.float64) if weighted else None
            soft.append(case(
                logits, lambda x: cross_entropy(
                    x, targets, weight=weights, label_smoothing=smoothing, reduction="none"),
                targets=targets, classWeights=weights, smoothing=smoothing))
    for temperature in (1.0, 2.0, 5.0):
        for alpha in (0.3, 0.9, 1.0):
            logits = values(generator, (ROWS, CLASSES), 2)
            teacher = softmax(values(generator, (ROWS, CLASSES), 3), 1).float().double()
            classes = torch.randint(0, CLASSES, (ROWS,), generator=generator)

            def loss(x):
                at = softmax(teacher.log() / temperature, 1)
                pull = kl_div(log_softmax(x / temperature, 1), at, reduction="none").sum(1)
                hard = cross_entropy(x, classes, reduction="none")
                return alpha * temperature ** 2 * pull + (1 - alpha) * hard

            distilled.append(case(
                logits, loss, teacher=teacher, classes=classes, temperature=temperature, alpha=alpha))
    binary = [binary_case(generator, smoothing) for smoothing in (0.0, 0.1)]
    groups = [group_case(generator, smoothing) for smoothing in (0.0, 0.1)]
    settings = [(temperature, alpha) for temperature in (1.0, 2.0, 5.0) for alpha in (0.4, 1.0)]
    labels = [distilled_binary_case(generator, *each) for each in settings]
    choices = [distilled_runs_case(generator, 1, *each) for each in settings]
    spans = [distilled_runs_case(generator, 2, *each) for each in settings]
    contrast = [contrast_case(generator, batch, temperature) for batch in BATCHES for temperature in (1.0, 0.25)]
    cosine = [cosine_case(generator)]
    os.makedirs(options.out, exist_ok=True)
    for name, cases in (
            ("cross_entropy", soft), ("distillation", distilled), ("binary", binary), ("groups", groups),
            ("distilled_binary", labels), ("distilled_groups", choices), ("distilled_spans", spans),
            ("contrast", contrast), ("cosine", cosine)):
        with open(os.path.join(options.out, f"{name}.json"), "w") as file:
            json.dump({"torch": torch.__version__, "seed": options.seed, "rows": ROWS, "classes": CLASSES,
                       "cases": cases}, file)
            file.write("\n")


if __name__ == "__main__":
    main()
