#!/usr/bin/env python3
"""Makes the fixtures of the parity tests for LoRA's variants: DoRA, LoRA+, PiSSA, and patterns with regular expressions.

    lora_variants_golden.py --seed N --model DIR --out DIR

As lora_golden.py, with `peft` alone. Cases, each with the classification head under modules_to_save:
    dora        every projection, rsLoRA, patterns of ranks and alphas; the magnitudes are perturbed too
    pissa       query and value, intermediate and output, alpha 6 on rank 4; A and B are perturbed after the start
    pissa_dora  both: the folder, logits and gradients of a few projections
    lora_plus   query and value with create_loraplus_optimizer, ratio 16, weight decay 0.01

    DIR/CASE/             the folder that peft saved; of pissa also DIR/pissa_converted/, which peft converted to plain LoRA
    DIR/CASE.safetensors  as in lora_golden.py; pissa and pissa_dora: start.<module> = s B0 A0, what is taken from the base,
                          from singular vectors in float64; dora: start.<module> = the first magnitudes
    DIR/patterns.json     which rank and alpha peft gives to each module, for a list of patterns
"""
import json
import os
import shutil

import lora_golden
import model_golden
import peft
import torch
from lora_golden import STD, theirs, trainable
from peft.optimizers import create_loraplus_optimizer
from peft.utils.other import get_pattern_key
from safetensors.torch import load_file, save_file
from transformers import BertForSequenceClassification

HEAD = ["classifier", "pooler"]
ALL = ["query", "key", "value", "output.dense", "intermediate.dense"]
RATIO = 16
KEYS = [
    {"query": 2}, {"self.query": 2}, {"uery": 2}, {"^query": 2}, {r"layer\.1\..*": 2}, {"layer.1.attention.self.query": 3},
    {r".*\.1\..*(query|value)": 5}, {r"layer\.[02]\.output\.dense": 6}, {r"encoder\.layer\.\d\.intermediate\.dense": 7},
    {r"attention\.(self\.)?\w+": 4}, {"query|value": 9}, {"output.dense": 2}, {r"[^.]+": 3}, {r"layer\.1+\.output.dense": 3},
    {"query$": 2}, {r"(?:query|key)": 2}, {r"layer\.[^0-1]\..*": 8}, {r"bert\..*key": 1}, {r"que\S{2}": 4}, {"": 3},
]


def parent(model, name):
    """The LoRA layer of a parameter `….base_layer.weight`."""
    return model.get_submodule(name.removesuffix(".base_layer.weight"))


def lora_plus(model, rate):
    """The optimizer that peft makes for LoRA+, in place of model_golden's AdamW."""
    options = {k: v for k, v in model_golden.OPTIMIZER.items() if k != "weight_decay"}
    return create_loraplus_optimizer(
        model, torch.optim.AdamW, lr=rate, loraplus_lr_ratio=RATIO,
        loraplus_weight_decay=model_golden.OPTIMIZER["weight_decay"], **options)


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    model_golden.trainable = trainable
    out, source = options.out, os.path.join(options.start, "tiny")
    recorder = lora_golden.Recorder(out, batches)
    plain = model_golden.optimizer

    def generator(stream):
        return torch.Generator().manual_seed(options.seed * 1000 + stream)

    cases = {
        "dora": dict(r=4, lora_alpha=6, use_dora=True, use_rslora=True, target_modules=ALL,
                     rank_pattern={"layer.1.attention.self.query": 2, "intermediate.dense": 5},
                     alpha_pattern={"value": 3}),
        "pissa": dict(r=4, lora_alpha=6, init_lora_weights="pissa",
                      target_modules=["query", "value", "output.dense", "intermediate.dense"],
                      rank_pattern={"intermediate.dense": 3}, alpha_pattern={"value": 9}),
        "pissa_dora": dict(r=3, lora_alpha=3, init_lora_weights="pissa", use_dora=True,
                           target_modules=["value", "intermediate.dense"]),
        "lora_plus": dict(r=4, lora_alpha=6, target_modules=["query", "value"]),
    }
    for stream, (case, fields) in enumerate(cases.items()):
        torch.manual_seed(options.seed)
        base = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager",
                                                             num_labels=model_golden.LABELS)
        weights = {n: p.detach().clone() for n, p in base.named_parameters()}
        config = peft.LoraConfig(task_type="SEQ_CLS", modules_to_save=HEAD, **fields)
        model = peft.get_peft_model(base, config)
        start, errors = {}, []
        for name, parameter in model.named_parameters():
            module = theirs(name)
            if case == "dora" and "lora_magnitude" in name:
                start["start." + module] = parameter.detach().clone()
            if case.startswith("pissa") and name.endswith(".base_layer.weight"):
                module = module.removesuffix(".base_layer.weight")
                u, s, v = torch.linalg.svd(weights[module + ".weight"].double(), full_matrices=False)
                rank = parent(model, name).r["default"]
                exact = (u[:, :rank] * s[:rank]) @ v[:rank]
                start["start." + module] = exact.float()
                taken = weights[module + ".weight"] - parameter.detach()
                errors.append(model_golden.relative(taken.double(), exact))
        if case == "pissa":
            # What peft's conversion subtracts: the adapter as it is before training
            lora_golden.save_folder(model, os.path.join(out, "initial"))
        model_golden.perturb(model, "lora_A", generator(70 + 4 * stream), STD)
        model_golden.perturb(model, "lora_B", generator(71 + 4 * stream), STD)
        model_golden.perturb(model, "lora_magnitude", generator(72 + 4 * stream), STD)
        model_golden.perturb(model, "modules_to_save", generator(73 + 4 * stream), STD)
        lora_golden.save_folder(model, os.path.join(out, case))
        model_golden.optimizer = lora_plus if case == "lora_plus" else plain
        recorder.record(case, model, json.loads(json.dumps(config.to_dict(), default=sorted)))
        path = os.path.join(out, case + ".safetensors")
        if errors:
            recorder.cases[case]["library_float32_error"]["start"] = max(errors)
        if start:
            save_file({**load_file(path), **start}, path)
        if case == "pissa":
            lora_golden.save_folder(model, os.path.join(out, "pissa_converted"),
                                    path_initial_model_for_weight_conversion=os.path.join(out, "initial"))
            shutil.rmtree(os.path.join(out, "initial"))

    modules = [n for n, m in base.named_modules() if isinstance(m, torch.nn.Linear) and ".layer." in n]
    modules = sorted({n.removeprefix("base_model.model.").split(".lora_")[0].removesuffix(".base_layer")
                      for n in modules})
    patterns = []
    for keys in KEYS:
        found = {m: keys[get_pattern_key(keys, m)] for m in modules if get_pattern_key(keys, m) in keys}
        patterns.append({"keys": keys, "modules": found})
    with open(os.path.join(out, "patterns.json"), "w", encoding="utf8") as stream:
        json.dump({"modules": modules, "patterns": patterns}, stream, indent=1)
        stream.write("\n")
    model_golden.forget_where(out)
    model_golden.write_meta(out, options.seed, recorder.cases, lora_std=STD, peft=peft.__version__, ratio=RATIO)


if __name__ == "__main__":
    main()
