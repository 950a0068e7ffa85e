#!/usr/bin/env python3
"""Makes the fixtures of the parity tests for `peft`'s (IA)³.

    ia3_golden.py --seed N --model DIR --out DIR

As lora_golden.py, with `peft` alone. Cases, each with the classification head under modules_to_save:
    usual   what peft picks for BERT: key and value, and both output.dense as feedforward_modules
    mixed   query and attention.output.dense by what they give, intermediate.dense and the feed-forward's output.dense by
            what they read; layer 1 has none

    DIR/CASE/             the folder that peft saved
    DIR/CASE.safetensors  as in lora_golden.py
The vectors are moved by N(0, 0.1) first: at 1, a wrong path would not show.
"""
import json
import os

import lora_golden
import model_golden
import peft
import torch
from lora_golden import STD, trainable
from transformers import BertForSequenceClassification

LAYERS = r".*layer\.[02]\."
CASES = {
    "usual": {},
    "mixed": dict(
        target_modules=LAYERS + r"(attention\.self\.query|attention\.output\.dense|intermediate\.dense|output\.dense)",
        feedforward_modules=LAYERS + r"(intermediate|output)\.dense"),
}


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    model_golden.trainable = trainable
    out, source = options.out, os.path.join(options.start, "tiny")
    recorder = lora_golden.Recorder(out, batches)
    for stream, (case, fields) in enumerate(CASES.items()):
        torch.manual_seed(options.seed)
        model = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager",
                                                              num_labels=model_golden.LABELS)
        config = peft.IA3Config(task_type="SEQ_CLS", modules_to_save=["classifier", "pooler"], **fields)
        model = peft.get_peft_model(model, config)
        for part, (name, std) in enumerate((("ia3_l", STD), ("modules_to_save", STD))):
            generator = torch.Generator().manual_seed(options.seed * 1000 + 90 + 2 * stream + part)
            model_golden.perturb(model, name, generator, std)
        lora_golden.save_folder(model, os.path.join(out, case))
        recorder.record(case, model, json.loads(json.dumps(config.to_dict(), default=sorted)))
    model_golden.forget_where(out)
    model_golden.write_meta(out, options.seed, recorder.cases, ia3_std=STD, peft=peft.__version__)


if __name__ == "__main__":
    main()
