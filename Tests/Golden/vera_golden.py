#!/usr/bin/env python3
"""Makes the fixtures of the VeRA parity tests.

    vera_golden.py --seed N --model DIR --out DIR

As lora_variants_golden.py, with `peft` and its VeraConfig. Cases, each with the classification head under modules_to_save:
    vera      query and value, r 16
    vera_all  projections of all widths, so that narrow ones use parts of A and B; key 7, d_initial 0.2, layer 1 left out
Both vectors are moved by N(0, 0.3) first: lambda_b starts at zero, and a wrong path would not show.

    DIR/CASE/             the folder that peft saved, with its projections
    DIR/CASE.safetensors  as in lora_golden.py, and start.<name> = the vectors before they were moved
    DIR/vera_key/         the same adapter as vera, saved without its projections (save_projection=False)
    DIR/projections.json  the first and the last numbers of A and B for some keys
"""
import json
import os

import lora_golden
import model_golden
import peft
import torch
from lora_golden import PREFIX, trainable
from peft.tuners.vera.model import _kaiming_init
from safetensors.torch import load_file, save_file
from transformers import BertForSequenceClassification

STD = 0.3
HEAD = ["classifier", "pooler"]
ALL = ["query", "key", "value", "output.dense", "intermediate.dense"]
SHAPES = [(0, 8, 13, 21), (1, 3, 1, 1), (4294967295, 5, 130, 17)]


def theirs(name):
    """A parameter's name as the library's file has it."""
    return name.removeprefix(PREFIX).replace(".modules_to_save.default.", ".").removesuffix(".default")


def projections(key, rank, width, height):
    generator = torch.Generator(device="cpu").manual_seed(key)
    a = _kaiming_init((rank, width), generator=generator)
    b = _kaiming_init((height, rank), generator=generator)
    return {"key": key, "a": a.flatten().tolist()[:3] + a.flatten().tolist()[-3:], "a_shape": list(a.shape),
            "b": b.flatten().tolist()[:3] + b.flatten().tolist()[-3:], "b_shape": list(b.shape)}


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    model_golden.trainable = trainable
    lora_golden.theirs = theirs
    out, source = options.out, os.path.join(options.start, "tiny")
    recorder = lora_golden.Recorder(out, batches)

    def generator(stream):
        return torch.Generator().manual_seed(options.seed * 1000 + stream)

    def adapted(fields):
        torch.manual_seed(options.seed)
        base = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager",
                                                             num_labels=model_golden.LABELS)
        config = peft.VeraConfig(task_type="SEQ_CLS", modules_to_save=HEAD, **fields)
        return peft.get_peft_model(base, config), config

    def moved(model, stream):
        model_golden.perturb(model, "vera_lambda", generator(stream), STD)
        model_golden.perturb(model, "modules_to_save", generator(stream + 1), lora_golden.STD)

    plain = dict(r=16, target_modules=["query", "value"])
    cases = {
        "vera": plain,
        "vera_all": dict(r=5, target_modules=ALL, projection_prng_key=7, d_initial=0.2, layers_to_transform=[0, 2]),
    }
    for stream, (case, fields) in enumerate(cases.items()):
        model, config = adapted(fields)
        start = {"start." + theirs(n): p.detach().clone() for n, p in model.named_parameters() if "vera_lambda" in n}
        moved(model, 110 + 2 * stream)
        lora_golden.save_folder(model, os.path.join(out, case))
        recorder.record(case, model, json.loads(json.dumps(config.to_dict(), default=sorted)))
        path = os.path.join(out, case + ".safetensors")
        save_file({**load_file(path), **start}, path)
    model, _ = adapted(dict(plain, save_projection=False))
    moved(model, 110)
    lora_golden.save_folder(model, os.path.join(out, "vera_key"))

    with open(os.path.join(out, "projections.json"), "w", encoding="utf8") as stream:
        json.dump([projections(*shape) for shape in SHAPES], stream, indent=1)
        stream.write("\n")
    model_golden.forget_where(out)
    model_golden.write_meta(out, options.seed, recorder.cases, vera_std=STD, peft=peft.__version__)


if __name__ == "__main__":
    main()
