#!/usr/bin/env python3
"""Makes the fixture of the parity test of masked language modeling: transformers' head on one small BERT.

    masked_golden.py --model Tests/Golden/seed1/tiny --out Tests/Golden/masked [--seed N]

needs torch (CPU), transformers and safetensors.

    OUT/head.safetensors   of BertForMaskedLM on texts of 1 to 20 tokens, in a padded batch: input_ids, attention_mask int64
                           [6, L], padded with 0; labels int64 [6, L], -100 where nothing is predicted; head.<ours>: the head's
                           tensors; top_ids int64, top_probabilities [targets, 20]: the most probable tokens of each target, in
                           order of the texts; loss [1]: the mean over the targets; grad.<ours>: of the head and of some of the
                           model's weights; step_losses [20]: the loss before each AdamW step (all weights but the word
                           embeddings, 1e-3, decay 0.01)

All from float32 weights in float64, rounded once, dropout off.
"""
import argparse
import os

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file

LENGTHS, STEPS, RATE, STD, TOP = (1, 3, 7, 12, 17, 20), 20, 1e-3, 0.2, 20
HEAD = {"cls.predictions.transform.dense.weight": "dense.weight", "cls.predictions.transform.dense.bias": "dense.bias",
        "cls.predictions.transform.LayerNorm.weight": "norm.weight", "cls.predictions.transform.LayerNorm.bias": "norm.bias",
        "cls.predictions.bias": "bias"}
WATCHED = ["encoder.layer.0.attention.self.query.weight", "encoder.layer.2.output.dense.bias", "embeddings.LayerNorm.weight"]
WORDS = "bert.embeddings.word_embeddings.weight"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    generator = torch.Generator().manual_seed(options.seed)
    model = transformers.BertForMaskedLM.from_pretrained(
        options.model, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager")
    tensors = {}
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name in HEAD:
                weight.copy_(torch.randn(weight.shape, generator=generator) * STD + ("LayerNorm.weight" in name))
                tensors["head." + HEAD[name]] = weight.detach().clone()
    assert len(tensors) == len(HEAD)
    model = model.double().eval()
    model.tie_weights()
    vocabulary = model.config.vocab_size
    ids = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, vocabulary, (length,), generator=generator)
        mask[row, :length] = 1
        chosen = torch.rand(length, generator=generator) < 0.3
        # The second text has no target
        if row != 1:
            labels[row, :length] = torch.where(chosen, torch.randint(5, vocabulary, (length,), generator=generator), -100)

    def output():
        return model(input_ids=ids, attention_mask=mask, labels=labels)

    made = output()
    probabilities, order = made.logits[labels >= 0].softmax(-1).sort(descending=True, stable=True)
    made.loss.backward()
    for name, weight in model.named_parameters():
        short = name.removeprefix("bert.")
        if name in HEAD:
            tensors["grad.heads/h/" + HEAD[name]] = weight.grad.float()
        elif short in WATCHED:
            tensors["grad.base/" + short] = weight.grad.float()
    tensors |= {"input_ids": ids, "attention_mask": mask, "labels": labels, "top_ids": order[:, :TOP],
                "top_probabilities": probabilities[:, :TOP].detach().float(), "loss": made.loss.detach().float().reshape(1)}
    optimizer = torch.optim.AdamW(
        [weight for name, weight in model.named_parameters() if name != WORDS], lr=RATE, weight_decay=0.01, eps=1e-8)
    losses = []
    for _ in range(STEPS):
        model.zero_grad()
        loss = output().loss
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    tensors["step_losses"] = torch.tensor(losses, dtype=torch.float64).float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(options.out, "head.safetensors"),
              metadata={"seed": str(options.seed), "torch": torch.__version__, "transformers": transformers.__version__})


if __name__ == "__main__":
    main()
