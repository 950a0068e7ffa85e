#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of invertible adapters, stacks and masked language modelling (MAD-X).

    stack_golden.py --seed N --out DIR [--start FOLDER]

The tiny model, the head `h` and the batches are those that model_golden.py left in FOLDER (default: seed1 beside this
script); how numbers are computed, rounded and stored, which learning rate a curve takes, and what a case's file holds
stands in its first lines. This script adds, with `adapters` 1.3.0:

    DIR/CASE/ADAPTER, fusion/  AdapterHub folders, written by the library's own savers, before any step
    DIR/CASE.safetensors       logits [8, 3], loss [1], grad.<torch name>, step_losses [50], step_lr [1]
    DIR/nice.safetensors       of `l` of the case stack: x [5, 48]; y = NICE(x); x_back = the inverse of y; x_inverse =
                               the inverse of x
    DIR/meta.json              as model_golden.py's

A head is trained in all cases but mlm; what else is trained stands behind the arrow, all other weights are frozen:
    seq_bn_inv         `t` = SeqBnInv -> t, its invertible part too
    double_seq_bn_inv  `t` = DoubleSeqBnInv -> the same
    stack              Stack(l, t), l = SeqBnInv, t = SeqBn -> t
    stack_inv_top      Stack(l, t), both SeqBnInv -> t less its invertible part: only the first adapter's is used, so
                       t's has no gradient (asserted) and no grad.* here. Its tensors do stand in stack_inv_top/t
    stack_fuse         Stack(l, Fuse(a, b)), l = SeqBnInv, a and b = SeqBn -> the fusion (dynamic), the regulariser not
                       in the loss
    stack_double       Stack(l, t), both DoubleSeqBn -> t
    mlm                `l` = SeqBnInv -> l; the head `m` is frozen
    mlm_head           no adapter -> the head's dense layer, norm and bias; its decoder, the word embeddings, is frozen

NICE(x) halves x into x1, x2: y1 = x1 + F(x2), y2 = x2 + G(y1); F and G are linear, activation, linear, half as wide
inside. The activation is that of the bottleneck (SeqBn relu, DoubleSeqBn swish). It works on what the embeddings give,
after their norm. Tensors of an adapter A, in files and gradients: bert.invertible_adapters.A.{F,G}.{0,2}.{weight,bias}.

