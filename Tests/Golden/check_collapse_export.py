#!/usr/bin/env python3
"""Checks, by hand, that AdapterHub's library takes what `amalgam collapse` makes, and gives the composition's logits.

    check_collapse_export.py --amalgam BINARY [--golden DIR]

Needs adapters 1.3.0. The adapters of compose_golden.py's case `average` (two widths, weights .7 and .3) go through `amalgam
import`, `compose`, `collapse` and `export`. The library loads the one adapter without a missing or unexpected tensor, and
with it gives the logits that it gave for the composition. The same with other weights and a layer left out, against the
library's own sum.
"""
import argparse
import json
import os
import subprocess
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402
from adapters import AutoAdapterModel  # noqa: E402
from adapters.composition import Average  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("--amalgam", required=True)
    parser.add_argument("--golden", default=here)
    arguments = parser.parse_args()
    start, case = os.path.join(arguments.golden, "seed1"), os.path.join(arguments.golden, "compose", "average")
    batch = {n.split(".")[1]: t for n, t in load_file(os.path.join(start, "batches.safetensors")).items()
             if n.startswith("batch0.")}

    def classifier():
        model = AutoAdapterModel.from_pretrained(os.path.join(start, "tiny"), attn_implementation="eager").eval()
        model.load_head(os.path.join(start, "head"), use_safetensors=True)
        model.active_head = "h"
        return model

    def logits(model):
        with torch.no_grad():
            return model(**batch).logits

    with tempfile.TemporaryDirectory() as scratch:
        def run(*words):
            subprocess.run([arguments.amalgam, *words], check=True, stdout=subprocess.DEVNULL)

        def check(name, parts, weights, golden):
            bundles = []
            for part, folder in parts.items():
                bundles.append(os.path.join(scratch, f"{name}.{part}.h5"))
                run("import", folder, "--out", bundles[-1])
            both, one, out = (os.path.join(scratch, name + end) for end in (".both.h5", ".one.h5", ""))
            run("compose", f"average({', '.join(bundles)}, weights={json.dumps(weights)})", "--out", both)
            run("collapse", "--bundle", both, "--out", one, "--name", "one")
            run("export", one, "--out", out)
            with open(os.path.join(out, "adapter_config.json"), encoding="utf8") as stream:
                factor = json.load(stream)["config"]["reduction_factor"]
            model, info = classifier(), {}
            model.load_adapter(out, use_safetensors=True, set_active=True, loading_info=info)
            assert not info.get("missing_keys") and not info.get("unexpected_keys"), (name, info)
            model.active_head = "h"
            error = float((logits(model) - golden).abs().max())
            assert error < 1e-5, f"{name}: logits differ by {error}"
            print(f"{name}: reduction factor {factor}, logits within {error:.1e}")

        folders = {part: os.path.join(case, part) for part in "ab"}
        check("average", folders, [0.7, 0.3], load_file(case + ".safetensors")["logits"])

        # b without its layer 1; for the library, with zeros there
        weights = [1.5, -0.5]
        own = load_file(os.path.join(folders["b"], "adapter.safetensors"))
        with open(os.path.join(folders["b"], "adapter_config.json"), encoding="utf8") as stream:
            config = json.load(stream)
        zeros = os.path.join(scratch, "zeros")
        os.makedirs(zeros)
        with open(os.path.join(zeros, "adapter_config.json"), "w", encoding="utf8") as stream:
            json.dump(config, stream)
        save_file({n: t * 0 if ".layer.1." in n else t for n, t in own.items()},
                  os.path.join(zeros, "adapter.safetensors"))
        model = classifier()
        model.load_adapter(folders["a"], load_as="a", use_safetensors=True)
        model.load_adapter(zeros, load_as="b", use_safetensors=True)
        # The library divides by the number of children once more
        model.set_active_adapters(Average("a", "b", weights=[2 * w for w in weights], normalize_weights=False))
        model.active_head = "h"
        golden = logits(model)
        config["config"]["leave_out"] = [1]
        folders["b"] = os.path.join(scratch, "short")
        os.makedirs(folders["b"])
        with open(os.path.join(folders["b"], "adapter_config.json"), "w", encoding="utf8") as stream:
            json.dump(config, stream)
        save_file({n: t for n, t in own.items() if ".layer.1." not in n},
                  os.path.join(folders["b"], "adapter.safetensors"))
        check("left_out", folders, weights, golden)


if __name__ == "__main__":
    main()
