#!/usr/bin/env python3
"""Makes Tests/Golden/nf4.safetensors: matrices in NF4 with doubly quantized scales, as bitsandbytes makes them on a processor.

    pip install torch bitsandbytes==0.50.2 safetensors
    python3 Tests/Golden/nf4_golden.py [--seed 1] [--out Tests/Golden/nf4.safetensors]

For each matrix NAME there are
  NAME.weight    float32
  NAME.codes     two elements a byte, the first in the upper half
  NAME.scales    each block's index in the map
  NAME.factors   of each 256 scales
  NAME.offset    the mean of the scales
  NAME.values    what dequantize_4bit gives
and for all of them `map` and `code`.
"""
import argparse

import bitsandbytes.functional as bnb
import torch
from safetensors.torch import save_file

# Where a row ends within a block, bitsandbytes' kernel for processors takes other blocks' scales from the second row of many on:
# large ones have whole blocks, as models have
SHAPES = {"square": (96, 64), "wide": (8, 320), "odd": (13, 7), "many": (150, 128), "short": (3, 16)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="Tests/Golden/nf4.safetensors")
    options = parser.parse_args()
    generator = torch.Generator().manual_seed(options.seed)
    tensors = {}
    for name, shape in SHAPES.items():
        weight = torch.randn(shape, generator=generator) * 0.05
        weight.view(-1)[:4] = torch.tensor([0.0, -0.0, 0.5, -0.5])
        codes, state = bnb.quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
        tensors[f"{name}.weight"] = weight
        tensors[f"{name}.codes"] = codes.flatten()
        tensors[f"{name}.scales"] = state.absmax.flatten()
        tensors[f"{name}.factors"] = state.state2.absmax.flatten()
        tensors[f"{name}.offset"] = state.offset.reshape(1)
        tensors[f"{name}.values"] = bnb.dequantize_4bit(codes, state).reshape(shape)
        tensors["map"] = state.state2.code
        tensors["code"] = state.code
    save_file({name: tensor.float().contiguous() for name, tensor in tensors.items()}, options.out)
    print(f"bitsandbytes on {torch.__version__}: {len(tensors)} tensors in {options.out}")


if __name__ == "__main__":
    main()
