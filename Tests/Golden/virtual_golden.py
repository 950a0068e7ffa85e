#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of prompt and prefix tuning as `peft` has them.

    virtual_golden.py --seed N --model DIR --out DIR

DIR of --model is a folder of model_golden.py, whose model, batches and head the first cases use. The numbers come from
`peft` (PyTorch, eager attention, dropout off); see model_golden.py for how: weights in float32 on disk, results computed from
them in float64.

    DIR/CASE/             the folder that peft saved; prompt, prefix and prefix_projection with the head, pooler included
    DIR/CASE.safetensors  prompt, prefix: of batch 0: logits, loss, grad.NAME; step_losses [50], step_lr [1];
                          prefix_projection: logits; NAME is the tensor's in `transformers`, or prompt_embeddings
    DIR/FAMILY.safetensors  prompt, prefix: what the last layer of a family's encoder gives, packed: each sequence's virtual tokens, then
                          its own; from families/FAMILY.safetensors' sequences, cut to CUT tokens. ModernBERT has no prefix
    DIR/prompt_FAMILY/, prefix_FAMILY/  peft's folders of these
    DIR/meta.json         seed, versions, the library's own float32 error

All of a prompt and a prefix is moved by N(0, 0.3). A table of prompt tuning stands among the word embeddings: its rows have the
positions 0 to LENGTH - 1, and [CLS] comes after them. A prefix takes the same positions, as keys and values that the model
has read before.
"""
import os

import lora_golden
import model_golden
import peft
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, BertForSequenceClassification

LENGTH, STD, CUT = 5, 0.3, 16
HEAD = {"bert.pooler.dense": "heads.h.1", "classifier": "heads.h.4"}
TABLE = "prompt_encoder.default.embedding.weight"
KINDS = {"prompt": peft.PromptTuningConfig, "prefix": peft.PrefixTuningConfig}
FAMILIES = ("roberta", "electra", "distilbert", "modernbert")
WITHOUT_PREFIX = ("distilbert", "modernbert")


def theirs(name):
    name = name.removeprefix("base_model.").replace(".modules_to_save.default.", ".")
    return "prompt_embeddings" if name == TABLE else name


def trainable(model):
    return [(n, p) for n, p in model.named_parameters() if p.requires_grad]


class Recorder(model_golden.Recorder):
    def record(self, case, model, config):
        super().record(case, model, config)
        path = os.path.join(self.out, case + ".safetensors")
        save_file({"grad." + theirs(n[5:]) if n.startswith("grad.") else n: t for n, t in load_file(path).items()}, path)


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    # The pooler is part of the head here
    model_golden.trainable = trainable
    out, source = options.out, os.path.join(options.start, "tiny")
    head = load_file(os.path.join(options.start, "head", "model_head.safetensors"))
    recorder = Recorder(out, batches)
    streams = iter(range(800, 900))

    def move(model, part):
        generator = torch.Generator().manual_seed(options.seed * 1000 + next(streams))
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if part in name:
                    weight.add_(torch.randn(weight.shape, generator=generator) * STD)

    def fresh(kind, **fields):
        torch.manual_seed(options.seed)
        model = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager",
                                                              num_labels=model_golden.LABELS)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                module, tensor = name.rsplit(".", 1)
                if module in HEAD:
                    weight.copy_(head[f"{HEAD[module]}.{tensor}"])
        config = KINDS[kind](task_type="SEQ_CLS", num_virtual_tokens=LENGTH, modules_to_save=["pooler"], **fields)
        model = peft.get_peft_model(model, config).eval()
        move(model, "prompt_encoder.")
        return model

    for case in ("prompt", "prefix"):
        model = fresh(case)
        lora_golden.save_folder(model, os.path.join(out, case))
        recorder.record(case, model, {"num_virtual_tokens": LENGTH})
    projection = fresh("prefix", prefix_projection=True, encoder_hidden_size=7)
    lora_golden.save_folder(projection, os.path.join(out, "prefix_projection"))
    logits = projection.double()(**batches[0]).logits.detach().float()
    save_file({"logits": logits}, os.path.join(out, "prefix_projection.safetensors"))

    families = os.path.join(os.path.dirname(os.path.abspath(__file__)), "families")
    for family in FAMILIES:
        data = load_file(os.path.join(families, family + ".safetensors"))
        ids, mask = data["input_ids"][:, :CUT], data["attention_mask"][:, :CUT]
        hidden = {}
        for kind, config in KINDS.items():
            if kind == "prefix" and family in WITHOUT_PREFIX:
                continue
            torch.manual_seed(options.seed)
            model = AutoModel.from_pretrained(os.path.join(families, family), attn_implementation="eager")
            shape = model.config
            model = peft.get_peft_model(model, config(
                task_type="FEATURE_EXTRACTION", num_virtual_tokens=LENGTH, num_layers=shape.num_hidden_layers,
                num_attention_heads=shape.num_attention_heads, token_dim=shape.hidden_size)).eval()
            move(model, "prompt_encoder.")
            lora_golden.save_folder(model, os.path.join(out, f"{kind}_{family}"))
            states = model.double()(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            output = states[-1].detach().float()
            before = output.shape[1] - ids.shape[1]
            hidden[kind] = torch.cat([row[:before + int(own.sum())] for row, own in zip(output, mask)]).contiguous()
        save_file(hidden, os.path.join(out, family + ".safetensors"))
    model_golden.write_meta(out, options.seed, recorder.cases, peft=peft.__version__, moved_std=STD)


if __name__ == "__main__":
    main()
