#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of the blocks `arrow` and `cat`.

    arrow_golden.py --seed N --out DIR [--start FOLDER]

The tiny model is the one that model_golden.py left in FOLDER (default: seed1 beside this script). With `peft` 0.18.1, this
script adds:

    DIR/task0 … task3       LoRA on all projections but the keys, rank 3, alpha 7; moved by N(0, 0.3)
    DIR/CASE.safetensors    input_ids [4, 9], hidden [4, 9, 48]: the last hidden states, computed in float64
    DIR/meta.json

Cases: arrow (the top 3 of 4), arrow2 (the top 2, temperature 0.5), both by the library's router; its prototypes come from
power iteration, which is given as many steps as it takes to converge. cat: the library's exact sum, weights .7 −.2 .4 .1.
"""
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import begin, perturb, write_meta

import peft
import torch
from lora_golden import save_folder
from peft.tuners.lora.arrow import ArrowLoraLinearLayer, create_arrow_model
from safetensors.torch import save_file
from transformers import BertModel

TASKS, TEXTS, TOKENS, VOCABULARY = 4, 4, 9, 150
WEIGHTS = [0.7, -0.2, 0.4, 0.1]


def main():
    options, _ = begin(__doc__)
    out, tiny = options.out, os.path.join(options.start, "tiny")
    folders = [os.path.join(out, f"task{i}") for i in range(TASKS)]
    ids = torch.randint(1, VOCABULARY, (TEXTS, TOKENS), generator=torch.Generator().manual_seed(options.seed * 1000 + 9))

    def base():
        return BertModel.from_pretrained(tiny, attn_implementation="eager", add_pooling_layer=False).eval()

    for number, folder in enumerate(folders):
        torch.manual_seed(options.seed + number)
        config = peft.LoraConfig(r=3, lora_alpha=7, target_modules=["query", "value", "dense"])
        model = peft.get_peft_model(base(), config)
        perturb(model, "lora_", torch.Generator().manual_seed(options.seed * 1000 + 1100 + number))
        save_folder(model, folder)

    power = ArrowLoraLinearLayer.top_right_singular_vec_from_BA

    def converged(self, A, B, iters=15, eps=1e-8):
        matrix = (B.double() @ A.double())
        vector = torch.linalg.svd(matrix)[2][0]
        found = power(self, A, B, iters=3000).double()
        assert 1 - abs(float(found @ vector)) < 1e-5, "power iteration has not converged"
        return vector.float()

    ArrowLoraLinearLayer.top_right_singular_vec_from_BA = converged

    errors = {}

    def record(case, model):
        model = model.eval()
        with torch.no_grad():
            single = model(input_ids=ids).last_hidden_state  # makes the prototypes, in float32
            hidden = model.double()(input_ids=ids).last_hidden_state
        errors[case] = float((single - hidden).abs().max())
        save_file({"input_ids": ids, "hidden": hidden.float().contiguous()}, os.path.join(out, case + ".safetensors"))

    for case, k, temperature in (("arrow", 3, 1.0), ("arrow2", 2, 0.5)):
        record(case, create_arrow_model(
            base(), folders, peft.ArrowConfig(top_k=k, router_temperature=temperature, rng_seed=1)))
    model = peft.PeftModel.from_pretrained(base(), folders[0], adapter_name="task0")
    for number, folder in enumerate(folders[1:], 1):
        model.load_adapter(folder, adapter_name=f"task{number}")
    names = [f"task{i}" for i in range(TASKS)]
    # The library takes the square root of weight and scale into A and B, so it needs positive weights: signs go into B
    for number, weight in enumerate(WEIGHTS):
        if weight < 0:
            with torch.no_grad():
                for name, tensor in model.named_parameters():
                    if f"lora_B.task{number}." in name:
                        tensor.mul_(-1)
    model.add_weighted_adapter(names, [abs(w) for w in WEIGHTS], "sum", combination_type="cat")
    model.set_adapter("sum")
    record("cat", model)
    write_meta(out, options.seed, {"weights": WEIGHTS, "peft": peft.__version__, "library_float32_error": errors},
               start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
