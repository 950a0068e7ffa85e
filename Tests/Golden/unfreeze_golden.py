#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of fusions that are trained together with their adapters.

    unfreeze_golden.py --seed N --out DIR [--start FOLDER]

The tiny model, the head `h` and the batches are those that model_golden.py left in FOLDER (default: seed1 beside this
script); its first lines say how numbers are computed, rounded and stored, how the learning rate of a curve is chosen, and
what a case's file holds. With `adapters` 1.3.0, this script adds:

    DIR/CASE/ADAPTER, fusion/  AdapterHub folders, written by the library's own savers, before any step
    DIR/CASE.safetensors       logits [8, 3], loss [1], grad.<torch name>, step_losses [50], step_lr [1]
    DIR/meta.json              as model_golden.py's

`train_adapter_fusion` freezes the adapters, so the script sets requires_grad of all adapter weights afterwards. The head,
the fusion (without its regularizer) and all adapters are trained in both cases:
    widths  Fuse(a, b), SeqBn and SeqBn of another width, dynamic
    stacks  Fuse(Stack(l, a), Stack(l, b)), all DoubleSeqBn, dynamic: l is in both parts

Adapter and fusion weights are moved by N(0, 0.3); then the fusion's queries and keys are divided by 8 (stack_golden.py
says why).
"""
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import Recorder, begin, forget_where, perturb, soften, write_meta

import torch
from adapters import AutoAdapterModel, DoubleSeqBnConfig, Fuse, SeqBnConfig, Stack


def main():
    options, batches = begin(__doc__)
    out = options.out
    recorder = Recorder(out, batches)

    def generator(stream):
        return torch.Generator().manual_seed(options.seed * 1000 + stream)

    def folder(*parts):
        path = os.path.join(out, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def record(case, stream, setup, **configs):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(
            os.path.join(options.start, "tiny"), attn_implementation="eager").eval()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        for number, (name, config) in enumerate(configs.items()):
            model.add_adapter(name, config=config)
            perturb(model, f".adapters.{name}.", generator(stream + number))
        # The library names a fusion of stacks after their last adapters
        model.add_adapter_fusion(setup.name.split(","), config="dynamic")
        perturb(model, ".adapter_fusion_layer.", generator(stream + 9))
        model = soften(model)
        model.train_adapter_fusion(setup)
        model.set_active_adapters(setup)
        for name, weight in model.named_parameters():
            if ".adapters." in name:
                weight.requires_grad = True
        for name in configs:
            model.save_adapter(folder(case, name), name, with_head=False, use_safetensors=True)
        model.save_adapter_fusion(folder(case, "fusion"), setup.name, use_safetensors=True)
        recorder.record(case, model, {n: c.to_dict() for n, c in configs.items()})

    double = DoubleSeqBnConfig
    record("widths", 800, Fuse("a", "b"), a=SeqBnConfig(), b=SeqBnConfig(reduction_factor=8))
    record("stacks", 810, Fuse(Stack("l", "a"), Stack("l", "b")), l=double(), a=double(), b=double())
    forget_where(out)
    write_meta(out, options.seed, recorder.cases, start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
