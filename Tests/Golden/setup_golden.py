#!/usr/bin/env python3
"""Makes the fixtures of the tests that read compositions as `adapters` 1.3.0 saves them.

    setup_golden.py --seed N --out DIR [--start FOLDER]

The tiny model, the head `h` and the batches are those that model_golden.py left in FOLDER (default: seed1 beside this
script). All adapters and fusions are moved by N(0, 0.3); a fusion's queries and keys are divided by 8 (stack_golden.py
says why). For each case this script adds:

    DIR/CASE/              what model.save_adapter_setup(DIR/CASE, SETUP, head_setup="h", use_safetensors=True) writes
    DIR/CASE.safetensors   logits [8, 3] of batch 0 in float64, rounded once, by the model that was saved
    DIR/meta.json          seed and versions

    stack     Stack(l, a), SeqBn with an invertible part and SeqBn
    fuse      Fuse(Stack(l, a), Stack(l, b)), all DoubleSeqBn
    nested    Stack(l, Fuse(a, b)), all SeqBn
    average   Average(Stack(l, a), Stack(m, b)), all DoubleSeqBn, weights .25 and .75
    loras     Average(a, b), two LoRAs on the same projections, equal weights

The library divides an average by the number of its children once more; the weights are given times that number, without
normalization (compose_golden.py), and so they stand in adapter_setup.json.
"""
import copy
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import begin, forget_where, perturb, soften, write_meta

import torch
from adapters import (AutoAdapterModel, DoubleSeqBnConfig, Fuse, LoRAConfig, SeqBnConfig, SeqBnInvConfig, Stack)
from adapters.composition import Average
from safetensors.torch import save_file


def main():
    options, batches = begin(__doc__)
    out = options.out
    batch = {n: t for n, t in batches[0].items() if n != "labels"}

    def average(*children, weights):
        return Average(*children, weights=[w * len(children) for w in weights], normalize_weights=False)

    def case(name, stream, setup, **configs):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(
            os.path.join(options.start, "tiny"), attn_implementation="eager").eval()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        for number, (adapter, config) in enumerate(configs.items()):
            model.add_adapter(adapter, config=config)
            generator = torch.Generator().manual_seed(options.seed * 1000 + stream + number)
            for part in ("adapters", "loras", "invertible_adapters"):
                perturb(model, f".{part}.{adapter}.", generator)
        fusions = [s for s in [setup, *setup] if isinstance(s, Fuse)]
        for fusion in fusions:
            model.add_adapter_fusion(fusion.name.split(","), config="dynamic")
            perturb(model, ".adapter_fusion_layer.",
                    torch.Generator().manual_seed(options.seed * 1000 + stream + 9))
            model = soften(model)
        model.set_active_adapters(setup)
        folder = os.path.join(out, name)
        model.save_adapter_setup(folder, setup, head_setup="h", use_safetensors=True)
        with torch.no_grad():
            logits = copy.deepcopy(model).double().eval()(**batch).logits
        save_file({"logits": logits.float().contiguous()}, os.path.join(out, name + ".safetensors"))

    double, seq = DoubleSeqBnConfig, SeqBnConfig
    case("stack", 800, Stack("l", "a"), l=SeqBnInvConfig(), a=seq())
    case("fuse", 810, Fuse(Stack("l", "a"), Stack("l", "b")), l=double(), a=double(), b=double())
    case("nested", 820, Stack("l", Fuse("a", "b")), l=seq(), a=seq(), b=seq())
    case("average", 830, average(Stack("l", "a"), Stack("m", "b"), weights=[0.25, 0.75]),
         l=double(), m=double(), a=double(), b=double())
    case("loras", 840, average("a", "b", weights=[0.5, 0.5]), a=LoRAConfig(), b=LoRAConfig())
    forget_where(out)
    write_meta(out, options.seed, ["stack", "fuse", "nested", "average", "loras"],
               start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
