#!/usr/bin/env python3
"""Makes the fixtures of the model, adapter and fusion parity tests.

    model_golden.py --seed N --out DIR [--minilm FOLDER]

The numbers come from AdapterHub's `adapters` (PyTorch, eager attention, dropout off) on a small random BERT. Every
weight is float32 on disk; logits, losses, gradients and training curves are computed from those weights in float64
and rounded once, so that a test measures our rounding and not the library's too. How far the library's own float32
is from them stands in meta.json. With --minilm, the cases run on that Hugging Face folder instead of a random model,
all but full: for a look by hand, since it takes many minutes and writes tens of megabytes.

    DIR/tiny/                  the model as a Hugging Face folder: config.json, model.safetensors (a bare BertModel)
    DIR/head/                  the classification head h (2 layers, 3 labels) that every case starts from
    DIR/batches.safetensors    batchI.{input_ids,token_type_ids,attention_mask,labels}, I in 0..<5, int64, [8, L];
                               lengths of 1 to 40 pieces, padded with id 0; some are pairs
    DIR/CASE/ADAPTER, fusion/  AdapterHub folders, written by the library's own savers, before any step
    DIR/CASE.safetensors       of batch 0: logits [8, 3], loss [1], grad.<torch name> of each trainable tensor;
                               step_losses [50] float64: the loss before each AdamW step, batches taken 0,1,2,3,4,0,…
                               step_lr [1] float64: the learning rate of that curve (see below)
                               base: hidden.I [real tokens, hidden], packed row after row, I = 0 for the embeddings
                               fusion: soft_step_losses, soft_step_lr: the same with every query and key tensor (weights
                               and biases) times 1/8 first
                               fusion3: reg_loss [1], reg_grad.<torch name>: the value regulariser by itself
    DIR/meta.json              seed, versions, the optimizer, and for each case its configuration and measurements

Cases: base (frozen model, only the head learns), seq_bn, double_seq_bn, par_bn, fusion3, fusion3_static (three
seq_bn adapters, `a` to `c`, shared by both), fusion2_double (two double_seq_bn), full (every weight, less the pooler,
which is on no path to the loss). The regulariser is in no case's loss: the library applies it a step late and leaves
it out of the loss that it reports, so it is checked by itself.
All adapter and fusion weights are moved by N(0, 0.3) first: at initialisation up is almost zero and the fusion value
almost the identity, and a wrong path would not show.

The learning rate is the largest of LEARNING_RATES at which the library agrees with itself: at which its curve in
float32 stays within STEADY of its curve in float64. With queries and keys of N(0, 0.3), fusion's scores have a
standard deviation of 3 to 20, its softmax is all but one-hot, and at 1e-3 training is chaotic: rounding alone moves
the library's own loss by 0.1 within 50 steps (meta.json), so no second implementation could follow it to 1e-3. The
soft curve, with a softmax that still mixes, is the one that tests many large steps.
"""
import argparse
import copy
import json
import os
import shutil

import offline  # noqa: F401
import adapters
import torch
import transformers
from adapters import AutoAdapterModel, DoubleSeqBnConfig, Fuse, ParBnConfig, SeqBnConfig
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

SHAPE = dict(vocab_size=150, hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96,
             max_position_embeddings=48, type_vocab_size=2)
BASE_STD, PERTURB_STD = 0.1, 0.3
BATCHES, ROWS, LONGEST, LABELS, STEPS = 5, 8, 40, 3, 50
OPTIMIZER = dict(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
LEARNING_RATES, STEADY, SOFTER = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5), 1e-5, 0.125


def make_model(folder, generator):
    """A random BERT in which everything counts: no bias is zero and no norm is the identity."""
    model = BertModel(BertConfig(**SHAPE, attn_implementation="eager"))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * BASE_STD)
            if name.endswith("LayerNorm.weight"):
                weight.add_(1)
    model.save_pretrained(folder, safe_serialization=True)
    forget_where(folder)


def make_batches(vocabulary, generator):
    """Lists of padded batches. Each holds a sequence of one piece and one of the longest, and two or more pairs."""
    def integers(low, high, count):  # low..<high
        return torch.randint(low, high, (count,), generator=generator)

    batches = []
    for _ in range(BATCHES):
        lengths = integers(2, LONGEST, ROWS).tolist()
        first, last = torch.randperm(ROWS, generator=generator)[:2].tolist()
        lengths[first], lengths[last] = 1, LONGEST
        longest = max(lengths)
        ids, types, mask = (torch.zeros(ROWS, longest, dtype=torch.int64) for _ in range(3))
        for row, length in enumerate(lengths):
            ids[row, :length] = integers(1, vocabulary, length)
            mask[row, :length] = 1
            if row % 3 == 1 and length > 2:
                types[row, int(integers(1, length, 1)):length] = 1
        batches.append(dict(input_ids=ids, token_type_ids=types, attention_mask=mask, labels=integers(0, LABELS, ROWS)))
    return batches


