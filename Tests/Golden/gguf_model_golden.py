#!/usr/bin/env python3
"""Makes Tests/Golden/gguf_models: small random decoders as llama.cpp stores them, and what `transformers` reads in them.

    pip install torch transformers==4.57.6 gguf==0.19.0 safetensors
    python3 Tests/Golden/gguf_model_golden.py [--seed 3] [--out Tests/Golden/gguf_models]
    python3 Tests/Golden/gguf_model_golden.py --gguf FILE --whole FOLDER

Written are, for llama (grouped heads, blocks of several types, tied output), llama-untied (float32) and qwen2 (biases),
  NAME.gguf         rows of queries and keys in llama.cpp's order
  NAME.safetensors  the tensors as `transformers` loads them from that file
  NAME.json         the numbers of its configuration
With --whole: the same of a real file, FOLDER/NAME.json and .safetensors (not to be committed), which the test reads where
AMALGAM_TEST_GGUF_MODEL names the folder, with a link to the file.
"""
import argparse
import json
import pathlib

import offline  # noqa: F401
import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

NUMBERS = ["model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size",
           "max_position_embeddings", "rope_theta", "rms_norm_eps", "vocab_size", "tie_word_embeddings", "bos_token_id",
           "eos_token_id"]


def permute(weights, heads):
    """llama.cpp's order: the two rows of each rotation side by side."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def model(path, generator, architecture="llama", hidden=32, heads=4, keys=2, inner=64, layers=2, words=48, tied=True, biases=False,
          types=("F32",)):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(layers)
    writer.add_context_length(128)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(keys)
    writer.add_rope_freq_base(100000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(words)
    if architecture == "llama":
        writer.add_rope_dimension_count(hidden // heads)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([f"<{i}>" for i in range(words)])
    writer.add_token_types([1] * words)
    writer.add_token_merges(["< 1"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    turn = iter(range(1000))

    def add(name, shape, plain=False):
        values = generator.normal(0, 1, shape).astype(np.float32)
        if architecture == "llama" and (".attn_q." in name or ".attn_k." in name):
            values = permute(values, heads if ".attn_q." in name else keys)
        kind = "F32" if plain else types[next(turn) % len(types)]
        writer.add_tensor(name, gguf.quantize(np.ascontiguousarray(values), Type[kind]), raw_dtype=Type[kind])

    add("token_embd.weight", (words, hidden))
    for n in range(layers):
        b = f"blk.{n}."
        width = hidden // heads * keys
        add(b + "attn_norm.weight", (hidden,), True)
        add(b + "ffn_norm.weight", (hidden,), True)
        for name, rows, columns in [("attn_q", hidden, hidden), ("attn_k", width, hidden), ("attn_v", width, hidden),
                                    ("attn_output", hidden, hidden), ("ffn_gate", inner, hidden), ("ffn_up", inner, hidden),
                                    ("ffn_down", hidden, inner)]:
            add(b + name + ".weight", (rows, columns))
            if biases and name.startswith("attn") and (architecture == "llama" or name != "attn_output"):
                add(b + name + ".bias", (rows,), True)
    add("output_norm.weight", (hidden,), True)
    if not tied:
        add("output.weight", (words, hidden))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path, out, seed):
    loaded = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    tensors = {name: value.contiguous() for name, value in loaded.state_dict().items()}
    if loaded.config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    save_file(tensors, out / (path.stem + ".safetensors"), metadata={"seed": str(seed)})
    (out / (path.stem + ".safetensors")).chmod(0o644)
    numbers = {name: getattr(loaded.config, name, None) for name in NUMBERS}
    (out / (path.stem + ".json")).write_text(json.dumps(numbers, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", default=pathlib.Path(__file__).parent / "gguf_models")
    parser.add_argument("--gguf")
    parser.add_argument("--whole")
    options = parser.parse_args()
    if options.whole:
        out = pathlib.Path(options.whole)
        out.mkdir(parents=True, exist_ok=True)
        link = out / "model.gguf"
        link.unlink(missing_ok=True)
        link.symlink_to(pathlib.Path(options.gguf).resolve())
        read(link, out, 0)
        return
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(options.seed)
    plans = {
        "llama": dict(types=("Q8_0", "Q4_1", "Q4_0", "Q5_1", "F16")),
        "llama-untied": dict(tied=False, keys=4, hidden=24, inner=40, words=20, layers=1),
        "qwen2": dict(architecture="qwen2", biases=True, types=("Q5_0", "BF16", "Q8_0"), layers=1),
    }
    for name, plan in plans.items():
        path = out / (name + ".gguf")
        model(path, generator, **plan)
        read(path, out, options.seed)


if __name__ == "__main__":
    main()
