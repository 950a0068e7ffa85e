#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of blocks that send texts or tokens through different adapters.

    routes_golden.py --seed N --out DIR [--start FOLDER]

The tiny model is the one that model_golden.py left in FOLDER (default: seed1 beside this script). With `adapters` 1.3.0, this
script adds, for each case:

    DIR/CASE/ADAPTER       AdapterHub folders, written by the library's own saver
    DIR/CASE.safetensors   input_ids [4, 7], hidden [4 or 8, 7, 48]: the last hidden states, computed in float64. Those of
                           Parallel hold the first child's texts, then the second child's.
    DIR/meta.json          the compositions, and the versions that made them

Adapter weights are moved by N(0, 0.3). All texts have 7 tokens, since Split needs texts as long as the sum of its parts.

The library normalizes twice where a stack within another block has `original_ln_before` (SeqBn), and wherever MultiTask
has; DoubleSeqBn prepares nothing, so that the library computes the definition (compose_golden.py says more).
"""
import copy
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import begin, forget_where, perturb, write_meta

import torch
from adapters import AutoAdapterModel, DoubleSeqBnConfig, SeqBnConfig, Stack
from adapters.composition import BatchSplit, MultiTask, Parallel, Split
from safetensors.torch import save_file

TEXTS, TOKENS, VOCABULARY = 4, 7, 150


def main():
    options, _ = begin(__doc__)
    out = options.out
    cases = {}

    def case(name, stream, setup, tasks=None, **configs):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(
            os.path.join(options.start, "tiny"), attn_implementation="eager").eval()
        for number, (adapter, config) in enumerate(configs.items()):
            model.add_adapter(adapter, config=config)
            generator = torch.Generator().manual_seed(options.seed * 1000 + stream + number)
            perturb(model, f".adapters.{adapter}.", generator)
            folder = os.path.join(out, name, adapter)
            os.makedirs(folder)
            model.save_adapter(folder, adapter, with_head=False, use_safetensors=True)
        model.set_active_adapters(setup)
        ids = torch.randint(1, VOCABULARY, (TEXTS, TOKENS),
                            generator=torch.Generator().manual_seed(options.seed * 1000 + stream + 9))
        more = {} if tasks is None else {"task_ids": torch.tensor(tasks)}
        with torch.no_grad():
            hidden = copy.deepcopy(model).double().base_model(
                input_ids=ids, attention_mask=torch.ones_like(ids), **more).last_hidden_state
        save_file({"input_ids": ids, "hidden": hidden.float().contiguous()}, os.path.join(out, name + ".safetensors"))
        cases[name] = {"setup": str(setup), "tasks": tasks}

    double, seq = DoubleSeqBnConfig, SeqBnConfig
    case("parallel", 900, Parallel("a", "b"), a=seq(), b=seq(reduction_factor=8))
    case("parallel_stacks", 910, Stack("l", Parallel("a", Stack("m", "b"))),
         l=double(), m=double(), a=double(), b=double())
    case("batch_split", 930, BatchSplit("a", "b", batch_sizes=[1, 3]), a=seq(), b=seq(reduction_factor=8))
    case("batch_splits", 940, BatchSplit(BatchSplit("a", "b", batch_sizes=[1, 1]), Stack("l", "m"), batch_sizes=[2, 2]),
         l=double(), m=double(), a=double(), b=double())
    case("split", 950, Split("a", "b", splits=[3, 4]), a=seq(), b=seq(reduction_factor=8))
    case("splits", 960, Split(Split("a", "b", splits=[1, 2]), Stack("l", "m"), splits=[3, 4]),
         l=double(), m=double(), a=double(), b=double())
    case("multitask", 970, MultiTask("a", "b"), [1, 0, 1, 0], a=double(), b=double(reduction_factor=8))
    case("multitask_stack", 980, Stack("l", MultiTask("a", Stack("m", "b"))), [0, 1, 1, 0],
         l=double(), m=double(), a=double(), b=double())
    forget_where(out)
    write_meta(out, options.seed, cases, start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