def forget_where(folder):
    """The savers note the folder that the model came from; a fixture must not depend on it."""
    for root, _, files in os.walk(folder):
        for file in files:
            if file.endswith(".json"):
                path = os.path.join(root, file)
                with open(path, encoding="utf8") as stream:
                    content = json.load(stream)
                for key in ("model_name", "_name_or_path"):
                    if key in content:
                        content[key] = "tiny"
                with open(path, "w", encoding="utf8") as stream:
                    json.dump(content, stream, indent=2, sort_keys=True)
                    stream.write("\n")


def perturb(model, which, generator, std=PERTURB_STD):
    """Moves every weight with `which` in its name by N(0, std)."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if which in name:
                weight.add_(torch.randn(weight.shape, generator=generator) * std)


def loss_of(model, batch):
    return model(**batch).loss


def trainable(model):
    return [(n, p) for n, p in model.named_parameters() if p.requires_grad and ".pooler." not in n]


def gradients(model, loss):
    model.zero_grad(set_to_none=True)
    loss.backward()
    found = {n: p.grad.clone() for n, p in trainable(model) if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


def optimizer(model, rate):
    """All tensors are decayed."""
    return torch.optim.AdamW([p for _, p in trainable(model)], lr=rate, **OPTIMIZER)


def follow(model, batches, rate):
    """The loss before each of STEPS AdamW steps, nothing clipped. Leaves the model as it was."""
    model = copy.deepcopy(model)
    steps = optimizer(model, rate)
    losses = []
    for step in range(STEPS):
        steps.zero_grad(set_to_none=True)
        loss = loss_of(model, batches[step % len(batches)])
        losses.append(float(loss.detach()))
        loss.backward()
        steps.step()
    return torch.tensor(losses, dtype=torch.float64)


def curve(model, exact, batches):
    """The curve (losses and learning rate, or None) at the first steady rate, and the float32 error at each tried."""
    errors = {}
    for rate in LEARNING_RATES:
        losses = follow(exact, batches, rate)
        errors[str(rate)] = float((follow(model, batches, rate) - losses).abs().max())
        if errors[str(rate)] <= STEADY:
            return (losses, torch.tensor([rate], dtype=torch.float64)), errors
    return None, errors


def soften(model):
    """A copy whose fusion queries and keys are smaller by a power of two, so exactly in every precision."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".adapter_fusion_layer." in name and (".query." in name or ".key." in name):
                weight.mul_(SOFTER)
    return model


def relative(found, wanted):
    """Largest difference over largest value; tensors that are zero in theory have none."""
    size = wanted.abs().max()
    return float((found - wanted).abs().max() / size) if size > 1e-9 else 0.0


def write_meta(out, seed, cases, **more):
    with open(os.path.join(out, "meta.json"), "w", encoding="utf8") as stream:
        json.dump({"seed": seed, "optimizer": {"AdamW": OPTIMIZER}, "clip": None, "schedule": "constant",
                   "perturb_std": PERTURB_STD, **more,
                   "versions": {"torch": torch.__version__, "adapters": adapters.__version__,
                                "transformers": transformers.__version__},
                   "cases": cases}, stream, indent=2)
        stream.write("\n")


def read_batches(folder):
    tensors = load_file(os.path.join(folder, "batches.safetensors"))
    return [{n.split(".")[1]: t for n, t in tensors.items() if n.startswith(f"batch{i}.")} for i in range(BATCHES)]


