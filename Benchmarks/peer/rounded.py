#!/usr/bin/env python3
"""Copies a model with its weights rounded to float16 (and stored in float32).

    rounded.py MODEL OUT

Such a model is half as large to carry to another machine, and gives exactly the same base to both sides of a comparison.
"""
import os
import shutil
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def main():
    source, target = sys.argv[1:]
    shutil.copytree(source, target)
    weights = os.path.join(target, "model.safetensors")
    with safe_open(weights, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    os.remove(weights)
    save_file({name: value.half().float() if value.dtype == torch.float32 else value for name, value in tensors.items()},
              weights, metadata)


if __name__ == "__main__":
    main()
