#!/usr/bin/env python3
"""Checks, by hand, that AdapterHub's library takes what amalgam exports.

    check_export.py --amalgam BINARY [--golden DIR]

Needs adapters 1.3.0. Each folder of the fixtures (model_golden.py) goes through `amalgam import FOLDER --out A.h5` and
`amalgam export A.h5 --out FOLDER`; then

- the exported files hold the same tensors, byte for byte, and the same configuration as the library's own;
- the library loads them without a missing or unexpected tensor, and its parameters are the fixture's, bit for bit;
- the loaded adapters and fusions give the fixture's logits.

The same for the heads for tags, for a number and with one layer of hub_golden.py.

The same, less the logits, for what no fixture has: other families' prefixes, and an adapter and a fusion with a head
beside it, as save_adapter and save_adapter_fusion write them; layers left out, a reduction factor with a fraction.
"""
import argparse
import json
import os
import subprocess
import tempfile

import offline  # noqa: F401
import torch
from adapters import AutoAdapterModel, Fuse, SeqBnConfig
from safetensors.torch import load_file
from transformers import BertConfig, RobertaConfig, XLMRobertaConfig

# Case: its folder, and the folders of its adapters
CASES = {
    "seq_bn": ("seq_bn/adapter", []), "double_seq_bn": ("double_seq_bn/adapter", []), "par_bn": ("par_bn/adapter", []),
    "fusion3": ("fusion3/fusion", ["a", "b", "c"]), "fusion2_double": ("fusion2_double/fusion", ["a", "b"]),
}
FILES = {
    "adapter_config.json": "adapter.safetensors", "adapter_fusion_config.json": "model_adapter_fusion.safetensors",
    "head_config.json": "model_head.safetensors",
}


def through(amalgam, folder, scratch, name):
    bundle, out = os.path.join(scratch, name + ".h5"), os.path.join(scratch, name)
    subprocess.run([amalgam, "import", folder, "--out", bundle], check=True)
    subprocess.run([amalgam, "export", bundle, "--out", out], check=True)
    return out


def same(ours, theirs, unused="-"):
    """The modules in both folders, two files each. Returns their tensors."""
    tensors = {}
    for config, weights in FILES.items():
        if not os.path.exists(os.path.join(theirs, config)):
            continue
        with open(os.path.join(ours, config)) as a, open(os.path.join(theirs, config)) as b:
            assert json.load(a) == json.load(b), f"{ours}/{config}"
        a, b = load_file(os.path.join(ours, weights)), load_file(os.path.join(theirs, weights))
        b = {key: value for key, value in b.items() if unused not in key}
        assert a.keys() == b.keys(), f"{ours}/{weights}: {a.keys() ^ b.keys()}"
        for key in a:
            assert a[key].dtype == b[key].dtype and a[key].shape == b[key].shape, key
            assert a[key].numpy().tobytes() == b[key].numpy().tobytes(), key
        tensors |= b
    assert tensors, f"{theirs}: no module"
    return tensors


def holds(model, tensors):
    state = model.state_dict()
    for key, value in tensors.items():
        assert torch.equal(state[key], value), key


def load(call, *arguments, **options):
    info = {}
    name = call(*arguments, use_safetensors=True, loading_info=info, **options)
    for word in ("missing_keys", "unexpected_keys"):
        assert not info.get(word), f"{arguments}: {word}: {info[word]}"
    return name


