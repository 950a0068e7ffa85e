#!/usr/bin/env python3
"""Makes the fixtures of the parity tests of the families of models: small random models, hidden states, gradients, losses.

    families_golden.py --out DIR [--seed N] [--only KIND...]

needs torch (CPU), transformers, tokenizers and safetensors. For each KIND, one of
    roberta       saved with its head, so under `roberta.`; positions start behind the padding's id, one token type
    xlm-roberta   saved bare
    distilbert    saved with its head, so under `distilbert.`; no token types
    roberta-bpe   roberta with a byte-level tokenizer as vocab.json and merges.txt; its batch is made of texts
    modernbert    saved with its head, so under `model.`; every second layer is local, and a text is longer than its window
                  of 16 tokens; a byte-level tokenizer.json as ModernBERT's makes the batch
    electra       saved with its head, so under `electra.`; embeddings as wide as the layers

    DIR/KIND/                   the model as a Hugging Face folder
    DIR/KIND.safetensors        input_ids, attention_mask [6, L], labels [6]: int64, padded with the padding's id;
                                hidden.I [real tokens, hidden]: I = 0 for the embeddings; logits [6, 3]; loss [1];
                                grad.<torch name> of every weight;
                                head.<torch name>: the classification head (dense, tanh, dense on the first token);
                                step_losses [20] float64: the loss before each AdamW step (all weights, 1e-3, decay 0.01)
    DIR/KIND.json               texts of the batch, where a tokenizer made it: [text, pair or null]

All from float32 weights in float64, rounded once, dropout off. The longest sequence takes the last position there is.
"""
import argparse
import copy
import json
import os
import shutil

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import (
    AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)
from transformers.models.roberta.modeling_roberta import RobertaClassificationHead

SHAPE = dict(vocab_size=70, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
             max_position_embeddings=26, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
             layer_norm_eps=1e-5, num_labels=3)
DISTIL = dict(vocab_size=70, dim=32, n_layers=3, n_heads=4, hidden_dim=48, max_position_embeddings=24, pad_token_id=0,
              activation="gelu", num_labels=3)
MODERN = dict(vocab_size=300, hidden_size=32, intermediate_size=24, num_hidden_layers=4, num_attention_heads=4,
              max_position_embeddings=160, global_attn_every_n_layers=2, local_attention=16, pad_token_id=1, cls_token_id=0,
              sep_token_id=2, bos_token_id=0, eos_token_id=2, reference_compile=False)
LENGTHS, STEPS, RATE, STD = (1, 2, 5, 11, 17, 24), 20, 1e-3, 0.1
TEXTS = [("The cat sat.", None), ("don't we'll", None), ("naïve café", None), ("a\n\n b  c", None), ("<mask> 12 3", None),
         ("the cat", "on the mat")]

MODERN_TEXTS = TEXTS[:4] + [("[MASK] 12  3 |||EMAIL|||", None), TEXTS[5],
                            ("the cat, the mat and don't we'll sit on it; " * 6, None)]


class Classifier(torch.nn.Module):
    """A bare encoder under RoBERTa's head, whose form is ours."""

    def __init__(self, name, encoder, hidden):
        super().__init__()
        self.name = name
        self.add_module(name, encoder)
        self.classifier = RobertaClassificationHead(argparse.Namespace(
            hidden_size=hidden, classifier_dropout=0.0, hidden_dropout_prob=0.0, num_labels=3))

    def forward(self, input_ids, attention_mask, labels, output_hidden_states=False):
        encoder = getattr(self, self.name)
        output = encoder(input_ids, attention_mask=attention_mask, output_hidden_states=output_hidden_states)
        logits = self.classifier(output.last_hidden_state)
        return argparse.Namespace(loss=torch.nn.functional.cross_entropy(logits, labels), logits=logits,
                                  hidden_states=output.hidden_states)

    def save_pretrained(self, folder, **options):
        getattr(self, self.name).save_pretrained(folder, **options)
        file = os.path.join(folder, "model.safetensors")
        save_file({n: p.detach() for n, p in self.named_parameters()}, file, metadata={"format": "pt"})


def build(kind):
    if kind == "distilbert":
        configuration = transformers.DistilBertConfig(**DISTIL, attn_implementation="eager")
        return Classifier("distilbert", transformers.DistilBertModel(configuration), configuration.dim)
    if kind == "modernbert":
        configuration = transformers.ModernBertConfig(**MODERN, attn_implementation="sdpa")
        return Classifier("model", transformers.ModernBertModel(configuration), configuration.hidden_size)
    if kind == "electra":
        configuration = transformers.ElectraConfig(
            **dict(SHAPE, max_position_embeddings=24, embedding_size=32), attn_implementation="eager")
        return Classifier("electra", transformers.ElectraModel(configuration), configuration.hidden_size)
    if kind == "xlm-roberta":
        return transformers.XLMRobertaForSequenceClassification(
            transformers.XLMRobertaConfig(**SHAPE, attn_implementation="eager"))
    shape = dict(SHAPE, vocab_size=300) if kind == "roberta-bpe" else SHAPE
    return transformers.RobertaForSequenceClassification(
        transformers.RobertaConfig(**shape, attn_implementation="eager"))