The masked-LM head is the library's (heads/language_modeling.py): norm(gelu(dense(x))), then the inverse of the first
adapter's invertible part, if it has one, then the decoder: the word embeddings' own tensor (asserted) plus a bias. The
script computes the logits by that formula too and asserts that they are the library's. mlm_head/model_head.safetensors,
with which both cases start, is written by the library's saver:
    heads.m.0.{weight,bias}    dense [48, 48], [48]; exact gelu follows
    heads.m.2.{weight,bias}    norm [48], epsilon 1e-12 (the model's)
    heads.m.3.{weight,bias}    decoder: a copy of the word embeddings [150, 48]; [150]
The batches' inputs stay as they are: the loss is tested, not the masking. Some 30 % of the real tokens are targets; the
loss is the mean of the cross entropy over a batch's targets. mlm.safetensors holds, for both cases:
    batchI.targets [8, L] int64, I in 0..<5: the piece to predict, -1 where none
    pieces [n] int64, sorted: all targets' pieces and half of the others
    logits [targets, 150]: of batch 0 at its targets, row after row
    loss_pieces [1], grad_pieces.<torch name>: the same loss with the softmax over `pieces` only
mlm_head.safetensors holds logits, loss, grad.* and the curve; no pieces.

All adapter and fusion weights are moved by N(0, 0.3), invertible ones too; then stack_fuse's queries and keys (weights
and biases) are divided by 8. Without that the softmax over two adapters was so nearly one-hot that a layer's gradients
vanished (5e-9, of which the library's float32 got 0.76 wrong) and the curve was chaotic; model_golden.py's fusions test
that end. The head `m` is N(0, 0.1), its norm's weight 1 + N(0, 0.1).
"""
import os

# First, since it sets HF_HUB_OFFLINE.
from model_golden import BASE_STD, Recorder, begin, forget_where, gradients, perturb, soften, write_meta

import torch
from adapters import (AdapterFusionConfig, AutoAdapterModel, DoubleSeqBnConfig, DoubleSeqBnInvConfig, Fuse, SeqBnConfig,
                      SeqBnInvConfig, Stack)
from safetensors.torch import load_file, save_file

TARGET_SHARE, NICE_ROWS = 0.3, 5
INVERTIBLE_STD = 0.3
IGNORED = -100  # the label of torch's cross entropy where there is no target


def choose_targets(batches, vocabulary, generator):
    """Batches with targets for labels, and the pieces that a restricted softmax runs over. Targets are drawn from half
    of the vocabulary, so that the restriction leaves a good part out."""
    drawn = torch.randperm(vocabulary, generator=generator)[:vocabulary // 2]
    chosen = []
    for batch in batches:
        shape = batch["input_ids"].shape
        is_target = (torch.rand(shape, generator=generator) < TARGET_SHARE) & batch["attention_mask"].bool()
        labels = drawn[torch.randint(0, len(drawn), shape, generator=generator)]
        chosen.append({**batch, "labels": labels.masked_fill(~is_target, IGNORED)})
    used = torch.cat([b["labels"][b["labels"] != IGNORED] for b in chosen]).unique()
    others = torch.tensor([p for p in range(vocabulary) if p not in set(used.tolist())])
    kept = others[torch.randperm(len(others), generator=generator)[:len(others) // 2]]
    return chosen, torch.cat([used, kept]).sort().values


class MaskedRecorder(Recorder):
    """Of masked language modelling only the logits at the targets, and the loss over `pieces` where there are some."""

    def __init__(self, out, batches, cases, pieces=None):
        super().__init__(out, batches)
        self.cases, self.pieces = cases, pieces

    def measure(self, model):
        tensors = super().measure(model)
        labels = self.batches[0]["labels"]
        tensors["logits"] = tensors["logits"][labels != IGNORED]
        wanted = logits_by_hand(model, self.batches[0])[labels != IGNORED]
        assert torch.allclose(tensors["logits"], wanted, atol=1e-4), "the library's head is not what the docstring says"
        if self.pieces is not None:
            logits = model(**self.batches[0]).logits[labels != IGNORED][:, self.pieces]
            places = torch.searchsorted(self.pieces, labels[labels != IGNORED])
            loss = torch.nn.functional.cross_entropy(logits, places)
            tensors["loss_pieces"] = loss.detach().reshape(1)
            tensors.update({"grad_pieces." + n: g for n, g in gradients(model, loss).items()})
        return tensors


def logits_by_hand(model, batch):
    """The masked-LM head once more, from its definition."""
    inputs = {n: t for n, t in batch.items() if n != "labels"}
    head, embeddings = model.heads["m"], model.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        x = head[2](torch.nn.functional.gelu(head[0](model.bert(**inputs).last_hidden_state)))
        nice = model.base_model.get_invertible_adapter()
        if nice is not None:
            first, second = x[..., :nice.split_len1], x[..., nice.split_len1:]
            second = second - nice.G(first)
            x = torch.cat([first - nice.F(second), second], -1)
        return x @ embeddings.T + head[3].bias


def main():
    options, batches = begin(__doc__)
    out = options.out
    recorder = Recorder(out, batches)

    def generator(stream):  # from 500 on: model_golden.py uses the lower ones
        return torch.Generator().manual_seed(options.seed * 1000 + 500 + stream)

    def bare():
        torch.manual_seed(options.seed)
        return AutoAdapterModel.from_pretrained(os.path.join(options.start, "tiny"), attn_implementation="eager").eval()

    def with_adapters(model, stream, **configs):
        """The model with adapters of these names, each moved by its own noise."""
        for number, (name, config) in enumerate(configs.items()):
            model.add_adapter(name, config=config)
            perturb(model, f".adapters.{name}.", generator(stream + 2 * number))
            perturb(model, f".invertible_adapters.{name}.", generator(stream + 2 * number + 1), INVERTIBLE_STD)
        return model

    def classifier(stream, **configs):
        model = bare()
        model.load_head(os.path.join(options.start, "head"), use_safetensors=True)
        model.active_head = "h"
        return with_adapters(model, stream, **configs)

    def folder(*parts):
        path = os.path.join(out, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def save(case, model, *names):
        for name in names:
            model.save_adapter(folder(case, name), name, with_head=False, use_safetensors=True)

    def record_trained(case, stream, active, **configs):
        """A case in which `t` and the head learn while all of `active` is in place."""
        model = classifier(stream, **configs)
        model.train_adapter("t")
        model.set_active_adapters(active)
        save(case, model, *configs)
        unused = [(n, p) for n, p in model.named_parameters() if ".invertible_adapters.t." in n]
        if isinstance(active, Stack) and unused:
            model.eval()
            found = gradients(model, model(**batches[0]).loss)
            for name, weight in unused:
                assert weight.requires_grad and name not in found, name + ": only the first adapter's should be used"
                weight.requires_grad = False  # as good as: without a gradient AdamW leaves it alone
        recorder.record(case, model, {n: c.to_dict() for n, c in configs.items()})
        return model

    record_trained("seq_bn_inv", 0, "t", t=SeqBnInvConfig())
    record_trained("double_seq_bn_inv", 10, "t", t=DoubleSeqBnInvConfig())
    stacked = record_trained("stack", 20, Stack("l", "t"), l=SeqBnInvConfig(), t=SeqBnConfig())
    record_trained("stack_inv_top", 30, Stack("l", "t"), l=SeqBnInvConfig(), t=SeqBnInvConfig())
    record_trained("stack_double", 40, Stack("l", "t"), l=DoubleSeqBnConfig(), t=DoubleSeqBnConfig())

    configs = dict(l=SeqBnInvConfig(), a=SeqBnConfig(), b=SeqBnConfig())
    model = classifier(50, **configs)
    fused = Fuse("a", "b")
    model.add_adapter_fusion(fused, config="dynamic")
    perturb(model, ".adapter_fusion_layer.", generator(56))
    model = soften(model)
    model.train_adapter_fusion(fused)
    model.set_active_adapters(Stack("l", fused))
    save("stack_fuse", model, *configs)
    model.save_adapter_fusion(folder("stack_fuse", "fusion"), fused, use_safetensors=True)
    recorder.record("stack_fuse", model, {**{n: c.to_dict() for n, c in configs.items()},
                                          "fusion": AdapterFusionConfig.load("dynamic").to_dict()})

    nice = stacked.bert.invertible_adapters["l"].double()
    x = torch.randn(NICE_ROWS, stacked.config.hidden_size, generator=generator(60)).double()
    with torch.no_grad():
        y = nice(x[None])
        nice_cases = {"x": x, "y": y[0], "x_back": nice(y, rev=True)[0], "x_inverse": nice(x[None], rev=True)[0]}
    save_file({n: t.float().contiguous() for n, t in nice_cases.items()}, os.path.join(out, "nice.safetensors"))

    vocabulary = stacked.config.vocab_size
    masked_batches, pieces = choose_targets(batches, vocabulary, generator(61))

    def masked_model(**configs):
        model = bare()
        model.add_masked_lm_head("m")
        words = model.bert.embeddings.word_embeddings.weight
        assert model.heads["m"][3].weight is words, "the decoder should be the word embeddings"
        noise = generator(62)
        with torch.no_grad():
            for name, weight in model.heads.named_parameters():
                if weight is not words:
                    weight.copy_(torch.randn(weight.shape, generator=noise) * BASE_STD)
                    if name == "m.2.weight":
                        weight.add_(1)
        return with_adapters(model, 70, **configs)

    model = masked_model(l=SeqBnInvConfig())
    model.train_adapter("l")
    for weight in model.heads.parameters():
        weight.requires_grad = False
    save("mlm", model, "l")
    beside = {f"batch{i}.targets": b["labels"].masked_fill(b["labels"] == IGNORED, -1)
              for i, b in enumerate(masked_batches)}
    MaskedRecorder(out, masked_batches, recorder.cases, pieces).record(
        "mlm", model, {"l": SeqBnInvConfig().to_dict()}, beside={**beside, "pieces": pieces})

    model = masked_model()
    for name, weight in model.named_parameters():
        weight.requires_grad = name.startswith("heads.")
    assert not model.heads["m"][3].weight.requires_grad, "the decoder should be frozen with the word embeddings"
    model.save_head(folder("mlm_head"), "m", use_safetensors=True)
    MaskedRecorder(out, masked_batches, recorder.cases).record("mlm_head", model, model.heads["m"].config)

    forget_where(out)
    write_meta(out, options.seed, recorder.cases, invertible_perturb_std=INVERTIBLE_STD,
               start=os.path.basename(os.path.abspath(options.start)))


if __name__ == "__main__":
    main()
