#!/usr/bin/env python3
"""Makes the fixtures of the tests of merging without training.

    merge_golden.py --seed N --model DIR --out DIR

DIR of --model is a folder of model_golden.py, whose model the adapters are for. Three LoRA adapters of peft, moved by
N(0, 0.1): a (rank 4, alpha 4: query, value, intermediate), b (rank 3, alpha 5, rsLoRA, a rank pattern: query, key,
intermediate) and c (rank 2, alpha 2: query, value). A module that one of them does not have counts as 0.

    DIR/a, b, c/          the folders that peft saved
    DIR/merged.safetensors  CASE.SITE: the merged change of a projection, [out, in], for the sites of SHOWN
    DIR/seq_bn, prefix/{x, y, merged}/  of `adapters`: two adapters, and what average_adapter makes of them with AVERAGE
    DIR/meta.json         seed, versions, and for each case its options and who computed it; how far the libraries' own SVD
                          merges are from the definition where alpha is not the rank

peft 0.18.1 computes cat at unequal ranks and scales, and svd where the scale is 1 (it applies another scale twice). It
applies ties and dare to A and B, not to their product; these and KnOTS are computed here from the papers' definitions in
float64, on changes rounded to float32: TIES trims the whole vector of an adapter (Yadav et al. 2023, algorithm 1), DARE
divides what it keeps by the density (Yu et al. 2024, eq. 2), KnOTS merges the parts of Σ Vᵀ of the changes side by side
(Stoica et al. 2024, section 4). What DARE keeps follows from the seed as amalgam's Randomness has it.
"""
import json
import os

import lora_golden
import model_golden
import numpy as np
import peft
import torch
from adapters import AutoAdapterModel, LoRAConfig, PrefixTuningConfig, SeqBnConfig
from safetensors.torch import save_file
from transformers import BertModel

STD = 0.1
ROLES = {"attention.self.query": "query", "attention.self.key": "key", "attention.self.value": "value",
         "intermediate.dense": "intermediate"}
SHOWN = ("query/1", "intermediate/2")
WEIGHTS, AVERAGE = (1, -0.5, 0.7), (0.7, 0.3)
MASK = 2**64 - 1
GOLD = 0x9E3779B97F4A7C15


def mix(x):
    x ^= x >> 30
    x = x * 0xbf58476d1ce4e5b9 & MASK
    x ^= x >> 27
    x = x * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def key(*parts):
    value = 0x243F6A8885A308D3
    for part in parts:
        value = mix(value + part * GOLD & MASK)
    return value


def fnv(name):
    value = 0xcbf29ce484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001b3 & MASK
    return value


def uniform(own, count):
    return np.array([(mix(own + i * GOLD & MASK) >> 40) * 2.0**-24 for i in range(count)])


def site(module):
    """A module's name as ours: bert's encoder.layer.1.attention.self.query is query/1."""
    layer, rest = module.split("encoder.layer.")[1].split(".", 1)
    return f"{ROLES[rest]}/{layer}"


def changes(model, name):
    """ΔW of each module that an adapter of peft has, by site, in float64."""
    model = model.double()
    found = {}
    for module, layer in model.named_modules():
        if isinstance(layer, peft.tuners.lora.LoraLayer) and name in layer.lora_A:
            found[site(module)] = layer.get_delta_weight(name).detach().numpy().copy()
    return found


def flat(vectors, shapes):
    """One row an adapter; zeros where it has no such site."""
    return np.stack([np.concatenate([v.get(s, np.zeros(shape)).ravel() for s, shape in shapes.items()])
                     for v in vectors])


def tensors(vector, shapes):
    found, start = {}, 0
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        found[name] = vector[start:start + count].reshape(shape)
        start += count
    return found


def trimmed(rows, density):
    kept = max(1, int(density * rows.shape[1]))
    thresholds = np.sort(np.abs(rows), axis=1)[:, -kept][:, None]
    return np.where(np.abs(rows) >= thresholds, rows, 0)


