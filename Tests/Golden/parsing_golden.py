#!/usr/bin/env python3
"""Makes the fixture of the parity test of the parsing head: deep biaffine attention on one small BERT.

    parsing_golden.py --model Tests/Golden/seed1/tiny --out Tests/Golden/heads [--seed N]

needs torch (CPU), transformers, safetensors and networkx. Written from the equations of Dozat and Manning (2017), with
full tensors of scores: arcs [words, words + 1] and labels [words, words + 1, labels] of each sentence, where the root is in
front. Column i of the bilinear tensors is the dependent's; the last row of each label's block is its own number.

    parsing.safetensors    input_ids, attention_mask, token_type_ids [6, L]: int64, padded with 0
                           words [6, L]: int64, 1 where a token stands for a word
                           heads, labels [6, L]: int64, of the words in order: the head's number from 1 or 0 for the root, -100
                           where there is no word; some words have no label (-1) or neither (-1, -1)
                           head.<ours>: the head's tensors; loss [1]; arc_losses, label_losses: of each word
                           trees [words, 2]: of each word the best tree's head and the label of its arc
                           grad.<ours>: of the head and of some of the model's weights
                           step_losses [20]: the loss before each AdamW step (all weights, 1e-3, decay 0.01)

All from float32 weights in float64, rounded once, dropout off. The trees are networkx's maximum spanning arborescences, with
a constant off each arc from the root, so that one word has it.
"""
import argparse
import os

import offline  # noqa: F401
import networkx
import torch
import transformers
from safetensors.torch import save_file

LENGTHS, STEPS, RATE, STD = (1, 3, 7, 12, 17, 20), 20, 1e-3, 0.2
LABELS, ARC, LABEL = 5, 11, 7
WATCHED = ["encoder.layer.0.attention.self.query.weight", "encoder.layer.2.output.dense.bias", "embeddings.LayerNorm.weight"]


def head_tensors(hidden, generator):
    shapes = {"arc.dependent": (ARC, hidden), "arc.head": (ARC, hidden), "arc.bilinear": (ARC, ARC), "arc.root": (1, ARC),
              "label.dependent": (LABEL, hidden), "label.head": (LABEL, hidden),
              "label.bilinear": (LABELS * (LABEL + 1), LABEL), "label.root": (LABELS, LABEL)}
    tensors = {}
    for name, shape in shapes.items():
        tensors[name + ".weight"] = torch.randn(shape, generator=generator) * STD
        tensors[name + ".bias"] = torch.randn(shape[0], generator=generator) * STD
    return tensors


def scores(x, t):
    """x: [words, hidden]. Arcs [words, words + 1], labels [words, words + 1, LABELS]."""
    def mlp(name):
        return torch.relu(x @ t[name + ".weight"].T + t[name + ".bias"])

    words = len(x)
    d, h = mlp("arc.dependent"), mlp("arc.head")
    arcs = torch.einsum("ia,ba,jb->ij", d, t["arc.bilinear.weight"], h) + (h @ t["arc.bilinear.bias"])[None, :]
    root = d @ t["arc.root.weight"].T + t["arc.root.bias"]
    arcs = torch.cat([root, arcs.masked_fill(torch.eye(words, dtype=torch.bool), -torch.inf)], 1)
    d, h = mlp("label.dependent"), mlp("label.head")
    blocks = t["label.bilinear.weight"].reshape(LABELS, LABEL + 1, LABEL)
    biases = t["label.bilinear.bias"].reshape(LABELS, LABEL + 1)
    ones = torch.ones(words, 1, dtype=x.dtype)
    h1, d1 = torch.cat([h, ones], 1), torch.cat([d, ones], 1)
    both = torch.cat([blocks, biases[:, :, None]], 2)  # [labels, head side, dependent side]
    labels = torch.einsum("jb,lba,ia->ijl", h1, both, d1)
    root = d @ t["label.root.weight"].T + t["label.root.bias"]
    return arcs, torch.cat([root[:, None], labels], 1)


