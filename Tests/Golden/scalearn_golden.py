#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of ScaLearn.

    scalearn_golden.py --seed N --out DIR [--start FOLDER]

The tiny model, the head `h` and the batches are those that model_golden.py left in FOLDER (default: seed1 beside this
script); its first lines say how numbers are computed, rounded and stored. `adapters` 1.3.0 has no ScaLearn: its fusion
modules are replaced by the formula, h + sum over n of omega_n * u_n. The library itself computes the adapters' outputs u_n
and everything around them. This script adds:

    DIR/a, DIR/b               AdapterHub folders: DoubleSeqBn, b of another width; all cases have them
    DIR/CASE.safetensors       as model_golden.py's, and omega.<torch name>: [2, 48] or [2, 1] before any step
    DIR/meta.json

Cases: vector, uniform, vector_shared, uniform_shared. A head and omega are trained; adapters are moved by N(0, 0.3).
"""
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import SHAPE, Recorder, begin, forget_where, perturb, write_meta

import torch
from adapters import AutoAdapterModel, DoubleSeqBnConfig, Fuse
from torch import nn

CONFIGS = {"a": DoubleSeqBnConfig(), "b": DoubleSeqBnConfig(reduction_factor=8)}


class Scales(nn.Module):
    def __init__(self, omega):
        super().__init__()
        self.omega = omega

    def forward(self, query, key, value, residual, output_attentions=False):
        return (self.omega * value).sum(2) + residual  # value: [batch, tokens, N, width]


def main():
    options, batches = begin(__doc__)
    out = options.out
    recorder = Recorder(out, batches)

    def record(case, stream, uniform, shared):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(
            os.path.join(options.start, "tiny"), attn_implementation="eager").eval()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        for number, (name, config) in enumerate(CONFIGS.items()):
            model.add_adapter(name, config=config)
            perturb(model, f".adapters.{name}.", torch.Generator().manual_seed(options.seed * 1000 + 990 + number))
            folder = os.path.join(out, name)
            os.makedirs(folder, exist_ok=True)
            model.save_adapter(folder, name, with_head=False, use_safetensors=True)
        model.add_adapter_fusion(["a", "b"], config="static")
        model.train_adapter_fusion(Fuse("a", "b"))
        generator = torch.Generator().manual_seed(options.seed * 1000 + stream)
        omega = None
        for name, module in list(model.named_modules()):
            if name.endswith(".adapter_fusion_layer") and "a,b" in module:
                if omega is None or not shared:
                    width = 1 if uniform else SHAPE["hidden_size"]
                    omega = nn.Parameter(1 + torch.randn(2, width, generator=generator) * 0.5)
                module["a,b"] = Scales(omega)
        beside = {"omega." + n: p.detach().clone() for n, p in model.named_parameters() if n.endswith(".omega")}
        recorder.record(case, model, {n: c.to_dict() for n, c in CONFIGS.items()}, beside=beside)

    record("vector", 1000, False, False)
    record("uniform", 1001, True, False)
    record("vector_shared", 1002, False, True)
    record("uniform_shared", 1003, True, True)
    forget_where(out)
    write_meta(out, options.seed, recorder.cases, start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
