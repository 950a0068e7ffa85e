#!/usr/bin/env python3
"""Checks, by hand, that peft and transformers compute what amalgam computes, from the folders that it exports of a decoder's bundle.

    check_decoder_export.py --amalgam BINARY [--models Tests/Golden/decoders] [--seed N]

Tunes LoRA on all seven projections of each small random decoder, exports it for peft and merged as a folder of transformers,
and compares the log-probabilities of the tokens that `amalgam generate` writes. Prints the largest difference of each; fails over
1e-4.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import peft
import torch
from transformers import AutoModelForCausalLM

KINDS, TOLERANCE = ("llama", "llama-b", "qwen2", "qwen3", "mistral"), 1e-4


def run(*arguments):
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def difference(model, prompt, tokens, wanted):
    with torch.no_grad():
        logits = model(torch.tensor([prompt + tokens])).logits[0].log_softmax(-1)
    own = [logits[len(prompt) - 1 + i, token].item() for i, token in enumerate(tokens)]
    return max(abs(a - b) for a, b in zip(own, wanted))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--amalgam", required=True)
    parser.add_argument("--models", default="Tests/Golden/decoders")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rows = [{"prompt": f"the cat {i}", "answer": " sat on it"} for i in range(40)]
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        for kind in KINDS:
            base, bundle = f"{options.models}/{kind}", str(folder / f"{kind}.h5")
            run(options.amalgam, "tune", "--model", base, "--data", str(folder / "rows.jsonl"), "--out", bundle, "--quiet",
                "--set", "targets=all", "--lr", "2e-2", "--epochs", "2", "--seed", str(options.seed))
            merged, adapter = str(folder / f"{kind}-merged"), str(folder / f"{kind}-peft")
            run(options.amalgam, "export", bundle, "--format", "hf", "--merge", "--model", base, "--out", merged)
            run(options.amalgam, "export", bundle, "--format", "peft", "--out", adapter)
            written = json.loads(run(options.amalgam, "generate", "--model", base, "--bundle", bundle, "--json", "--logprobs",
                                     "--prompt", "the cat 3", "--max-tokens", "12"))
            from transformers import AutoTokenizer
            prompt = AutoTokenizer.from_pretrained(base)("the cat 3")["input_ids"]
            assert len(prompt) == written["prompt_tokens"], "another prompt"
            whole = AutoModelForCausalLM.from_pretrained(merged).eval()
            plain = AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32)
            adapted = peft.PeftModel.from_pretrained(plain, adapter).eval()
            found = [difference(model, prompt, written["tokens"], written["logprobs"]) for model in (whole, adapted)]
            print(f"{kind}: merged {found[0]:.1e}, peft {found[1]:.1e}")
            worst = max(worst, *found)
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