KINDS = ["roberta", "xlm-roberta", "distilbert", "roberta-bpe", "modernbert", "electra"]


def make(kind, folder, generator):
    model = build(kind)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * STD)
            if name.lower().endswith("norm.weight"):
                weight.add_(1)
    (model.roberta if kind == "xlm-roberta" else model).save_pretrained(folder, safe_serialization=True)
    return model.eval()


def tokenizer(folder):
    """Trains a byte-level tokenizer and saves it in the older form: vocab.json and merges.txt."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator([f"{text} {pair}" for text, pair in TEXTS] * 2, trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.model.save(folder)
    return transformers.AutoTokenizer.from_pretrained(folder)


def modern_tokenizer(folder):
    """The same as tokenizer.json in the form of ModernBERT's."""
    special = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator([f"{text} {pair}" for text, pair in TEXTS] * 2, trainers.BpeTrainer(
        vocab_size=298, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.add_tokens([AddedToken("  ", normalized=True), AddedToken("|||EMAIL|||", normalized=True)])
    made.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False)])
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 0), ("[SEP]", 2)])
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_max_length=160, clean_up_tokenization_spaces=True,
        model_input_names=["input_ids", "attention_mask"])
    fast.save_pretrained(folder)
    return transformers.AutoTokenizer.from_pretrained(folder)


def make_batch(kind, folder, generator):
    if kind == "modernbert":
        encode = modern_tokenizer(folder)
        rows = [encode(text, pair, truncation=True, max_length=160)["input_ids"] for text, pair in MODERN_TEXTS]
        assert len(rows[-1]) > 129
    elif kind == "roberta-bpe":
        encode = tokenizer(folder)
        assert isinstance(encode, transformers.RobertaTokenizerFast)
        rows = [encode(text, pair, truncation=True, max_length=24)["input_ids"] for text, pair in TEXTS]
    else:
        rows = []
        for length in LENGTHS:
            row = torch.randint(3, SHAPE["vocab_size"], (length,), generator=generator)
            row[0] = 2 if kind == "distilbert" else 0
            rows.append(row.tolist())
    padding = 0 if kind == "distilbert" else SHAPE["pad_token_id"]
    ids = torch.full((len(rows), max(map(len, rows))), padding)
    for number, row in enumerate(rows):
        ids[number, :len(row)] = torch.tensor(row)
    return {"input_ids": ids, "attention_mask": (ids != padding).long(),
            "labels": torch.randint(0, 3, (len(rows),), generator=generator)}


def follow(model, batch):
    model = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(**batch).loss
        losses.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
    return torch.tensor(losses, dtype=torch.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for number, kind in enumerate(KINDS):
        if kind not in options.only:
            continue
        shutil.rmtree(os.path.join(options.out, kind), ignore_errors=True)
        generator = torch.Generator().manual_seed(options.seed * 1000 + number)
        folder = os.path.join(options.out, kind)
        model = make(kind, folder, generator)
        batch = make_batch(kind, folder, generator)
        texts = {"roberta-bpe": TEXTS, "modernbert": MODERN_TEXTS}.get(kind)
        if texts:
            with open(os.path.join(options.out, kind + ".json"), "w", encoding="utf-8") as file:
                json.dump({"texts": texts}, file, ensure_ascii=False)
        exact = copy.deepcopy(model).double()
        output = exact(**batch, output_hidden_states=True)
        output.loss.backward()
        real = batch["attention_mask"].bool()
        tensors = {f"hidden.{i}": state[real].detach() for i, state in enumerate(output.hidden_states)}
        tensors |= {"logits": output.logits.detach(), "loss": output.loss.detach().reshape(1)}
        tensors |= {f"grad.{n}": p.grad for n, p in exact.named_parameters()}
        tensors |= {f"head.{n}": p.detach() for n, p in model.classifier.named_parameters()}
        tensors = {n: t.float().contiguous() for n, t in tensors.items()} | batch
        tensors["step_losses"] = follow(exact, batch)
        error = float((follow(model, batch) - tensors["step_losses"]).abs().max())
        save_file(tensors, os.path.join(options.out, kind + ".safetensors"),
                  metadata={"seed": str(options.seed), "transformers": transformers.__version__,
                            "torch": torch.__version__, "library_float32_error_of_the_curve": str(error)})
        print(kind, json.dumps({"error": error, "losses": [float(tensors["step_losses"][i]) for i in (0, -1)]}))


if __name__ == "__main__":
    main()
