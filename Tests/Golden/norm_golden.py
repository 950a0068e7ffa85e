#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of methods that tune biases and norms.

    norm_golden.py --seed N --model DIR --out DIR

DIR of --model is a folder of model_golden.py, whose model, batches and head the cases use. BitFit's numbers come from
`transformers` with nothing but biases trainable, layer-norm tuning's from `peft` (PyTorch, eager attention, dropout off); see
model_golden.py for how: weights in float32 on disk, results computed from them in float64.

    DIR/CASE.safetensors  start.NAME: what each tuned tensor of the encoder starts with beside the model's, N(0, 0.1); of
                          batch 0: logits, loss, grad.NAME of each trainable tensor; step_losses [50], step_lr [1].
                          NAME is the tensor's in `transformers`: bert.…, and for the head bert.pooler.… and classifier.…
    DIR/ln_tuning/        the folder that peft saved, with the head
    DIR/ln_part/          peft's folder of the encoder alone: the norms of layers 0 and 2
    DIR/meta.json         seed, versions, the optimizer, configurations, the library's own float32 error

Cases: bitfit (all biases of the encoder), bitfit_subset (those of query and intermediate, as in the paper's section 4),
ln_tuning (weights and biases of all norms). Nothing is decayed: a method that tunes what it adds to a weight would decay
that, not the weight.
"""
import os

import lora_golden
import model_golden
import peft
import torch
from safetensors.torch import load_file, save_file
from transformers import BertForSequenceClassification, BertModel

STD = 0.1
PREFIX = "base_model.model."
HEAD = {"bert.pooler.dense": "heads.h.1", "classifier": "heads.h.4"}


def theirs(name):
    """A parameter's name in `transformers`."""
    return name.removeprefix(PREFIX).replace(".modules_to_save.default.", ".").replace(".ln_tuning_layers.default.", ".")


def trainable(model):
    return [(n, p) for n, p in model.named_parameters() if p.requires_grad]


def is_head(name):
    return any(theirs(name).startswith(part) for part in HEAD)


class Recorder(model_golden.Recorder):
    def record(self, case, model, config, start):
        super().record(case, model, config)
        path = os.path.join(self.out, case + ".safetensors")
        tensors = {"grad." + theirs(n[5:]) if n.startswith("grad.") else n: t for n, t in load_file(path).items()}
        save_file({**tensors, **{"start." + theirs(n): t for n, t in start.items()}}, path)


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    # The pooler is part of the head here
    model_golden.trainable = trainable
    model_golden.OPTIMIZER = {**model_golden.OPTIMIZER, "weight_decay": 0.0}
    out, source = options.out, os.path.join(options.start, "tiny")
    head = load_file(os.path.join(options.start, "head", "model_head.safetensors"))
    recorder = Recorder(out, batches)

    def fresh():
        model = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager",
                                                              num_labels=model_golden.LABELS)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                module, tensor = name.rsplit(".", 1)
                if module in HEAD:
                    weight.copy_(head[f"{HEAD[module]}.{tensor}"])
        return model

    def move(model, stream):
        """Moves what is tuned of the encoder; returns by how much."""
        generator = torch.Generator().manual_seed(options.seed * 1000 + stream)
        start = {}
        with torch.no_grad():
            for name, weight in trainable(model):
                if not is_head(name):
                    start[name] = torch.randn(weight.shape, generator=generator) * STD
                    weight.add_(start[name])
        return start

    for stream, (case, config, tuned) in enumerate((
            ("bitfit", {}, ("",)),
            ("bitfit_subset", {"targets": "query,intermediate"}, ("attention.self.query.", "intermediate.")))):
        model = fresh()
        for name, weight in model.named_parameters():
            weight.requires_grad = is_head(name) or (name.endswith(".bias") and any(part in name for part in tuned))
        recorder.record(case, model, config, move(model, 70 + stream))

    config = peft.LNTuningConfig(task_type="SEQ_CLS", target_modules=["LayerNorm"],
                                 modules_to_save=["classifier", "pooler"])
    model = peft.get_peft_model(fresh(), config)
    start = move(model, 80)
    lora_golden.save_folder(model, os.path.join(out, "ln_tuning"))
    recorder.record("ln_tuning", model, {"target_modules": sorted(config.target_modules)}, start)
    part = peft.get_peft_model(BertModel.from_pretrained(source), peft.LNTuningConfig(
        target_modules=r".*layer\.[02]\..*LayerNorm"))
    move(part, 81)
    lora_golden.save_folder(part, os.path.join(out, "ln_part"))
    model_golden.write_meta(out, options.seed, recorder.cases, start_std=STD, peft=peft.__version__)


if __name__ == "__main__":
    main()
