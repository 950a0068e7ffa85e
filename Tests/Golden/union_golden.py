#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of unions, gates and the options of bottleneck adapters.

    union_golden.py --seed N --out DIR [--start seed1]

The model, its batches and its classification head come from model_golden.py's folder (--start). The numbers come from
AdapterHub's `adapters` in float64 (eager attention, dropout off), from weights that are float32 on disk.

    DIR/CASE.safetensors   of batch 0: logits [8, 3], loss [1], grad.<torch name> of each trainable tensor;
                           step_losses [50] float64, step_lr [1] float64: see model_golden.py
    DIR/CASE/              AdapterHub folder, as the library's saver writes it, its pickle converted to safetensors (the
                           library cannot save tensors that are shared as safetensors)
    DIR/meta.json          seed, versions, and for each case its configuration and measurements

Cases whose names begin with mam, unipelt, union or gate are unions or have gates; those with bn are bottlenecks with options
of BnConfig; ia3 and prompt are here for their folders. The library's gates are means over a batch's padding, too, which no paper has. So where a case has gates, each
text is run alone, and the loss is the mean over the batch; meta.json tells how far the padded batch's logits are from these
(padding).
"""
import json
import os

import model_golden
import torch
from adapters import (AutoAdapterModel, BnConfig, ConfigUnion, DoubleSeqBnConfig, IA3Config, LoRAConfig, MAMConfig,
                      ParBnConfig, PrefixTuningConfig, PromptTuningConfig, SeqBnConfig, UniPELTConfig)
from safetensors.torch import save_file
from transformers.modeling_outputs import SequenceClassifierOutput

STD = 0.15
PREFIX = dict(prefix_length=4, bottleneck_size=7)

CASES = {
    "mam": MAMConfig(PrefixTuningConfig(**PREFIX), ParBnConfig(reduction_factor=6)),
    "unipelt": UniPELTConfig(PrefixTuningConfig(**PREFIX), SeqBnConfig(reduction_factor=8), LoRAConfig(r=3, alpha=2)),
    "unipelt_apart": ConfigUnion(
        DoubleSeqBnConfig(reduction_factor=8, leave_out=[0], use_gating=True, ln_after=True),
        PrefixTuningConfig(**PREFIX, leave_out=[1], use_gating=True, shared_gating=False),
        LoRAConfig(r=3, attn_matrices=["k", "v"], intermediate_lora=True, output_lora=True, use_gating=True)),
    "union_sublayers": ConfigUnion(
        BnConfig(mh_adapter=True, output_adapter=False, reduction_factor=12, non_linearity="swish"),
        ParBnConfig(reduction_factor=8, scaling="learned")),
    "gate_parallel": ParBnConfig(reduction_factor=8, use_gating=True, ln_before=True),
    "bn_norms": SeqBnConfig(reduction_factor=8, ln_before=True, ln_after=True),
    "bn_norm_of_sum": BnConfig(mh_adapter=True, output_adapter=False, reduction_factor=8, non_linearity="relu",
                               ln_after=True, adapter_residual_before_ln=True),
    "bn_residual_after": SeqBnConfig(reduction_factor=8, residual_before_ln=False),
    "bn_post_add": SeqBnConfig(reduction_factor=8, mh_adapter=True, residual_before_ln="post_add",
                               original_ln_after=False),
    "bn_no_end": SeqBnConfig(reduction_factor=8, original_ln_after=False, residual_before_ln=False, ln_after=True,
                             adapter_residual_before_ln=True, non_linearity="gelu"),
    "bn_scaled": ParBnConfig(reduction_factor=8, scaling="learned"),
    "bn_channel": DoubleSeqBnConfig(reduction_factor=8, scaling="channel", original_ln_before=True),
    "bn_parallel": ParBnConfig(reduction_factor=8, ln_before=True, ln_after=True, original_ln_after=False),
    "bn_layers": DoubleSeqBnConfig(reduction_factor={"1": 16, "default": 8}, leave_out=[0], dropout=0.1),
    "ia3": IA3Config(leave_out=[1]),
    "prompt": PromptTuningConfig(prompt_length=3, combine="prefix_after_bos"),
    "union_prompt": ConfigUnion(PromptTuningConfig(prompt_length=4), IA3Config(), SeqBnConfig(reduction_factor=12)),
    "ia3_outputs": IA3Config(attn_matrices=["q", "k"], intermediate_lora=False, output_lora=True),
}


def has_gates(config):
    return any(part.get("use_gating") for part in (config.configs if isinstance(config, ConfigUnion) else [config]))


class OneByOne(torch.nn.Module):
    """A model that sees each text alone, without padding."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def named_parameters(self, *arguments, **options):
        return self.model.named_parameters(*arguments, **options)

    def forward(self, labels, attention_mask, **inputs):
        lengths = attention_mask.sum(1).tolist()
        logits = torch.cat([
            self.model(**{n: t[row:row + 1, :length] for n, t in inputs.items()},
                       attention_mask=attention_mask[row:row + 1, :length]).logits
            for row, length in enumerate(lengths)])
        return SequenceClassifierOutput(loss=torch.nn.functional.cross_entropy(logits, labels), logits=logits)


def save(model, folder):
    os.makedirs(folder)
    model.save_adapter(folder, "t", with_head=False, use_safetensors=False)
    pickle = os.path.join(folder, "pytorch_adapter.bin")
    save_file({n: t.clone() for n, t in torch.load(pickle).items()}, os.path.join(folder, "adapter.safetensors"))
    os.remove(pickle)


def main():
    options, batches = model_golden.begin(__doc__)
    out = options.out
    recorder = model_golden.Recorder(out, batches)
    for stream, (case, config) in enumerate(CASES.items()):  # streams from 800 on: the other scripts use the lower ones
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(os.path.join(options.start, "tiny"), attn_implementation="eager").eval()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        model.add_adapter("t", config=config)
        generator = torch.Generator().manual_seed(options.seed * 1000 + 800 + stream)
        model.train_adapter("t")
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.requires_grad and not name.startswith("heads."):
                    weight.add_(torch.randn(weight.shape, generator=generator) * STD)
        save(model, os.path.join(out, case))
        gated = has_gates(config)
        recorder.record(case, OneByOne(model) if gated else model, json.loads(json.dumps(config.to_dict())))
        if gated:
            with torch.no_grad():
                alone, padded = OneByOne(model)(**batches[0]).logits, model(**batches[0]).logits
            recorder.cases[case]["padding"] = float((alone - padded).abs().max())
        adapter = sum(p.numel() for n, p in model.named_parameters() if p.requires_grad and not n.startswith("heads."))
        recorder.cases[case]["adapter_parameters"] = adapter
    model_golden.forget_where(out)
    model_golden.write_meta(out, options.seed, recorder.cases, perturb_std=STD)


if __name__ == "__main__":
    main()