def agreeing(rows, weights, scale=1.0):
    """Elects signs and takes the mean of what has them."""
    weighted = np.asarray(weights)[:, None] * rows
    signs = np.where(weighted.sum(axis=0) < 0, -1, 1)
    agrees = np.sign(weighted) == signs
    norms = (np.abs(np.asarray(weights))[:, None] * agrees).sum(axis=0)
    return scale * (weighted * agrees).sum(axis=0) / np.where(norms > 0, norms, 1)


def dropped(rows, shapes, density, seed):
    masks = np.stack([np.concatenate([uniform(key(seed, i, fnv(s)), int(np.prod(shape))) < density
                                      for s, shape in shapes.items()]) for i in range(len(rows))])
    return np.where(masks, rows / density, 0)


def knots(vectors, shapes, merge):
    """merge: of rows, one an adapter, with the shapes of their tensors."""
    bases, parts = {}, [{} for _ in vectors]
    for name, shape in shapes.items():
        beside = np.concatenate([v.get(name, np.zeros(shape)) for v in vectors], axis=1)
        u, s, v = np.linalg.svd(beside, full_matrices=False)
        rank = int((s > 1e-6 * s[0]).sum())
        bases[name] = u[:, :rank]
        for part, own in zip(parts, np.split(s[:rank, None] * v[:rank], len(vectors), axis=1)):
            part[name] = own
    own = {name: part.shape for name, part in parts[0].items()}
    merged = tensors(merge(flat(parts, own), own), own)
    return {name: bases[name] @ merged[name] for name in shapes}


def average(options, folder, config, which, stream):
    """Two adapters of `adapters` and their average, as folders."""
    model = AutoAdapterModel.from_pretrained(os.path.join(options.start, "tiny"))
    for name in "xy":
        model.add_adapter(name, config=config)
    model_golden.perturb(model, which, torch.Generator().manual_seed(options.seed * 1000 + stream))
    model.average_adapter("merged", ["x", "y"], weights=list(AVERAGE), combine_strategy="linear")
    for name in ("x", "y", "merged"):
        path = os.path.join(options.out, folder, name)
        os.makedirs(path)
        model.save_adapter(path, name, with_head=False, use_safetensors=False)
        # The library cannot save tensors that are shared as safetensors
        pickle = os.path.join(path, "pytorch_adapter.bin")
        save_file({n: t.clone() for n, t in torch.load(pickle).items()}, os.path.join(path, "adapter.safetensors"))
        os.remove(pickle)


def library_errors(start, seed):
    """How far the libraries' SVD merges at full rank are from Σ w ΔW, relative, for LoRA with alpha 6 on rank 4."""
    found = {}
    model = peft.get_peft_model(BertModel.from_pretrained(start), peft.LoraConfig(r=4, lora_alpha=6, target_modules=["query"]))
    model.add_adapter("other", peft.LoraConfig(r=4, lora_alpha=6, target_modules=["query"]))
    model_golden.perturb(model, "lora_", torch.Generator().manual_seed(seed), STD)
    model.add_weighted_adapter(["default", "other"], [1.0, 1.0], "merged", combination_type="svd", svd_rank=48)
    one, two, merged = (changes(model, n) for n in ("default", "other", "merged"))
    found["peft svd"] = max(float(np.abs(merged[s] - one[s] - two[s]).max() / np.abs(one[s] + two[s]).max()) for s in one)
    model = AutoAdapterModel.from_pretrained(start)
    for name in "xy":
        model.add_adapter(name, config=LoRAConfig(r=4, alpha=6))
    model_golden.perturb(model, ".loras.", torch.Generator().manual_seed(seed), STD)
    model.average_adapter("m", ["x", "y"], weights=[0.5, 0.5], combine_strategy="lora_delta_w_svd", svd_rank=8)
    loras = model.bert.encoder.layer[0].attention.self.query.loras
    x, y, m = (loras[n].scaling * loras[n].delta_w.detach() for n in "xym")
    found["adapters lora_delta_w_svd"] = float((m - (x + y) / 2).abs().max() / ((x + y) / 2).abs().max())
    return found


