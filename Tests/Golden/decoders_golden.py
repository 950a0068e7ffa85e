#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of decoders: small random models, logits, gradients, greedy texts.

    decoders_golden.py --out DIR [--seed N] [--only KIND...]

needs torch (CPU), transformers, tokenizers and safetensors. For each KIND, one of
    llama     output layer tied to the embeddings; three heads of queries to a head of keys
    llama-b   untied, with biases in attention, as many heads of keys as of queries; saved in two files
    qwen2     biases of queries, keys and values; the upper two of three layers see a window of 7 tokens; untied
    qwen3     norms in each head, heads of 16 columns where hidden / heads is 8; tied
    mistral   all layers see a window of 6 tokens; untied

    DIR/KIND/                   the model as a Hugging Face folder, with a byte-level tokenizer.json
    DIR/KIND.safetensors        input_ids, attention_mask [5, L]: int64, padded with 0; logits [real tokens, vocabulary] in the
                                order of the sequences; loss [1]: the mean over all next tokens; grad.<torch name> of
                                every weight; greedy.I [20] int64: what follows sequence I

All from float32 weights in float64, rounded once, dropout off. The longest sequence has more than 129 tokens, where
attention goes by tiles.
"""
import argparse
import copy
import os
import shutil

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SHAPE = dict(vocab_size=300, hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=200, bos_token_id=1, eos_token_id=2, pad_token_id=0)
KINDS = {
    "llama": lambda: transformers.LlamaConfig(**dict(
        SHAPE, hidden_size=48, num_attention_heads=6, tie_word_embeddings=True, rope_theta=100000.0,
        rms_norm_eps=1e-5)),
    "llama-b": lambda: transformers.LlamaConfig(**dict(SHAPE, num_key_value_heads=4, attention_bias=True)),
    "qwen2": lambda: transformers.Qwen2Config(**SHAPE, use_sliding_window=True, sliding_window=7, max_window_layers=1),
    "qwen3": lambda: transformers.Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=True, rope_theta=1e6),
    "mistral": lambda: transformers.MistralConfig(**SHAPE, sliding_window=6),
}
LENGTHS, NEW, STD = (1, 2, 5, 33, 150), 20, 0.25
TEXTS = ["The cat sat on the mat.", "don't we'll", "naïve café", "one two three four\nfive six", "the mat and the cat"]


def tokenizer(folder):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(TEXTS * 2, trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<pad>", "<s>", "</s>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>", model_max_length=200,
        clean_up_tokenization_spaces=False).save_pretrained(folder)


def make(kind, folder, generator):
    configuration = KINDS[kind]()
    configuration._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(configuration, attn_implementation="eager")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * STD)
            if name.endswith("norm.weight"):
                weight.add_(1)
    model.save_pretrained(folder, safe_serialization=True, **({"max_shard_size": "60KB"} if kind == "llama-b" else {}))
    tokenizer(folder)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for number, kind in enumerate(KINDS):
        if kind not in options.only:
            continue
        folder = os.path.join(options.out, kind)
        shutil.rmtree(folder, ignore_errors=True)
        generator = torch.Generator().manual_seed(options.seed * 1000 + number)
        model = copy.deepcopy(make(kind, folder, generator)).double()
        rows = [torch.randint(3, 300, (length,), generator=generator) for length in LENGTHS]
        ids = torch.zeros((len(rows), max(LENGTHS)), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, :len(row)] = row
            mask[i, :len(row)] = 1
        # One by one: a padded row that sees nothing but padding would be NaN in models with windows
        logits = [model(input_ids=row[None], use_cache=False).logits[0] for row in rows]
        losses = [torch.nn.functional.cross_entropy(scores[:-1], row[1:], reduction="sum")
                  for scores, row in zip(logits, rows) if len(row) > 1]
        loss = sum(losses) / sum(len(row) - 1 for row in rows)
        loss.backward()
        tensors = {"input_ids": ids, "attention_mask": mask, "loss": loss.detach().float().reshape(1),
                   "logits": torch.cat(logits).detach().float()}
        for name, weight in model.named_parameters():
            tensors["grad." + name] = weight.grad.float().contiguous()
        for i in (2, 3):
            text = model.generate(
                input_ids=rows[i][None], attention_mask=torch.ones(1, len(rows[i]), dtype=torch.long), do_sample=False,
                max_new_tokens=NEW, min_new_tokens=NEW, eos_token_id=None, pad_token_id=0)
            tensors[f"greedy.{i}"] = text[0, len(rows[i]):].contiguous()
        save_file(tensors, os.path.join(options.out, kind + ".safetensors"))
        print(kind, float(loss.detach()), tensors["greedy.3"].tolist())


if __name__ == "__main__":
    main()
