#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of RoBERTa's family: position ids from the padding's on, one kind of text.

    roberta_golden.py --out DIR [--seed N]

needs torch (CPU), transformers and safetensors. For each of roberta (saved with its head, so under `roberta.`) and
xlm-roberta (saved bare), small and random:

    DIR/KIND/                   the model as a Hugging Face folder
    DIR/KIND.safetensors        input_ids, attention_mask [6, L], labels [6]: int64, padded with id 1;
                                hidden.I [real tokens, hidden]: I = 0 for the embeddings; logits [6, 3]; loss [1];
                                grad.<torch name> of every weight;
                                head.<torch name>: the classification head (dense, tanh, dense on the first token);
                                step_losses [20] float64: the loss before each AdamW step (all weights, 1e-3, decay 0.01)

All from float32 weights in float64, rounded once, dropout off. The longest sequence takes the last position there is.
"""
import argparse
import copy
import json
import logging
import os
import shutil

os.environ.setdefault("HF_HUB_OFFLINE", "1")
logging.disable(logging.WARNING)

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

SHAPE = dict(vocab_size=70, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
             max_position_embeddings=26, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
             layer_norm_eps=1e-5, num_labels=3)
LENGTHS, STEPS, RATE, STD = (1, 2, 5, 11, 17, 24), 20, 1e-3, 0.1
KINDS = {"roberta": (transformers.RobertaConfig, transformers.RobertaForSequenceClassification),
         "xlm-roberta": (transformers.XLMRobertaConfig, transformers.XLMRobertaForSequenceClassification)}


def make(kind, folder, generator):
    configuration, family = KINDS[kind]
    model = family(configuration(**SHAPE, attn_implementation="eager"))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * STD)
            if name.endswith("LayerNorm.weight"):
                weight.add_(1)
    (model if kind == "roberta" else model.roberta).save_pretrained(folder, safe_serialization=True)
    return model.eval()


def make_batch(generator):
    rows, longest = len(LENGTHS), max(LENGTHS)
    ids = torch.full((rows, longest), SHAPE["pad_token_id"])
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(3, SHAPE["vocab_size"], (length,), generator=generator)
        ids[row, 0] = 0
    return {"input_ids": ids, "attention_mask": (ids != 1).long(),
            "labels": torch.randint(0, 3, (rows,), generator=generator)}


def follow(model, batch):
    model = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(**batch).loss
        losses.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
    return torch.tensor(losses, dtype=torch.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shutil.rmtree(options.out, ignore_errors=True)
    for number, kind in enumerate(KINDS):
        generator = torch.Generator().manual_seed(options.seed * 1000 + number)
        model = make(kind, os.path.join(options.out, kind), generator)
        batch = make_batch(generator)
        exact = copy.deepcopy(model).double()
        output = exact(**batch, output_hidden_states=True)
        output.loss.backward()
        real = batch["attention_mask"].bool()
        tensors = {f"hidden.{i}": state[real].detach() for i, state in enumerate(output.hidden_states)}
        tensors |= {"logits": output.logits.detach(), "loss": output.loss.detach().reshape(1)}
        tensors |= {f"grad.{n}": p.grad for n, p in exact.named_parameters()}
        tensors |= {f"head.{n}": p.detach() for n, p in model.classifier.named_parameters()}
        tensors = {n: t.float().contiguous() for n, t in tensors.items()} | batch
        tensors["step_losses"] = follow(exact, batch)
        error = float((follow(model, batch) - tensors["step_losses"]).abs().max())
        save_file(tensors, os.path.join(options.out, kind + ".safetensors"),
                  metadata={"seed": str(options.seed), "transformers": transformers.__version__,
                            "torch": torch.__version__, "library_float32_error_of_the_curve": str(error)})
        print(kind, json.dumps({"error": error, "losses": [float(tensors["step_losses"][i]) for i in (0, -1)]}))


if __name__ == "__main__":
    main()
