#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of compositions: averages, fusions of stacks, and blocks within blocks.

    compose_golden.py --seed N --out DIR [--start FOLDER]

The tiny model, the head `h` and the batches are those that model_golden.py left in FOLDER (default: seed1 beside this
script); its first lines say how numbers are computed, rounded and stored, how the learning rate of a curve is chosen, and
what a case's file holds. With `adapters` 1.3.0, this script adds:

    DIR/CASE/ADAPTER, fusion/  AdapterHub folders, written by the library's own savers, before any step
    DIR/CASE.safetensors       logits [8, 3], loss [1], grad.<torch name>, step_losses [50], step_lr [1]
    DIR/meta.json              as model_golden.py's

A head is trained in all cases; what else is trained stands behind the arrow, all other weights are frozen:
    average         Average(a, b), SeqBn and SeqBn of another width, weights .7 and .3 -> a, b
    average_stacks  Average(Stack(l, a), Stack(m, b)), all DoubleSeqBn, weights .25 and .75 -> a, b
    stack_average   Stack(l, Average(a, b)), all DoubleSeqBn, equal weights -> a, b
    fuse_stacks     Fuse(Stack(l, a), Stack(l, b)), all DoubleSeqBn -> the fusion (dynamic), without the regularizer

`average` in 1.3.0 normalizes its weights and then divides by the number of children once more. The definition is a sum
with weights of sum 1, so the script gives the library the weights times the number of children, without normalization.

The library normalizes twice where a stack within another block has `original_ln_before` (SeqBn): each block prepares its
input, and the stack prepares it again. DoubleSeqBn prepares nothing, so here the library computes the definition.

Adapter and fusion weights are moved by N(0, 0.3); then the fusion's queries and keys are divided by 8 (stack_golden.py
says why).
"""
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import Recorder, begin, forget_where, perturb, soften, write_meta

import torch
from adapters import AutoAdapterModel, DoubleSeqBnConfig, Fuse, SeqBnConfig, Stack
from adapters.composition import Average


def main():
    options, batches = begin(__doc__)
    out = options.out
    recorder = Recorder(out, batches)

    def classifier(stream, **configs):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(
            os.path.join(options.start, "tiny"), attn_implementation="eager").eval()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        for number, (name, config) in enumerate(configs.items()):
            model.add_adapter(name, config=config)
            perturb(model, f".adapters.{name}.", torch.Generator().manual_seed(options.seed * 1000 + stream + number))
        return model

    def folder(*parts):
        path = os.path.join(out, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def record(case, stream, setup, trained, **configs):
        model = classifier(stream, **configs)
        if isinstance(setup, Fuse):
            # The library names a fusion of stacks after their last adapters, and only makes it by these names
            model.add_adapter_fusion(setup.name.split(","), config="dynamic")
            perturb(model, ".adapter_fusion_layer.",
                    torch.Generator().manual_seed(options.seed * 1000 + stream + 9))
            model = soften(model)
            model.train_adapter_fusion(setup)
        else:
            model.train_adapter(trained)
        model.set_active_adapters(setup)
        for name in configs:
            model.save_adapter(folder(case, name), name, with_head=False, use_safetensors=True)
        if isinstance(setup, Fuse):
            model.save_adapter_fusion(folder(case, "fusion"), setup.name, use_safetensors=True)
        recorder.record(case, model, {n: c.to_dict() for n, c in configs.items()})

    def average(*children, weights):
        return Average(*children, weights=[w * len(children) for w in weights], normalize_weights=False)

    double = DoubleSeqBnConfig
    record("average", 700, average("a", "b", weights=[0.7, 0.3]), ["a", "b"],
           a=SeqBnConfig(), b=SeqBnConfig(reduction_factor=8))
    record("average_stacks", 710, average(Stack("l", "a"), Stack("m", "b"), weights=[0.25, 0.75]), ["a", "b"],
           l=double(), m=double(), a=double(), b=double())
    record("stack_average", 720, Stack("l", average("a", "b", weights=[0.5, 0.5])), ["a", "b"],
           l=double(), a=double(), b=double())
    record("fuse_stacks", 730, Fuse(Stack("l", "a"), Stack("l", "b")), None, l=double(), a=double(), b=double())
    forget_where(out)
    write_meta(out, options.seed, recorder.cases, start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
