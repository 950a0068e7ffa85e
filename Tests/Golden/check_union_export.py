#!/usr/bin/env python3
"""Checks, by hand, that AdapterHub's library takes the unions, gates, bottlenecks, Compacters and ReFTs that amalgam exports.

    check_union_export.py --amalgam BINARY [--golden DIR]

Needs adapters 1.3.0. Each folder of union_golden.py's, compacter_golden.py's and reft_golden.py's goes through `amalgam import FOLDER --out A.h5` and `amalgam export
A.h5 --out FOLDER`; the library loads what was exported without a missing or unexpected tensor, and with it gives the
fixture's logits, each text alone (in float32: a ReFT that edits no tokens at the end of a text fails in float64).
"""
import argparse
import os
import shutil
import subprocess
import tempfile

import compacter_golden
import reft_golden
import torch
import union_golden
from adapters import AutoAdapterModel
from safetensors.torch import load_file


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("--amalgam", required=True)
    parser.add_argument("--golden", default=here)
    parser.add_argument("--start", default=os.path.join(here, "seed1"))
    arguments = parser.parse_args()
    batch = {n.split(".")[1]: t for n, t in load_file(os.path.join(arguments.start, "batches.safetensors")).items()
             if n.startswith("batch0.")}
    tiny = os.path.join(arguments.start, "tiny")
    with tempfile.TemporaryDirectory() as scratch:
        # A prompt's folder does not tell the number of layers; a model needs a tokenizer, whichever
        model_folder = os.path.join(scratch, "model")
        shutil.copytree(tiny, model_folder)
        with open(os.path.join(model_folder, "vocab.txt"), "w", encoding="utf8") as stream:
            stream.writelines(f"{word}\n" for word in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        # The library's files do not say what makes a DiReFT
        cases = [("unions", case, "") for case in union_golden.CASES] \
            + [("compacter", case, "adapter") for case in compacter_golden.CASES] \
            + [("reft", case, "adapter") for case in reft_golden.CASES if case != "direft"]
        for folder, case, adapter in cases:
            bundle, out = os.path.join(scratch, case + ".h5"), os.path.join(scratch, case)
            source = os.path.join(arguments.golden, folder, case, adapter)
            for command in (["import", source, "--out", bundle, "--model", model_folder],
                            ["export", bundle, "--out", out]):
                subprocess.run([arguments.amalgam, *command], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
            model = AutoAdapterModel.from_pretrained(tiny, attn_implementation="eager")
            model.load_head(os.path.join(arguments.start, "head"), use_safetensors=True)
            info = {}
            model.load_adapter(out, use_safetensors=True, set_active=True, loading_info=info)
            assert not info.get("missing_keys") and not info.get("unexpected_keys"), (case, info)
            model.active_head = "h"
            with torch.no_grad():
                logits = union_golden.OneByOne(model.eval())(**batch).logits
            golden = load_file(os.path.join(arguments.golden, folder, case + ".safetensors"))["logits"]
            error = float((logits - golden).abs().max())
            assert error < 1e-5, f"{case}: logits differ by {error}"
            print(f"{case}: logits within {error:.1e}")


if __name__ == "__main__":
    main()
