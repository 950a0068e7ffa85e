#!/usr/bin/env python3
"""Makes Tests/Golden/hub: an adapter with another reduction factor in each layer, by AdapterHub's `adapters`.

    pip install torch transformers==4.57.6 adapters==1.3.0 safetensors
    python3 Tests/Golden/hub_golden.py [--seed 15] [--out Tests/Golden/hub]

  adapter/             the folder that save_adapter writes, on Tests/Golden/seed1/tiny
  hidden.safetensors   input_ids [3, L], attention_mask; hidden: the last hidden states [real tokens, hidden] in float64,
                       rounded once
"""
import argparse
import logging
import pathlib

logging.disable(logging.WARNING)

import adapters  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

LENGTHS = (1, 4, 9)


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
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".layers." in name:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    model.save_adapter(str(out / "adapter"), "layers", use_safetensors=True)
    settings = out / "adapter/adapter_config.json"  # without the path of this machine
    settings.write_text(settings.read_text().replace(str(here / "seed1/tiny"), "tiny"))
    model.set_active_adapters("layers")
    ids = torch.zeros((len(LENGTHS), max(LENGTHS)), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(1, model.config.vocab_size, (length,), generator=generator)
        mask[row, :length] = 1
    with torch.no_grad():
        hidden = model.double().eval().bert(input_ids=ids, attention_mask=mask).last_hidden_state
    save_file({"input_ids": ids, "attention_mask": mask, "hidden": hidden[mask == 1].float().contiguous()},
              out / "hidden.safetensors")


main()
