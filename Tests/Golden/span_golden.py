#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of question answering: transformers' head on one small BERT, and answers from logits.

    span_golden.py --model Tests/Golden/seed1/tiny --out Tests/Golden/spans [--seed N]

needs torch (CPU), numpy, transformers and safetensors.

    OUT/head.safetensors   of BertForQuestionAnswering on windows of 1 to 20 tokens: input_ids, attention_mask int64 [6, L], padded
                           with 0; starts, ends int64 [6]; head.<ours>: the head's tensors; logits [6, L, 2]; loss [1]: the mean
                           of the windows' losses; grad.<ours>: of the head and of some of the model's weights; step_losses
                           [20]: the loss before each AdamW step (all weights, 1e-3, decay 0.01)
    OUT/decoding.json      cases of logits in windows, with the candidates and probabilities of the published run_qa algorithm

The head runs over one window at a time: in a padded batch, transformers' loss also counts the logits of the padding. All from
float32 weights in float64, rounded once, dropout off.

The decoding follows run_qa (transformers' examples) with two changes: only tokens of the context compete for the best starts
and ends, and a span that several windows give is one candidate with its best score.
"""
import argparse
import json
import math
import os
import random

import offline  # noqa: F401
import numpy
import torch
import transformers
from safetensors.torch import save_file

LENGTHS, STEPS, RATE, STD = (1, 3, 7, 12, 17, 20), 20, 1e-3, 0.2
HEAD = {"qa_outputs.weight": "out.weight", "qa_outputs.bias": "out.bias"}
WATCHED = ["encoder.layer.0.attention.self.query.weight", "encoder.layer.2.output.dense.bias", "embeddings.LayerNorm.weight"]


def head(folder, out, seed):
    generator = torch.Generator().manual_seed(seed)
    model = transformers.BertForQuestionAnswering.from_pretrained(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager")
    tensors = {}
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name in HEAD:
                weight.copy_(torch.randn(weight.shape, generator=generator) * STD)
                tensors["head." + HEAD[name]] = weight.detach().clone()
    model = model.double().eval()
    ids = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask, logits = torch.zeros_like(ids), torch.zeros(*ids.shape, 2)
    starts, ends = torch.zeros(len(LENGTHS), dtype=torch.long), torch.zeros(len(LENGTHS), dtype=torch.long)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, model.config.vocab_size, (length,), generator=generator)
        mask[row, :length] = 1
        # The second window has no answer: both point at the first token
        span = torch.randint(0, length, (2,), generator=generator).sort().values * (row != 1)
        starts[row], ends[row] = span

    def outputs():
        return [model(input_ids=ids[r:r + 1, :n], start_positions=starts[r:r + 1], end_positions=ends[r:r + 1])
                for r, n in enumerate(LENGTHS)]

    made = outputs()
    for row, output in enumerate(made):
        logits[row, :LENGTHS[row], 0] = output.start_logits[0].detach().float()
        logits[row, :LENGTHS[row], 1] = output.end_logits[0].detach().float()
    loss = sum(o.loss for o in made) / len(made)
    loss.backward()
    for name, weight in model.named_parameters():
        short = name.removeprefix("bert.")
        if name in HEAD:
            tensors["grad.heads/h/" + HEAD[name]] = weight.grad.float()
        elif short in WATCHED:
            tensors["grad.base/" + short] = weight.grad.float()
    tensors |= {"input_ids": ids, "attention_mask": mask, "starts": starts, "ends": ends, "logits": logits,
                "loss": loss.detach().float().reshape(1)}
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01, eps=1e-8)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = sum(o.loss for o in outputs()) / len(LENGTHS)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    tensors["step_losses"] = torch.tensor(losses, dtype=torch.float64).float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(out, "head.safetensors"),
              metadata={"seed": str(seed), "torch": torch.__version__, "transformers": transformers.__version__})


def windows(rng, length, most, stride, question):
    """Windows over `length` context tokens of 1 to 5 characters: for each token its characters, or None."""
    edges, at = [], 0
    for _ in range(length):
        at += rng.choice([0, 1])
        size = rng.randint(1, 5)
        edges.append((at, at + size))
        at += size
    made, start = [], 0
    while True:
        end = min(start + most, length)
        made.append([None] * (question + 2) + edges[start:end] + [None])
        if end == length:
            return made, at
        start += most - stride


def answers(places, starts, ends, count, longest):
    none, best = math.inf, {}
    for own, s, e in zip(places, starts, ends):
        none = min(none, s[0] + e[0])
        context = [i for i, place in enumerate(own) if place is not None]
        for i in sorted(context, key=lambda i: -s[i])[:count]:
            for j in sorted(context, key=lambda j: -e[j])[:count]:
                if j < i or j - i + 1 > longest:
                    continue
                span = (own[i][0], own[j][1])
                best[span] = max(best.get(span, -math.inf), s[i] + e[j])
    return sorted(([*span, score] for span, score in best.items()), key=lambda c: -c[2])[:count], none


def probabilities(candidates, none, count, has_none):
    # As the script: no answer is one of the predictions before the cut to the best, and comes back after it
    scores = [("", none)] if has_none else []
    scores = sorted([(i, c[2]) for i, c in enumerate(candidates)] + scores, key=lambda p: -p[1])[:count]
    if has_none and all(name != "" for name, _ in scores):
        scores.append(("", none))
    top = max(s for _, s in scores)
    powers = {name: math.exp(s - top) for name, s in scores}
    total = sum(powers.values())
    return [powers[i] / total for i in range(len(candidates)) if i in powers], powers[""] / total if has_none else None


def decoding(out, seed):
    rng, cases = random.Random(seed), []
    for number, (length, most, stride, count, longest) in enumerate(
            [(5, 10, 2, 20, 30), (1, 10, 2, 20, 30), (60, 25, 10, 20, 30), (60, 25, 10, 5, 3), (90, 40, 20, 3, 30), (40, 12, 6, 20, 1)]):
        places, size = windows(rng, length, most, stride, rng.randint(0, 4))
        starts, ends = ([[float(numpy.float32(rng.gauss(0, 3))) for _ in own] for own in places] for _ in range(2))
        if number % 2:
            starts[0][0] += 12.0
            starts[0][0] = float(numpy.float32(starts[0][0]))
        candidates, none = answers(places, starts, ends, count, longest)
        case = {"places": [[list(p) if p else None for p in own] for own in places], "starts": starts, "ends": ends, "count": count,
                "longest": longest, "candidates": candidates, "none": none}
        for has_none in (False, True):
            own, of_none = probabilities(candidates, none, count, has_none)
            case["with_none" if has_none else "without_none"] = {"candidates": own, "none": of_none}
        cases.append(case)
    with open(os.path.join(out, "decoding.json"), "w", encoding="utf-8") as file:
        json.dump({"seed": seed, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    head(arguments.model, arguments.out, arguments.seed)
    decoding(arguments.out, arguments.seed)