def main():
    options, _ = model_golden.begin(__doc__, "--model")
    out, start = options.out, os.path.join(options.start, "tiny")
    torch.manual_seed(options.seed)
    configs = {
        "a": peft.LoraConfig(r=4, lora_alpha=4, target_modules=["query", "value", "intermediate.dense"]),
        "b": peft.LoraConfig(r=3, lora_alpha=5, use_rslora=True, target_modules=["query", "key", "intermediate.dense"],
                             rank_pattern={"layer.1.attention.self.query": 2}),
        "c": peft.LoraConfig(r=2, lora_alpha=2, target_modules=["query", "value"]),
    }
    for stream, (name, config) in enumerate(configs.items()):
        model = peft.get_peft_model(BertModel.from_pretrained(start), config)
        model_golden.perturb(model, "lora_", torch.Generator().manual_seed(options.seed * 1000 + 80 + stream), STD)
        lora_golden.save_folder(model, os.path.join(out, name))

    def loaded(*names):
        model = BertModel.from_pretrained(start)
        model = peft.PeftModel.from_pretrained(model, os.path.join(out, names[0]), adapter_name=names[0])
        for name in names[1:]:
            model.load_adapter(os.path.join(out, name), adapter_name=name)
        return model.double()

    exact = [changes(loaded(name), name) for name in "abc"]
    found = set().union(*exact)
    # In the order of the computation
    order = [f"{role}/{layer}" for layer in range(3) for role in ("query", "key", "value", "intermediate")]
    shapes = {s: next(v[s].shape for v in exact if s in v) for s in order if s in found}
    rounded = [{s: m.astype(np.float32).astype(np.float64) for s, m in v.items()} for v in exact]
    rows = flat(rounded, shapes)
    cases, merged = {}, {}

    def record(case, by, result, **fields):
        cases[case] = {"by": by, **fields}
        for name in SHOWN:
            merged[f"{case}.{name}"] = torch.from_numpy(np.ascontiguousarray(result[name])).float()

    model = loaded(*"abc")
    model.add_weighted_adapter(list("abc"), list(WEIGHTS), "merged", combination_type="cat")
    record("cat", "peft", changes(model, "merged"), weights=WEIGHTS)
    zero = {s: np.zeros(shape) for s, shape in shapes.items()}
    for case, rank in (("svd", 48), ("svd3", 3)):
        model = loaded("a", "c")
        model.add_weighted_adapter(["a", "c"], [0.6, -1.1], "merged", combination_type="svd", svd_rank=rank)
        record(case, "peft", {**zero, **changes(model, "merged")}, bundles=["a", "c"], weights=[0.6, -1.1], rank=rank)

    def numpy(case, vector, **fields):
        record(case, "numpy", tensors(vector, shapes), **fields)

    ones = (1, 1, 1)
    numpy("ties", agreeing(trimmed(rows, 0.2), ones))
    numpy("ties_weighted", agreeing(trimmed(rows, 0.45), WEIGHTS, 0.8), weights=WEIGHTS, density=0.45, scale=0.8)
    seed = options.seed + 4
    random = dropped(rows, shapes, 0.4, seed)
    numpy("dare_linear", (np.array(WEIGHTS)[:, None] * random).sum(axis=0), weights=WEIGHTS, density=0.4, seed=seed)
    numpy("dare_ties", agreeing(random, ones), density=0.4, seed=seed)
    record("knots", "numpy", knots(rounded, shapes, lambda r, own: agreeing(trimmed(r, 0.3), ones)), density=0.3)
    record("knots_weighted", "numpy", knots(rounded, shapes, lambda r, own: agreeing(trimmed(r, 0.6), (2, 1, 1), 1.5)),
           weights=(2, 1, 1), density=0.6, scale=1.5)
    save_file(merged, os.path.join(out, "merged.safetensors"))

    average(options, "seq_bn", SeqBnConfig(), ".adapters.", 90)
    average(options, "prefix", PrefixTuningConfig(flat=True, prefix_length=4), "prefix_tunings", 91)
    model_golden.forget_where(out)
    model_golden.write_meta(out, options.seed, cases, lora_std=STD, peft=peft.__version__, average=AVERAGE,
                            library_errors=library_errors(start, options.seed))


if __name__ == "__main__":
    main()
