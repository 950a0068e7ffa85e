#!/usr/bin/env python3
"""Makes the fixtures of the ReFT parity tests.

    reft_golden.py --seed N --start DIR --out DIR

DIR of --start is a folder of model_golden.py, whose model, batches and head the cases use; see there for how. Cases:
    loreft       LoReftConfig(r=2)
    loreft_both  two tokens at the beginning and one at the end, r 3, tanh, layers 0 and 2
    noreft_tied  NoReftConfig with one edit for both ends
    direft       DiReftConfig, r 2
    loreft_base  as loreft, as the library makes it: its orthonormal rows start from a random base; only logits and loss

    DIR/CASE/adapter/     the library's folder
    DIR/CASE.safetensors  as in model_golden.py

All edits are moved by N(0, 0.3) first. But for loreft_base, the base of torch's orthogonal parametrization is set to the identity,
which is as good as any other: it only says what the free numbers mean. These are not decayed: torch reads the signs on their
diagonal with int(), so that the first decay makes every projection of the library 0. Where no token is edited at the end of a text,
the library's folder has a unit all the same. It is not measured, since it fails in float64.
"""
import os

import model_golden
import torch
from adapters import AutoAdapterModel, DiReftConfig, LoReftConfig, NoReftConfig
from safetensors.torch import load_file, save_file

CASES = {
    "loreft": LoReftConfig(r=2),
    "loreft_both": LoReftConfig(r=3, prefix_positions=2, suffix_positions=1, non_linearity="tanh", layers=[0, 2]),
    "noreft_tied": NoReftConfig(r=2, prefix_positions=2, suffix_positions=1, tied_weights=True),
    "direft": DiReftConfig(r=2),
    "loreft_base": LoReftConfig(r=2),
}


def optimizer(model, rate):
    """The free numbers of orthonormal rows are not decayed."""
    named = model_golden.trainable(model)
    free = [p for n, p in named if n.endswith(".original")]
    rest = [p for n, p in named if not n.endswith(".original")]
    groups = [{"params": rest}] + ([{"params": free, "weight_decay": 0}] if free else [])
    return torch.optim.AdamW(groups, lr=rate, **model_golden.OPTIMIZER)


def units(model):
    return [m for n, m in model.named_modules() if n.rsplit(".", 1)[0].endswith(".units")]


def main():
    options, batches = model_golden.begin(__doc__)
    model_golden.optimizer = optimizer
    recorder = model_golden.Recorder(options.out, batches)
    for stream, (case, config) in enumerate(CASES.items()):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(os.path.join(options.start, "tiny"), attn_implementation="eager")
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.add_adapter("t", config=config)
        model.train_adapter("t")
        model.active_head = "h"
        generator = torch.Generator().manual_seed(options.seed * 1000 + 130 + stream)
        diagonals = {n: p.detach().diagonal().clone() for n, p in model.named_parameters() if n.endswith(".original")}
        model_golden.perturb(model, ".refts.", generator)
        for name, parameter in model.named_parameters():
            if name in diagonals:
                parameter.data.diagonal().copy_(diagonals[name])
        for unit in units(model):
            if config.orthogonality and case != "loreft_base":
                base = unit.projection.parametrizations.weight[0].base
                base.copy_(torch.eye(len(base)))
        folder = os.path.join(options.out, case, "adapter")
        os.makedirs(folder)
        model.save_adapter(folder, "t", with_head=False, use_safetensors=True)
        for module in model.modules():
            if type(module).__name__ == "ReftModule" and not config.suffix_positions:
                module.units[1] = torch.nn.Identity()
        recorder.record(case, model, config.to_dict())
    path = os.path.join(options.out, "loreft_base.safetensors")
    save_file({n: t for n, t in load_file(path).items() if n in ("logits", "loss")}, path)
    model_golden.forget_where(options.out)
    model_golden.write_meta(options.out, options.seed, recorder.cases)


if __name__ == "__main__":
    main()