def begin(text, flag="--start"):
    """For scripts that continue from this one's files: reads the options, empties the output folder, and fixes the threads.

    text: of the help; flag: the option that names the folder of this script's files.
    Returns the options, with that folder under `start`, and its batches."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument(flag, dest="start", default=os.path.join(here, "seed1"))
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shutil.rmtree(options.out, ignore_errors=True)
    os.makedirs(options.out)
    return options, read_batches(options.start)


class Recorder:
    def __init__(self, out, batches):
        self.out, self.batches, self.cases = out, batches, {}

    def record(self, case, model, config=None, hidden=False, regulariser=False, beside=None):
        """Measures the model and writes what was found, with the tensors `beside`, to CASE.safetensors."""
        model.eval()
        exact = copy.deepcopy(model).double()
        single = self.measure(model)
        tensors = self.measure(exact)
        if hidden:
            tensors.update(self.hidden_states(exact))
        if regulariser:
            value = exact.base_model.get_fusion_regularization_loss()
            tensors["reg_loss"] = value.detach().reshape(1)
            tensors.update({"reg_grad." + n: g for n, g in gradients(exact, value).items()})
        curves = {"step": curve(model, exact, self.batches)}
        if case.startswith("fusion"):
            curves["soft_step"] = curve(soften(model), soften(exact), self.batches)
        for name, (found, errors) in curves.items():
            if found is None:
                print(f"{case}: no learning rate gives a {name} curve that rounding leaves alone: {errors}")
            else:
                tensors[name + "_losses"], tensors[name + "_lr"] = found

        grads = [n for n in tensors if n.startswith("grad.")]
        assert {"grad." + n for n, _ in trainable(exact)} == set(grads), "a trainable tensor has no gradient"
        rounded = {n: (t if "step_l" in n else t.float()).contiguous() for n, t in tensors.items()}
        save_file({**rounded, **(beside or {})}, os.path.join(self.out, case + ".safetensors"))
        self.cases[case] = {
            "config": config,
            "trainable": sum(p.numel() for _, p in trainable(exact)),
            "library_float32_error": {
                "logits": float((single["logits"] - tensors["logits"]).abs().max()),
                "loss": float((single["loss"] - tensors["loss"]).abs().max()),
                "gradient": max(relative(single[n], tensors[n]) for n in single if n.startswith("grad")),
                **{name: errors for name, (_, errors) in curves.items()},
            },
            "smallest_gradient": min((float(tensors[n].abs().max()), n[5:]) for n in grads),
            "loss": float(tensors["loss"]),
            "loss_of_step_45": {n: float(found[0][45]) for n, (found, _) in curves.items() if found},  # batch 0 again
        }
        print(case, json.dumps({k: v for k, v in self.cases[case].items() if k != "config"}), flush=True)

    def measure(self, model):
        output = model(**self.batches[0])
        return {"logits": output.logits.detach(), "loss": output.loss.detach().reshape(1),
                **{"grad." + n: g for n, g in gradients(model, output.loss).items()}}

    def hidden_states(self, model):
        with torch.no_grad():
            states = model(**self.batches[0], output_hidden_states=True).hidden_states
        real = self.batches[0]["attention_mask"].bool()
        return {f"hidden.{i}": state[real] for i, state in enumerate(states)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--minilm", help="a Hugging Face folder to use in place of the random model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    out = options.out
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    source = options.minilm or os.path.join(out, "tiny")

    def generator(stream):
        return torch.Generator().manual_seed(options.seed * 1000 + stream)

    torch.manual_seed(options.seed)
    if not options.minilm:
        make_model(source, generator(0))
    vocabulary = json.load(open(os.path.join(source, "config.json"), encoding="utf8"))["vocab_size"]
    batches = make_batches(vocabulary, generator(1))
    save_file({f"batch{i}.{n}": t for i, b in enumerate(batches) for n, t in b.items()},
              os.path.join(out, "batches.safetensors"))
    recorder = Recorder(out, batches)

    def fresh():
        torch.manual_seed(options.seed)  # so that each case starts from the same head
        model = AutoAdapterModel.from_pretrained(source, attn_implementation="eager")
        model.add_classification_head("h", num_labels=LABELS, layers=2)
        with torch.no_grad():  # its biases too, which would start at zero or small
            stream = generator(2)
            for weight in model.heads.parameters():
                weight.copy_(torch.randn(weight.shape, generator=stream) * BASE_STD)
        return model.eval()

    def folder(*parts):
        path = os.path.join(out, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    model = fresh()
    model.save_head(folder("head"), "h", use_safetensors=True)
    for name, weight in model.named_parameters():
        weight.requires_grad = name.startswith("heads.")
    recorder.record("base", model, hidden=True)
    if not options.minilm:
        recorder.record("full", fresh())

    for stream, (case, config) in enumerate(
            (("seq_bn", SeqBnConfig()), ("double_seq_bn", DoubleSeqBnConfig()), ("par_bn", ParBnConfig()))):
        model = fresh()
        model.add_adapter("t", config=config)
        perturb(model, ".adapters.", generator(10 + stream))
        model.train_adapter("t")
        model.save_adapter(folder(case, "adapter"), "t", with_head=False, use_safetensors=True)
        recorder.record(case, model, config.to_dict())

    for case, adapter, names, kind in (("fusion3", SeqBnConfig(), "abc", "dynamic"),
                                       ("fusion3_static", SeqBnConfig(), "abc", "static"),
                                       ("fusion2_double", DoubleSeqBnConfig(), "ab", "dynamic")):
        model = fresh()
        for name in names:
            model.add_adapter(name, config=adapter)
        perturb(model, ".adapters.", generator(20))
        setup = Fuse(*names)
        model.add_adapter_fusion(setup, config=kind)
        perturb(model, ".adapter_fusion_layer.", generator(21))
        model.train_adapter_fusion(setup)
        model.save_adapter_fusion(folder(case, "fusion"), setup, use_safetensors=True)
        if case != "fusion3_static":  # the same seed and the same adapters as fusion3
            for name in names:
                model.save_adapter(folder(case, name), name, with_head=False, use_safetensors=True)
        recorder.record(case, model, adapters.AdapterFusionConfig.load(kind).to_dict(), regulariser=case == "fusion3")

    forget_where(out)
    write_meta(out, options.seed, recorder.cases)


if __name__ == "__main__":
    main()
