#!/usr/bin/env python3
"""Makes the fixtures of the Compacter parity tests.

    compacter_golden.py --seed N --start DIR --out DIR

DIR of --start is a folder of model_golden.py, whose model, batches and head the cases use; see there for how. Cases:
    compacter    CompacterConfig, 8 wide
    compacterpp  CompacterPlusPlusConfig, 4 wide, factors of rank 2
    rules        CompacterPlusPlusConfig, 8 wide, 2 products in a sum; each matrix has a rule of its own, of rank 1, and whole
                 second factors; no biases
    shared_rank  as compacterpp with factors of rank 1; the shared rule is of rank 1, too; parallel, scaled

    DIR/CASE/adapter/     the library's folder
    DIR/CASE.safetensors  as in model_golden.py

Everything of the adapter is moved by N(0, 0.3) first: the rules start at almost zero.
"""
import os

import model_golden
import torch
from adapters import AutoAdapterModel, CompacterConfig, CompacterPlusPlusConfig

CASES = {
    "compacter": CompacterConfig(reduction_factor=6),
    "compacterpp": CompacterPlusPlusConfig(reduction_factor=12, phm_rank=2),
    "rules": CompacterPlusPlusConfig(reduction_factor=6, phm_dim=2, shared_phm_rule=False, factorized_phm_rule=True,
                                     factorized_phm_W=False, phm_bias=False),
    "shared_rank": CompacterPlusPlusConfig(reduction_factor=12, factorized_phm_rule=True, is_parallel=True,
                                           original_ln_before=False, scaling=2.0),
}


def main():
    options, batches = model_golden.begin(__doc__)
    recorder = model_golden.Recorder(options.out, batches)
    for stream, (case, config) in enumerate(CASES.items()):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(os.path.join(options.start, "tiny"), attn_implementation="eager")
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.add_adapter("t", config=config)
        model.train_adapter("t")
        model.active_head = "h"
        for part, which in enumerate((".adapters.", ".shared_parameters.")):
            generator = torch.Generator().manual_seed(options.seed * 1000 + 140 + 2 * stream + part)
            model_golden.perturb(model, which, generator)
        folder = os.path.join(options.out, case, "adapter")
        os.makedirs(folder)
        model.save_adapter(folder, "t", with_head=False, use_safetensors=True)
        recorder.record(case, model, config.to_dict())
    model_golden.forget_where(options.out)
    model_golden.write_meta(options.out, options.seed, recorder.cases)


if __name__ == "__main__":
    main()
