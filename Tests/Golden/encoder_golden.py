#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of real encoders' hidden states.

    encoder_golden.py --model FOLDER --out minilm.safetensors [--seed N]
    encoder_golden.py --model FOLDER --out e5.safetensors --lengths 1,3,17,64,200 --special 0,2,5 [--seed N]

FOLDER is a Hugging Face folder of MiniLM-L6 (second line: of multilingual-e5-small, as 'amalgam model fetch e5-small'
makes it), or of any BERT. The values are `transformers`' BertModel in float64, rounded once; its own float32 differs
from them by what the file's metadata says. Sequences are random ids, as many pieces as --lengths says, between the first
two ids of --special, from the third one on; the odd ones have a second segment. FILE (safetensors) holds

    lengths [S], input_ids [T], token_type_ids [T]   int64, the S sequences packed one after the other
    rows [R]                 int64, places in 0..<T: each sequence's first and one other
    hidden.I [R, d]          those rows' hidden states, I = 0 for the embeddings and I for layer I
    direction [d]            a random unit vector
    projected.I [T]          every row's hidden state times direction: no row goes unseen, at 1/d of the bytes
    pooled_of [P], pooled [P, d]   the means of the last hidden states of these sequences
"""
import argparse
import json
import os

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file

def numbers(text):
    return [int(number) for number in text.split(",")]


def sequence(length, segments, special, vocabulary, generator):
    first, last, words = special
    ids = torch.randint(words, vocabulary, (length,), generator=generator)
    types = torch.zeros(length, dtype=torch.int64)
    ids[0] = first
    if length > 1:
        ids[-1] = last
    if segments == 2 and length > 3:
        types[length // 2:] = 1
    return ids, types


def hidden_states(model, sequences):
    """One sequence at a time, so that padding plays no part: a list of [T, d], embeddings first."""
    with torch.no_grad():
        found = [model(ids[None], token_type_ids=types[None], output_hidden_states=True).hidden_states
                 for ids, types in sequences]
    return [torch.cat([states[i][0] for states in found]) for i in range(len(found[0]))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lengths", type=numbers, default=[1, 2, 3, 9, 17, 40, 64, 127, 200, 333, 512])
    parser.add_argument("--special", type=numbers, default=[101, 102, 1000])
    options = parser.parse_args()
    lengths, count = options.lengths, len(options.lengths)
    pooled = sorted({0, count // 3, (count + 1) // 2, count - 1})
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(options.seed)
    model = transformers.BertModel.from_pretrained(options.model, attn_implementation="eager").eval()
    sequences = [sequence(n, 1 + i % 2, options.special, model.config.vocab_size, generator)
                 for i, n in enumerate(lengths)]
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    rows = []
    for start, length in zip(starts, lengths):
        rows.append(start)
        if length > 1:
            rows.append(start + int(torch.randint(1, length, (1,), generator=generator)))
    direction = torch.randn(model.config.hidden_size, generator=generator)
    direction /= direction.norm()

    single = hidden_states(model, sequences)
    states = hidden_states(model.double(), sequences)
    error = max(float((a - b).abs().max()) for a, b in zip(single, states))
    tensors = {"lengths": torch.tensor(lengths), "rows": torch.tensor(rows), "direction": direction,
               "input_ids": torch.cat([ids for ids, _ in sequences]),
               "token_type_ids": torch.cat([types for _, types in sequences]),
               "pooled_of": torch.tensor(pooled),
               "pooled": torch.stack([states[-1][starts[i]:starts[i] + lengths[i]].mean(0) for i in pooled]).float()}
    for i, state in enumerate(states):
        tensors[f"hidden.{i}"] = state[rows].float()
        tensors[f"projected.{i}"] = (state @ direction.double()).float()
    notes = {"seed": options.seed, "transformers": transformers.__version__, "torch": torch.__version__,
             "library_float32_error": error}
    save_file(tensors, options.out, metadata={n: str(v) for n, v in notes.items()})
    print(json.dumps({**notes, "largest": float(states[-1].abs().max()), "bytes": os.path.getsize(options.out)}))


if __name__ == "__main__":
    main()
