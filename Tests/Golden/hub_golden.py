#!/usr/bin/env python3
"""Makes Tests/Golden/hub: an adapter with another reduction factor in each layer, heads, and DistilBERT, by AdapterHub's
`adapters`.

    pip install torch transformers==4.57.6 adapters==1.3.0 safetensors
    python3 Tests/Golden/hub_golden.py [--seed 15] [--out Tests/Golden/hub]

  adapter/             the folder that save_adapter writes, on Tests/Golden/seed1/tiny
  hidden.safetensors   input_ids [3, L], attention_mask; hidden: the last hidden states [real tokens, hidden] in float64,
                       rounded once
  heads/NAME/          the folders that save_head writes, on the same model: tags (three), number (one output), and with
                       one layer linear (three labels) and score
  heads/logits.safetensors   input_ids and attention_mask as above; logits.tags [real tokens, 3],
                       logits.number [3, 1], logits.linear [3, 3], logits.score [3, 1]
  distilbert/NAME/     on Tests/Golden/families/distilbert: adapters a and b, LoRA l, the fusion of a and b
  distilbert/hidden.safetensors   as above, with hidden.NAME for a, l and fusion
"""
import argparse
import pathlib

import offline  # noqa: F401
import adapters
import torch
from safetensors.torch import save_file

LENGTHS = (1, 4, 9)


def save(module, folder, base):
    folder.parent.mkdir(parents=True, exist_ok=True)
    module(str(folder), use_safetensors=True)
    for settings in folder.glob("*_config.json"):  # without the path of this machine
        settings.write_text(settings.read_text().replace(str(base), base.name))


def randomize(model, names, generator):
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if any(f".{part}." in name for part in names):
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)


def batch(vocabulary, generator):
    ids = torch.zeros((len(LENGTHS), max(LENGTHS)), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(1, vocabulary, (length,), generator=generator)
        mask[row, :length] = 1
    return ids, mask


def heads(here, out, generator):
    base = here / "seed1/tiny"
    model = adapters.BertAdapterModel.from_pretrained(base, attn_implementation="eager")
    model.add_tagging_head("tags", num_labels=3, id2label={0: "O", 1: "B-X", 2: "I-X"})
    model.add_classification_head("number", num_labels=1)
    randomize(model, ["tags", "number"], generator)
    model.add_classification_head("linear", num_labels=3, layers=1, id2label={0: "c", 1: "a", 2: "b"})
    model.add_classification_head("score", num_labels=1, layers=1)
    ids, mask = batch(model.config.vocab_size, generator)
    randomize(model, ["linear", "score"], generator)
    # save_head takes every head whose name begins with that of the saved one
    names = ("tags", "number", "linear", "score")
    for name in names:
        save(lambda folder, name=name, **options: model.save_head(folder, name, **options), out / name, base)
    model = model.double().eval()
    tensors = {"input_ids": ids, "attention_mask": mask}
    for name in names:
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=mask, head=name).logits
        tensors[f"logits.{name}"] = (logits[mask == 1] if name == "tags" else logits).float().contiguous()
    save_file(tensors, out / "logits.safetensors")


def distilbert(here, out, generator):
    base = here / "families/distilbert"
    model = adapters.DistilBertAdapterModel.from_pretrained(base, attn_implementation="eager")
    fusion = adapters.Fuse("a", "b")
    model.add_adapter("a", config="double_seq_bn")
    model.add_adapter("b", config=adapters.DoubleSeqBnConfig(reduction_factor=8))
    model.add_adapter("l", config=adapters.LoRAConfig(
        r=3, alpha=6, attn_matrices=["q", "k", "v"], intermediate_lora=True, output_lora=True))
    model.add_adapter_fusion(fusion)
    randomize(model, ["a", "b", "l", "a,b"], generator)
    for name in "abl":
        save(lambda folder, name=name, **options: model.save_adapter(folder, name, **options), out / name, base)
    save(lambda folder, **options: model.save_adapter_fusion(folder, fusion, **options), out / "fusion", base)
    ids, mask = batch(model.config.vocab_size, generator)
    tensors = {"input_ids": ids, "attention_mask": mask}
    model = model.double().eval()
    for name, setup in [("a", "a"), ("l", "l"), ("fusion", fusion)]:
        model.set_active_adapters(setup)
        with torch.no_grad():
            hidden = model.distilbert(input_ids=ids, attention_mask=mask).last_hidden_state
        tensors[f"hidden.{name}"] = hidden[mask == 1].float().contiguous()
    save_file(tensors, out / "hidden.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="Tests/Golden/hub")
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    here = pathlib.Path(__file__).parent
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(options.seed)
    model = adapters.BertAdapterModel.from_pretrained(here / "seed1/tiny", attn_implementation="eager")
    configuration = adapters.SeqBnConfig(reduction_factor={"0": 4, "2": 100, "default": 12.5}, non_linearity="gelu_new")
    model.add_adapter("layers", config=configuration)
    randomize(model, ["layers"], generator)
    save(lambda folder, **options: model.save_adapter(folder, "layers", **options), out / "adapter", here / "seed1/tiny")
    model.set_active_adapters("layers")
    ids, mask = batch(model.config.vocab_size, generator)
    with torch.no_grad():
        hidden = model.double().eval().bert(input_ids=ids, attention_mask=mask).last_hidden_state
    save_file({"input_ids": ids, "attention_mask": mask, "hidden": hidden[mask == 1].float().contiguous()},
              out / "hidden.safetensors")
    heads(here, out / "heads", torch.Generator().manual_seed(options.seed + 2))
    distilbert(here, out / "distilbert", torch.Generator().manual_seed(options.seed + 1))


main()