def made(amalgam, config, scratch):
    """Through and back, for what the library saves from a model of this configuration."""
    def model():
        return AutoAdapterModel.from_config(config(
            vocab_size=20, hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16,
            max_position_embeddings=24, pad_token_id=0))

    def folder(name):
        return os.path.join(scratch, f"{config.model_type}-{name}")

    first = model()
    shape = SeqBnConfig(reduction_factor=2.5, non_linearity="gelu", leave_out=[0])
    for name in ("x", "y"):
        first.add_adapter(name, config=shape)
        first.add_classification_head(name, num_labels=2, id2label={0: "n\u00e9", 1: 'say "yes"'})
    first.add_adapter_fusion(["y", "x"])
    first.save_adapter(folder("x"), "x", with_head=True, use_safetensors=True)
    first.save_adapter_fusion(folder("f"), ["y", "x"], with_head="x", use_safetensors=True)
    for name in ("x", "y"):
        first.save_adapter(os.path.join(folder("f"), name), name, with_head=False, use_safetensors=True)

    second, out = model(), through(amalgam, folder("x"), scratch, folder("x") + "-out")
    tensors = same(out, folder("x"))
    load(second.load_adapter, out)
    holds(second, tensors)
    assert second.heads["x"].config["label2id"] == first.heads["x"].config["label2id"]

    second, out = model(), through(amalgam, folder("f"), scratch, folder("f") + "-out")
    # The library keeps a fusion for the layer that every adapter leaves out too, and never runs it
    tensors = same(out, folder("f"), unused="encoder.layer.0.output.adapter_fusion_layer")
    for name in ("x", "y"):
        tensors |= same(os.path.join(out, name), os.path.join(folder("f"), name))
        load(second.load_adapter, os.path.join(out, name), with_head=False)
    second.load_adapter_fusion(out, use_safetensors=True)
    holds(second, tensors)
    assert list(second.heads) == ["x"]
    print(f"{config.model_type}: adapter and fusion with heads, {len(tensors)} tensors bit for bit")


def heads(amalgam, base, folder, scratch):
    """Through and back, for heads that are not for classes, or have one layer."""
    golden = load_file(os.path.join(folder, "logits.safetensors"))
    inputs = {k: golden[k] for k in ("input_ids", "attention_mask")}
    for name in ("tags", "number", "linear", "score"):
        out = through(amalgam, os.path.join(folder, name), scratch, name)
        tensors = same(out, os.path.join(folder, name))
        model = AutoAdapterModel.from_pretrained(base, attn_implementation="eager")
        load(model.load_head, out)
        holds(model, tensors)
        with torch.no_grad():
            logits = model.double().eval()(**inputs, head=name).logits
        if name == "tags":
            logits = logits[inputs["attention_mask"] == 1]
        error = float((logits - golden[f"logits.{name}"]).abs().max())
        assert error < 1e-5, f"{name}: logits differ by {error}"
        print(f"head {name}: {len(tensors)} tensors bit for bit, logits within {error:.1e}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--amalgam", required=True)
    parser.add_argument("--golden", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed1"))
    arguments = parser.parse_args()

    def golden(*parts):
        return os.path.join(arguments.golden, *parts)

    batches = load_file(golden("batches.safetensors"))
    inputs = {k: batches["batch0." + k] for k in ("input_ids", "token_type_ids", "attention_mask")}
    with tempfile.TemporaryDirectory() as scratch:
        head = through(arguments.amalgam, golden("head"), scratch, "head")
        head_tensors = same(head, golden("head"))
        for case, (folder, members) in CASES.items():
            out = through(arguments.amalgam, golden(folder), scratch, case)
            tensors = dict(same(out, golden(folder)))
            model = AutoAdapterModel.from_pretrained(golden("tiny"), attn_implementation="eager")
            if members:
                for member in members:
                    tensors |= same(os.path.join(out, member), golden(case, member))
                    assert load(model.load_adapter, os.path.join(out, member), with_head=False) == member
                model.load_adapter_fusion(out, use_safetensors=True, with_head=False)
                assert list(model.adapters_config.fusions) == [",".join(members)]
                model.active_adapters = Fuse(*members)
            else:
                model.active_adapters = load(model.load_adapter, out, with_head=False)
            load(model.load_head, head)
            holds(model, tensors | head_tensors)
            with torch.no_grad():
                logits = model.double().eval()(**inputs, head="h").logits
            error = float((logits - load_file(golden(case + ".safetensors"))["logits"]).abs().max())
            assert error < 1e-5, f"{case}: logits differ by {error}"
            print(f"{case}: {len(tensors)} tensors bit for bit, logits within {error:.1e}")
        here = os.path.dirname(os.path.abspath(__file__))
        heads(arguments.amalgam, os.path.join(here, "seed1", "tiny"), os.path.join(here, "hub", "heads"), scratch)
        for config in (BertConfig, RobertaConfig, XLMRobertaConfig):
            made(arguments.amalgam, config, scratch)


if __name__ == "__main__":
    main()
