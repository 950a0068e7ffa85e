#!/usr/bin/env python3
"""Makes a ModernBERT folder of a stated size with random weights: speed and memory do not depend on what they are.

    random_modernbert.py --vocabulary vocab.txt --out FOLDER [--hidden 384] [--layers 6] [--heads 6] ...

The tokenizer is WordPiece with the given vocabulary, so that benchmark texts can be counted without it. Needs only the
standard library.
"""
import argparse
import array
import json
import os
import random
import shutil
import struct
import sys


def make(folder, vocabulary, hidden=384, layers=6, heads=6, intermediate=576, positions=8192, window=128, every=3, seed=1):
    os.makedirs(folder, exist_ok=True)
    with open(vocabulary, encoding="utf8") as lines:
        words = sum(1 for _ in lines)
    tensors = [("embeddings.tok_embeddings.weight", [words, hidden]), ("embeddings.norm.weight", [hidden])]
    for i in range(layers):
        own = [("attn.Wqkv", [3 * hidden, hidden]), ("attn.Wo", [hidden, hidden]), ("mlp_norm", [hidden]),
               ("mlp.Wi", [2 * intermediate, hidden]), ("mlp.Wo", [hidden, intermediate])]
        if i > 0:
            own.insert(0, ("attn_norm", [hidden]))
        tensors += [(f"layers.{i}.{name}.weight", shape) for name, shape in own]
    tensors.append(("final_norm.weight", [hidden]))
    rng, header, data, end = random.Random(seed), {}, [], 0
    for name, shape in tensors:
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        draw = rng.random
        values = array.array("f", [1.0] * count if len(shape) == 1 else [0.07 * draw() - 0.035 for _ in range(count)])
        if sys.byteorder == "big":
            values.byteswap()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + 4 * count]}
        end += 4 * count
        data.append(values)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in data:
            values.tofile(file)
    configuration = {
        "model_type": "modernbert", "vocab_size": words, "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads, "intermediate_size": intermediate, "max_position_embeddings": positions,
        "local_attention": window, "global_attn_every_n_layers": every, "attention_dropout": 0.1, "pad_token_id": 0}
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": positions}
    for name, fields in ("config.json", configuration), ("tokenizer_config.json", settings):
        with open(os.path.join(folder, name), "w", encoding="utf8") as file:
            json.dump(fields, file, indent=1)
    shutil.copy(vocabulary, os.path.join(folder, "vocab.txt"))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--vocabulary", required=True)
    p.add_argument("--out", required=True)
    sizes = dict(hidden=384, layers=6, heads=6, intermediate=576, positions=8192, window=128, every=3, seed=1)
    for name, value in sizes.items():
        p.add_argument(f"--{name}", type=int, default=value)
    a = p.parse_args()
    make(a.out, a.vocabulary, **{name: getattr(a, name) for name in sizes})


if __name__ == "__main__":
    main()
