#!/usr/bin/env python3
"""Makes the fixtures of the prompt tuning parity tests.

    prompt_golden.py --seed N --model DIR --out DIR

DIR of --model is a folder of model_golden.py, whose model, batches and head the cases use. The numbers come from `adapters`
(PyTorch, eager attention, dropout off); see model_golden.py for how: weights in float32 on disk, results computed from them
in float64.

    DIR/CASE.safetensors  prompt [5, hidden], what the case starts from; of batch 0: logits, loss, grad.prompt, grad.heads.h.…;
                          step_losses [50], step_lr [1]
    DIR/from_string.safetensors  LIBRARY.LENGTH [LENGTH, hidden]: a new prompt that starts from TEXT, by `adapters` and by `peft`,
                          on the RoBERTa of families_golden.py, which has a tokenizer
    DIR/meta.json         seed, versions, configurations, the library's own float32 error

Cases: prompt (the prompt comes first, and the head reads its first row), prompt_after_bos (it comes after [CLS], which the
head reads). The prompt is U(-0.5, 0.5), as it starts.
"""
import os

import model_golden
import peft
import torch
from adapters import AutoAdapterModel, PromptTuningConfig
from safetensors.torch import load_file, save_file
from transformers import AutoModel

TENSOR = "bert.prompt_tuning.prompt_tunings.t.prompt_embedding.weight"
LENGTH = 5
TEXT = "Is this package a game?"
LENGTHS = (3, 40)  # shorter than the text, and longer


class Recorder(model_golden.Recorder):
    def record(self, case, model, config):
        prompt = dict(model.named_parameters())[TENSOR].detach().clone()
        super().record(case, model, config, beside={"prompt": prompt})
        path = os.path.join(self.out, case + ".safetensors")
        save_file({"grad.prompt" if n == "grad." + TENSOR else n: t for n, t in load_file(path).items()}, path)


def starts(source):
    tensors = {}
    for length in LENGTHS:
        model = AutoAdapterModel.from_pretrained(source)
        model.config.tokenizer_name_or_path = source
        model.base_model.prompt_tuning.model_config.tokenizer_name_or_path = source
        model.add_adapter("t", config=PromptTuningConfig(
            prompt_length=length, prompt_init="from_string", prompt_init_text=TEXT))
        name = TENSOR.replace("bert.", "roberta.", 1)
        tensors[f"adapters.{length}"] = dict(model.named_parameters())[name].detach().clone()
        model = peft.get_peft_model(AutoModel.from_pretrained(source), peft.PromptTuningConfig(
            task_type="FEATURE_EXTRACTION", num_virtual_tokens=length, prompt_tuning_init="TEXT",
            prompt_tuning_init_text=TEXT, tokenizer_name_or_path=source))
        tensors[f"peft.{length}"] = model.prompt_encoder["default"].embedding.weight.detach().clone()
    return tensors


def main():
    options, batches = model_golden.begin(__doc__, "--model")
    out, source = options.out, os.path.join(options.start, "tiny")
    recorder = Recorder(out, batches)
    torch.manual_seed(options.seed)
    for case, combine in (("prompt", "prefix"), ("prompt_after_bos", "prefix_after_bos")):
        model = AutoAdapterModel.from_pretrained(source, attn_implementation="eager")
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        config = PromptTuningConfig(prompt_length=LENGTH, combine=combine)
        model.add_adapter("t", config=config)
        model.train_adapter("t")
        model.active_head = "h"
        recorder.record(case, model, config.to_dict())
    families = os.path.join(os.path.dirname(os.path.abspath(__file__)), "families")
    save_file(starts(os.path.join(families, "roberta-bpe")), os.path.join(out, "from_string.safetensors"))
    model_golden.write_meta(out, options.seed, recorder.cases, text=TEXT)


if __name__ == "__main__":
    main()