def best_tree(arcs, labels):
    logs = torch.log_softmax(arcs, 1)
    words = len(logs)
    finite = logs[torch.isfinite(logs)]
    penalty = float(finite.max() - finite.min()) * words + 1
    graph = networkx.DiGraph()
    for i in range(words):
        for j in range(words + 1):
            if j != i + 1:
                graph.add_edge(j, i + 1, weight=float(logs[i, j]) - (penalty if j == 0 else 0))
    tree = networkx.maximum_spanning_arborescence(graph)
    heads = [next(iter(tree.predecessors(i + 1))) for i in range(words)]
    assert heads.count(0) == 1
    return [[head, int(labels[i, head].argmax())] for i, head in enumerate(heads)]


def make(folder, out, seed):
    generator = torch.Generator().manual_seed(seed)
    model = transformers.BertModel.from_pretrained(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
        add_pooling_layer=False)
    t = head_tensors(model.config.hidden_size, generator)
    tensors = {"head." + name: value.clone() for name, value in t.items()}
    ids = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask, words = torch.zeros_like(ids), torch.zeros_like(ids)
    heads, labels = torch.full_like(ids, -100), torch.full_like(ids, -100)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, model.config.vocab_size, (length,), generator=generator)
        mask[row, :length] = 1
        words[row, :length] = (torch.rand(length, generator=generator) < 0.7).long()
        words[row, 0] = 1
        if row == 2:
            words[row] = 0  # A sentence without words
        count = int(words[row].sum())
        for i in range(count):
            # Any heads will do: the loss counts words
            others = [j for j in range(count + 1) if j != i + 1]
            heads[row, i] = others[int(torch.randint(0, len(others), (1,), generator=generator))]
            labels[row, i] = int(torch.randint(0, LABELS, (1,), generator=generator))
            chance = float(torch.rand(1, generator=generator))
            if chance < 0.15:
                labels[row, i] = -1
            if chance < 0.05:
                heads[row, i] = -1

    model = model.double().eval()
    t = {name: value.double().requires_grad_() for name, value in t.items()}

    def losses():
        hidden = model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).last_hidden_state
        arc_losses, label_losses, trees, targets = [], [], [], 0
        for row in range(len(LENGTHS)):
            x = hidden[row, words[row] == 1]
            if not len(x):
                continue
            arcs, scored = scores(x, t)
            trees += best_tree(arcs.detach(), scored.detach())
            for i in range(len(x)):
                head, label = int(heads[row, i]), int(labels[row, i])
                zero = torch.zeros((), dtype=torch.double)
                arc_losses.append(-torch.log_softmax(arcs[i], 0)[head] if head >= 0 else zero)
                label_losses.append(-torch.log_softmax(scored[i, head], 0)[label] if label >= 0 else zero)
                targets += head >= 0
        return torch.stack(arc_losses), torch.stack(label_losses), trees, targets

    def total():
        arc_losses, label_losses, _, targets = losses()
        return (arc_losses.sum() + label_losses.sum()) / targets

    arc_losses, label_losses, trees, _ = losses()
    loss = total()
    loss.backward()
    for name, value in t.items():
        tensors["grad.heads/h/" + name] = value.grad.float()
    for name, weight in model.named_parameters():
        if name in WATCHED:
            tensors["grad.base/" + name] = weight.grad.float()
    tensors |= {"input_ids": ids, "attention_mask": mask, "words": words, "heads": heads, "labels": labels,
                "trees": torch.tensor(trees), "loss": loss.detach().float().reshape(1),
                "arc_losses": arc_losses.detach().float(), "label_losses": label_losses.detach().float()}
    optimizer = torch.optim.AdamW(list(model.parameters()) + list(t.values()), lr=RATE, weight_decay=0.01, eps=1e-8)
    curve = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = total()
        curve.append(loss.item())
        loss.backward()
        optimizer.step()
    tensors["step_losses"] = torch.tensor(curve, dtype=torch.float64).float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(out, "parsing.safetensors"),
              metadata={"seed": str(seed), "torch": torch.__version__, "transformers": transformers.__version__,
                        "networkx": networkx.__version__})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    make(arguments.model, arguments.out, arguments.seed)
