#!/usr/bin/env python3
"""Checks, by hand, that peft and transformers compute what amalgam computes, from the folders that it exports.

    check_lora_export.py --amalgam BINARY --model FOLDER --texts FILE.jsonl [--seed N]

FOLDER: an encoder of the BERT family (amalgam model fetch minilm); FILE: rows with `text`. Makes bundles of LoRA, (IA)³,
VeRA, LN tuning, prompt and prefix tuning with random numbers from peft itself (all projections, patterns, rsLoRA, a
classification head), imports them, and compares the probabilities that `amalgam predict` prints with

- peft: the exported PEFT folder on its base model, through its own class;
- transformers: the merged folder, through AutoModelForSequenceClassification, with its labels and its tokenizer (not for
  prompts and prefixes, which are no part of a model).

Prints the largest difference of each; fails over 1e-5.
"""
import argparse
import json
import os
import subprocess
import tempfile

import offline  # noqa: F401
import peft
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

LABELS, STD, TOLERANCE = 3, 0.05, 1e-5
# By the beginning of a case's name; LoRA otherwise
KINDS = {"vera": peft.VeraConfig, "ia3": peft.IA3Config, "ln": peft.LNTuningConfig,
         "prompt": peft.PromptTuningConfig, "prefix": peft.PrefixTuningConfig}
# Their folders tell neither the model's family nor its pooler
TABLES = (peft.PromptTuningConfig, peft.PrefixTuningConfig)
MOVED = ("lora_", "vera_lambda", "ia3_l", "ln_tuning_layers", "modules_to_save", "prompt_encoder.")
CASES = {
    "default": dict(r=8, lora_alpha=16, target_modules=["query", "value"]),
    "everything": dict(r=4, lora_alpha=6, use_rslora=True, target_modules=[
        "query", "key", "value", "output.dense", "intermediate.dense"],
        rank_pattern={"layer.1.attention.self.query": 2, "intermediate.dense": 5}, alpha_pattern={"value": 3}),
    "dora": dict(r=4, lora_alpha=6, use_dora=True, use_rslora=True, target_modules=[
        "query", "key", "value", "output.dense", "intermediate.dense"], alpha_pattern={r"layer\.[02]\..*value": 3}),
    # The import asks the base what these started from
    "pissa": dict(r=4, lora_alpha=6, init_lora_weights="pissa", target_modules=["query", "value", "intermediate.dense"]),
    "pissa_dora": dict(r=4, lora_alpha=6, init_lora_weights="pissa", use_dora=True, target_modules=["query", "value"]),
    "vera": dict(r=64, target_modules=["query", "value"]),
    "vera_all": dict(r=32, projection_prng_key=5, target_modules=["query", "value", "output.dense", "intermediate.dense"]),
    # These hold the norms as a whole
    "ln": dict(target_modules=["LayerNorm"]),
    "ln_part": dict(target_modules=r".*layer\.[02]\.output\.LayerNorm"),
    "prompt": dict(num_virtual_tokens=7),
    "prefix": dict(num_virtual_tokens=9),
    "prefix_projection": dict(num_virtual_tokens=4, prefix_projection=True, encoder_hidden_size=20),
    "ia3": dict(),
    "ia3_mixed": dict(target_modules=r".*\.(query|attention\.output\.dense|intermediate\.dense)",
                      feedforward_modules=r".*\.intermediate\.dense"),
    "feed_forward": dict(r=2, lora_alpha=2, target_modules=r".*layer\.\d+\.output\.dense", lora_dropout=0.1),
}


def run(*arguments):
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def probabilities(model, tokenizer, texts):
    model.eval()
    found = []
    with torch.no_grad():
        for text in texts:
            found.append(torch.softmax(model(**tokenizer(text, truncation=True, return_tensors="pt")).logits[0], 0))
    return torch.stack(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--amalgam", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(options.texts, encoding="utf8") as stream:
        texts = [json.loads(line)["text"] for line in stream][:20]
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    tokenizer.model_max_length = 128
    for case, config in CASES.items():
        with tempfile.TemporaryDirectory() as scratch:
            def path(name):
                return os.path.join(scratch, name)

            torch.manual_seed(options.seed)

            def base():
                return AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=LABELS)

            modules = ["classifier"] + (["pooler"] if hasattr(base().base_model, "pooler") and
                                        base().base_model.pooler is not None else [])
            kind = KINDS.get(case.split("_")[0], peft.LoraConfig)
            model = peft.get_peft_model(base(), kind(task_type="SEQ_CLS", modules_to_save=modules, **config))
            with torch.no_grad():
                for name, weight in model.named_parameters():
                    if any(part in name for part in MOVED):
                        weight.add_(torch.randn(weight.shape) * STD)
            model.save_pretrained(path("theirs"))
            wanted = probabilities(model, tokenizer, texts)

            whole_norms = ["--model", options.model] if kind is peft.LNTuningConfig else []
            known = ["--model", options.model] if "init_lora_weights" in config or kind in TABLES else whole_norms
            run(options.amalgam, "import", path("theirs"), "--out", path("a.h5"), *known)
            with open(path("texts.jsonl"), "w", encoding="utf8") as stream:
                for text in texts:
                    stream.write(json.dumps({"text": text}) + "\n")
            lines = run(options.amalgam, "predict", "--bundle", path("a.h5"), "--model", options.model, "--input",
                        path("texts.jsonl"), "--format", "jsonl", "--max-length", "128", "--top-k", str(LABELS))
            ours = torch.tensor([[row["probabilities"][f"LABEL_{i}"] for i in range(LABELS)]
                                 for row in map(json.loads, lines.splitlines())])
            run(options.amalgam, "export", path("a.h5"), "--format", "peft", "--out", path("ours"), *whole_norms)
            back = peft.PeftModel.from_pretrained(base(), path("ours"))
            again = probabilities(back, tokenizer, texts)
            found = {"amalgam": ours, "peft": again}
            if kind not in TABLES:
                run(options.amalgam, "export", path("a.h5"), "--format", "hf", "--merge", "--model", options.model,
                    "--out", path("merged"))
                info = AutoModelForSequenceClassification.from_pretrained(path("merged"), output_loading_info=True)
                merged = info[0]
                assert not info[1]["missing_keys"] and not info[1]["unexpected_keys"], info[1]
                assert merged.config.id2label == {i: f"LABEL_{i}" for i in range(LABELS)}
                found["transformers"] = probabilities(
                    merged, AutoTokenizer.from_pretrained(path("merged"), model_max_length=128), texts)
            differences = {name: float((values - wanted).abs().max()) for name, values in found.items()}
            print(case, differences, "spread of probabilities", float(wanted.std(0).max()))
            assert max(differences.values()) < TOLERANCE, case


if __name__ == "__main__":
    main()
