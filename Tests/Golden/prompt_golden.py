#!/usr/bin/env python3
"""Makes the fixtures of the prompt tuning parity tests.

    prompt_golden.py --seed N --model DIR --out DIR

DIR of --model is a folder of model_golden.py, whose model, batches and head the cases use. The numbers come from `adapters`
(PyTorch, eager attention, dropout off); see model_golden.py for how: weights in float32 on disk, results computed from them
in float64.

    DIR/CASE.safetensors  prompt [5, hidden], what the case starts from; of batch 0: logits, loss, grad.prompt, grad.heads.h.…;
                          step_losses [50], step_lr [1]
    DIR/meta.json         seed, versions, configurations, the library's own float32 error

Cases: prompt (the prompt comes first, and the head reads its first row), prompt_after_bos (it comes after [CLS], which the
head reads). The prompt is U(-0.5, 0.5), as it starts.
"""
import os

import model_golden
import torch
from adapters import AutoAdapterModel, PromptTuningConfig
from safetensors.torch import load_file, save_file

TENSOR = "bert.prompt_tuning.prompt_tunings.t.prompt_embedding.weight"
LENGTH = 5


class Recorder(model_golden.Recorder):
    def record(self, case, model, config):
        prompt = dict(model.named_parameters())[TENSOR].detach().clone()
        super().record(case, model, config, beside={"prompt": prompt})
        path = os.path.join(self.out, case + ".safetensors")
        save_file({"grad.prompt" if n == "grad." + TENSOR else n: t for n, t in load_file(path).items()}, path)


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
    model_golden.write_meta(out, options.seed, recorder.cases)


if __name__ == "__main__":
    main()
