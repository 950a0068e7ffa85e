#!/usr/bin/env python3
"""Makes the fixtures of the prefix tuning parity tests.

    prefix_golden.py --seed N --out DIR [--start seed1]

The model, its batches and its classification head come from model_golden.py's folder (--start). The numbers come from
AdapterHub's `adapters` and from `peft` in float64 (eager attention, dropout off), from weights that are float32 on disk.

    DIR/CASE.safetensors   of batch 0: logits [8, 3], loss [1], grad.<torch name> of each trainable tensor;
                           weight.<torch name>: the same tensors before any step;
                           step_losses [50] float64, step_lr [1] float64: see model_golden.py (cases of `adapters`)
    DIR/CASE/NAME/         AdapterHub folder, as the library's saver writes it, its pickle converted to safetensors (prefix
                           and prefix_flat)
    DIR/meta.json          seed, versions, and for each case its configuration and measurements

Cases of `adapters`: prefix (reparametrized), prefix_flat, prefix_leave_out (reparametrized, without layer 1),
prefix_stack (two prefixes on each other; `t` learns). Cases of `peft`: peft_flat, peft_projection.

`peft` hands the prefix to BERT as past keys and values, [layers · 2, sequences, heads, length, head width] of
[length, layers · 2 · hidden]. transformers then counts the sequence's own positions from `length` on, which `adapters`
and Li & Liang do not. So the position table is moved by `length` rows in these cases; all else is the same definition.
"""
import os

from model_golden import BASE_STD, Recorder, begin, forget_where, gradients, perturb, write_meta
import peft  # noqa: E402
import torch  # noqa: E402
from adapters import AutoAdapterModel, PrefixTuningConfig, Stack  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import BertForSequenceClassification  # noqa: E402

LENGTH, OTHER_LENGTH, BOTTLENECK = 5, 3, 7
LABELS = 3


def main():
    options, batches = begin(__doc__)
    out = options.out
    recorder = Recorder(out, batches)
    tiny = os.path.join(options.start, "tiny")

    def generator(stream):  # from 700 on: the other scripts use the lower ones
        return torch.Generator().manual_seed(options.seed * 1000 + 700 + stream)

    def weights(model):
        return {"weight." + n: p.detach().float().clone().contiguous()
                for n, p in model.named_parameters() if ".prefix_tunings." in n}

    def record(case, stream, active, saves=False, **configs):
        torch.manual_seed(options.seed)
        model = AutoAdapterModel.from_pretrained(tiny, attn_implementation="eager").eval()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        for number, (name, config) in enumerate(configs.items()):
            model.add_adapter(name, config=config)
            perturb(model, f".prefix_tunings.{name}.", generator(stream + number))
        model.train_adapter("t")
        model.set_active_adapters(active)
        if saves:
            for name in configs:
                path = os.path.join(out, case, name)
                os.makedirs(path)
                model.save_adapter(path, name, with_head=False, use_safetensors=False)
                # the library cannot save tensors that are shared as safetensors
                pickle = os.path.join(path, "pytorch_adapter.bin")
                save_file({n: t.clone() for n, t in torch.load(pickle).items()},
                          os.path.join(path, "adapter.safetensors"))
                os.remove(pickle)
        recorder.record(case, model, {n: c.to_dict() for n, c in configs.items()}, beside=weights(model))

    shape = dict(prefix_length=LENGTH, bottleneck_size=BOTTLENECK)
    record("prefix", 0, "t", saves=True, t=PrefixTuningConfig(**shape))
    record("prefix_flat", 10, "t", saves=True, t=PrefixTuningConfig(flat=True, **shape))
    record("prefix_leave_out", 20, "t", t=PrefixTuningConfig(leave_out=[1], **shape))
    record("prefix_stack", 30, Stack("l", "t"), l=PrefixTuningConfig(flat=True, prefix_length=OTHER_LENGTH),
           t=PrefixTuningConfig(**shape))

    head = load_file(os.path.join(options.start, "head", "model_head.safetensors"))
    for stream, (case, projects) in enumerate((("peft_flat", False), ("peft_projection", True))):
        torch.manual_seed(options.seed)
        model = BertForSequenceClassification.from_pretrained(tiny, num_labels=LABELS, attn_implementation="eager")
        with torch.no_grad():
            for part, name in ((model.bert.pooler.dense, "1"), (model.classifier, "4")):
                part.weight.copy_(head[f"heads.h.{name}.weight"])
                part.bias.copy_(head[f"heads.h.{name}.bias"])
            positions = model.bert.embeddings.position_embeddings.weight
            positions[LENGTH:] = positions[:-LENGTH].clone()
        config = peft.PrefixTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=LENGTH, prefix_projection=projects,
                                         encoder_hidden_size=BOTTLENECK)
        model = peft.get_peft_model(model.double(), config).eval()
        with torch.no_grad():  # from float32 numbers, as on disk
            noise = generator(40 + stream)
            for weight in model.prompt_encoder.parameters():
                weight.copy_((weight.float() + torch.randn(weight.shape, generator=noise) * BASE_STD).double())
        for name, weight in model.named_parameters():
            weight.requires_grad = name.startswith("prompt_encoder.")
        model.double()
        output = model(**batches[0])
        tensors = {"logits": output.logits.detach().float(), "loss": output.loss.detach().reshape(1).float(),
                   **{"grad." + n: g.float() for n, g in gradients(model, output.loss).items()},
                   **{"weight." + n: p.detach().float().clone() for n, p in model.prompt_encoder.named_parameters()}}
        save_file({n: t.contiguous() for n, t in tensors.items()}, os.path.join(out, case + ".safetensors"))
        recorder.cases[case] = {"loss": float(output.loss.detach()), "config": {"num_virtual_tokens": LENGTH,
                                "prefix_projection": projects, "encoder_hidden_size": BOTTLENECK}}

    forget_where(out)
    write_meta(out, options.seed, recorder.cases, peft=peft.__version__,
               start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
