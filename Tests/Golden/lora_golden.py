#!/usr/bin/env python3
"""Makes the fixtures of the LoRA parity tests.

    lora_golden.py --seed N --model DIR --out DIR

DIR of --model is a folder of model_golden.py, whose model, batches and head the cases use. The numbers come from
`adapters` and `peft` (PyTorch, eager attention, dropout off); see model_golden.py for how: weights in float32 on disk,
results computed from them in float64.

    DIR/CASE/             the folder that the library saved: an AdapterHub adapter, or a PEFT adapter
    DIR/CASE.safetensors  of batch 0: logits, loss, grad.<name in the folder's file> of each trainable tensor (heads.h.… for
                          the head of `adapters`), step_losses [50], step_lr [1]
    DIR/meta.json         seed, versions, configurations, the library's own float32 error

Cases: adapters_qv (the default), adapters_all (all projections that the library adapts, layer 1 left out), peft_all
(every projection, rsLoRA, patterns of ranks and alphas, the classification head under modules_to_save), peft_regex (the
encoder alone, with a regular expression that leaves out layer 1; only the folder).
All LoRA matrices are moved by N(0, 0.1) first: B starts at zero, and a wrong path would not show.
"""
import json
import os

import model_golden
import peft
import torch
from adapters import AutoAdapterModel, LoRAConfig
from safetensors.torch import load_file, save_file
from transformers import BertForSequenceClassification, BertModel

STD = 0.1
PREFIX = "base_model.model."


def theirs(name):
    """A parameter's name as the library's file has it."""
    return name.removeprefix(PREFIX).replace(".modules_to_save.default.", ".").replace(".default.", ".")


class Recorder(model_golden.Recorder):
    def record(self, case, model, config):
        super().record(case, model, config)
        path = os.path.join(self.out, case + ".safetensors")
        tensors = load_file(path)
        save_file({"grad." + theirs(n[5:]) if n.startswith("grad.") else n: t for n, t in tensors.items()}, path)


def trainable(model):
    return [(n, p) for n, p in model.named_parameters() if p.requires_grad]


def save_folder(model, folder, **options):
    """What peft saves, without what depends on this machine or on a set's order."""
    model.save_pretrained(folder, **options)
    os.remove(os.path.join(folder, "README.md"))
    path = os.path.join(folder, "adapter_config.json")
    with open(path, encoding="utf8") as stream:
        content = json.load(stream)
    content["base_model_name_or_path"] = "tiny"
    for field in ("target_modules", "feedforward_modules"):
        if isinstance(content.get(field), list):
            content[field] = sorted(content[field])
    with open(path, "w", encoding="utf8") as stream:
        json.dump(content, stream, indent=2, sort_keys=True)
        stream.write("\n")


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    # PEFT's pooler is part of the head here
    model_golden.trainable = trainable
    out, source = options.out, os.path.join(options.start, "tiny")
    recorder = Recorder(out, batches)

    def generator(stream):
        return torch.Generator().manual_seed(options.seed * 1000 + stream)

    torch.manual_seed(options.seed)
    for stream, (case, config) in enumerate((
            ("adapters_qv", LoRAConfig()),
            ("adapters_all", LoRAConfig(r=4, alpha=6, attn_matrices=["q", "k", "v"], intermediate_lora=True,
                                        output_lora=True, leave_out=[1])))):
        model = AutoAdapterModel.from_pretrained(source, attn_implementation="eager")
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.add_adapter("t", config=config)
        model_golden.perturb(model, ".loras.", generator(40 + stream), STD)
        model.train_adapter("t")
        model.active_head = "h"
        model.save_adapter(os.path.join(out, case), "t", with_head=False, use_safetensors=True)
        recorder.record(case, model, config.to_dict())

    config = peft.LoraConfig(
        task_type="SEQ_CLS", r=4, lora_alpha=6, use_rslora=True,
        target_modules=["query", "key", "value", "output.dense", "intermediate.dense"],
        rank_pattern={"layer.1.attention.self.query": 2, "intermediate.dense": 5}, alpha_pattern={"value": 3},
        modules_to_save=["classifier", "pooler"])
    model = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager",
                                                          num_labels=model_golden.LABELS)
    model = peft.get_peft_model(model, config)
    model_golden.perturb(model, "lora_", generator(50), STD)
    model_golden.perturb(model, "modules_to_save", generator(51), STD)
    save_folder(model, os.path.join(out, "peft_all"))
    recorder.record("peft_all", model, json.loads(json.dumps(config.to_dict(), default=sorted)))

    config = peft.LoraConfig(r=3, lora_alpha=5, target_modules=r".*layer\.[02]\.attention\.self\.(query|value)")
    model = peft.get_peft_model(BertModel.from_pretrained(source), config)
    model_golden.perturb(model, "lora_", generator(60), STD)
    save_folder(model, os.path.join(out, "peft_regex"))

    model_golden.forget_where(out)
    model_golden.write_meta(out, options.seed, recorder.cases, lora_std=STD, peft=peft.__version__)


if __name__ == "__main__":
    main()
