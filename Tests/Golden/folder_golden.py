#!/usr/bin/env python3
"""Makes Tests/Golden/folders: what `transformers` and `sentence-transformers` make of a model's settings files.

    pip install torch transformers==4.57.6 sentence-transformers==5.7.0
    python3 Tests/Golden/folder_golden.py [--seed 15] [--out Tests/Golden/folders]

  tokenizers.json      template, vocabulary, texts; cases: [name, normalizer, added tokens, {file: text}, lowers, ids of each text]
                       where `normalizer` null stands for a folder with vocab.txt and no tokenizer.json
  model/               a random BERT of two layers, 16 wide
  activations.safetensors  input_ids [4, L], attention_mask; NAME: the last hidden states [real tokens, hidden] in float64,
                       rounded once, with that hidden_act; mean and cls: the pooled vectors by sentence-transformers
"""
import argparse
import json
import os
import pathlib
import shutil
import tempfile
import warnings

import offline  # noqa: F401
warnings.simplefilter("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ("the cat sat on a mat The Cat cafe café Café CAFÉ naive naïve STRASSE straße 日 本 日本 hello Hello ! , . ' s "
         "##s ##t ##日 ##本 x y ##y < > new new1 ##1 mask MASK [ ] [mask] σ ς σας").split()
VOCABULARY = SPECIAL + [w for i, w in enumerate(WORDS) if w not in WORDS[:i]]
TEXTS = ["The Cat sat on a mat!", "Café CAFÉ cafe naïve", "日本 Hello日本", "x[MASK]y [MASK] <new> new1 [mask]", "STRASSE straße ΣΑΣ",
         "hello <new>x [UNK], y's"]
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
NEW = {"content": "<new>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
MASK = dict(NEW, content="[MASK]", lstrip=True)
N = len(VOCABULARY)


def token(id, content, **flags):
    return dict({"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
                 "normalized": False, "special": True}, **flags)


ADDED = [token(i, t) for i, t in enumerate(SPECIAL)]


def template():
    special = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": "@ADDED", "normalizer": "@NORMALIZER",
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": special,
                               "pair": special + [{"Sequence": {"id": "B", "type_id": 1}},
                                                  {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
                               "special_tokens": {t: {"id": t, "ids": [SPECIAL.index(t)], "tokens": [t]}
                                                  for t in ["[CLS]", "[SEP]"]}},
            "decoder": None,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100, "vocab": {t: i for i, t in enumerate(VOCABULARY)}}}


def bert(**changes):
    return dict(BERT, **changes)


CFG, MODEL = "tokenizer_config.json", "config.json"
#: name, normalizer, added tokens, tokenizer_config.json (None: no file), config.json's fields, other files
CASES = [
    ("nothing says otherwise", BERT, ADDED, None, {}, {}),
    ("cased tokenizer.json alone", bert(lowercase=False), ADDED, None, {}, {}),
    ("cased by the configuration", BERT, ADDED, {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}, {}, {}),
    ("cased by the configuration, class from the model", BERT, ADDED, {"do_lower_case": False}, {}, {}),
    ("uncased by default", bert(lowercase=False), ADDED, {}, {}, {}),
    ("cased, accents stripped", BERT, ADDED, {"do_lower_case": False, "strip_accents": True}, {}, {}),
    ("uncased, accents kept", BERT, ADDED, {"strip_accents": False}, {}, {}),
    ("accents kept by tokenizer.json", bert(strip_accents=False), ADDED, {}, {}, {}),
    ("no ideographs", BERT, ADDED, {"tokenize_chinese_chars": False}, {}, {}),
    ("generic class", BERT, ADDED, {"do_lower_case": False, "tokenizer_class": "PreTrainedTokenizerFast"}, {}, {}),
    ("generic class of the model", BERT, ADDED, {"do_lower_case": False}, {"tokenizer_class": "PreTrainedTokenizerFast"}, {}),
    ("kin", BERT, ADDED, {"do_lower_case": False, "tokenizer_class": "DistilBertTokenizer"}, {}, {}),
    ("a sequence is left alone", {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}]}, ADDED,
     {"do_lower_case": False}, {}, {}),
    ("decoder changes a flag", BERT, ADDED, {"added_tokens_decoder": {"4": MASK}}, {}, {}),
    ("decoder adds", BERT, ADDED, {"added_tokens_decoder": {str(N): NEW}}, {}, {}),
    ("decoder adds a word", BERT, ADDED,
     {"added_tokens_decoder": {str(VOCABULARY.index("cat")): dict(NEW, content="cat", normalized=True, special=False)}}, {}, {}),
    ("another mask", BERT, ADDED, {"mask_token": "<new>"}, {}, {}),
    ("another mask with flags", BERT, ADDED, {"mask_token": dict(NEW, __type="AddedToken", lstrip=True, normalized=True)}, {}, {}),
    ("special_tokens_map.json", BERT, ADDED, {}, {}, {"special_tokens_map.json": {"additional_special_tokens": ["cat", "<new>"]}}),
    ("special_tokens_map.json beside a decoder", BERT, ADDED, {"added_tokens_decoder": {"4": dict(MASK, lstrip=False)}}, {},
     {"special_tokens_map.json": {"additional_special_tokens": ["cat"]}}),
    ("added_tokens.json", BERT, ADDED, {}, {}, {"added_tokens.json": {"<new>": N}}),
    ("no added tokens", BERT, [], {}, {}, {}),
    ("no added tokens, generic class", BERT, [], {"tokenizer_class": "PreTrainedTokenizerFast"}, {}, {}),
    ("vocab.txt", None, [], None, {}, {}),
    ("vocab.txt, cased", None, [], {"do_lower_case": False}, {}, {}),
    ("vocab.txt, added_tokens.json", None, [], {"do_lower_case": False}, {}, {"added_tokens.json": {"<new>": N}}),
    ("vocab.txt, decoder", None, [], {"added_tokens_decoder": {str(N): NEW, "4": MASK}}, {}, {}),
    ("lowered first", bert(lowercase=False), ADDED, {"do_lower_case": False}, {}, {"sentence_bert_config.json": {"do_lower_case": True}}),
]


def tokenizers(out):
    cases = []
    for name, normalizer, added, configuration, model, others in CASES:
        with tempfile.TemporaryDirectory() as folder:
            files = dict({MODEL: dict({"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 8, "num_hidden_layers": 1,
                                       "num_attention_heads": 1, "intermediate_size": 8, "vocab_size": N + 8}, **model)},
                         **others)
            if configuration is not None:
                files[CFG] = configuration
            texts = {k: json.dumps(v, ensure_ascii=False) for k, v in files.items()}
            for file, text in texts.items():
                pathlib.Path(folder, file).write_text(text, encoding="utf-8")
            if normalizer is None:
                pathlib.Path(folder, "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
            else:
                whole = dict(template(), normalizer=normalizer, added_tokens=added)
                pathlib.Path(folder, "tokenizer.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
            lowers = "sentence_bert_config.json" in others
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            if lowers:
                transformers.BertModel(transformers.BertConfig.from_pretrained(folder)).save_pretrained(folder)
                from sentence_transformers.models import Transformer
                tokenizer = Transformer.load(folder).tokenizer
            ids = [tokenizer(text)["input_ids"] for text in TEXTS]
            texts.pop("sentence_bert_config.json", None)
            cases.append([name, normalizer and json.dumps(normalizer), json.dumps(added), texts, lowers, ids])
    value = {"template": json.dumps(template(), ensure_ascii=False), "vocabulary": VOCABULARY, "texts": TEXTS, "cases": cases}
    (out / "tokenizers.json").write_text(json.dumps(value, ensure_ascii=True, indent=0), encoding="utf-8")


ACTIVATIONS = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "relu", "silu", "swish"]


def activations(out, seed):
    generator = torch.Generator().manual_seed(seed)
    shape = dict(vocab_size=len(VOCABULARY), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
                 max_position_embeddings=20, type_vocab_size=2)
    folder = out / "model"
    shutil.rmtree(folder, ignore_errors=True)
    model = transformers.BertModel(transformers.BertConfig(**shape), add_pooling_layer=False)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # wide enough that the activations differ
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.6)
            if name.endswith("LayerNorm.weight"):
                weight.add_(1)
    model.save_pretrained(folder)
    lengths = [1, 3, 7, 12]
    ids = torch.zeros((len(lengths), max(lengths)), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, shape["vocab_size"], (length,), generator=generator)
        mask[row, :length] = 1
    tensors = {"input_ids": ids, "attention_mask": mask}
    for name in ACTIVATIONS:
        configuration = transformers.BertConfig.from_pretrained(folder, hidden_act=name, attn_implementation="eager")
        net = transformers.BertModel.from_pretrained(folder, config=configuration, add_pooling_layer=False).double().eval()
        with torch.no_grad():
            hidden = net(input_ids=ids, attention_mask=mask).last_hidden_state
        tensors[name] = hidden[mask == 1].float()
    for mode in ["mean", "cls"]:
        with tempfile.TemporaryDirectory() as other:
            shutil.copytree(folder, other, dirs_exist_ok=True)
            whole = dict(template(), normalizer=BERT, added_tokens=ADDED)
            pathlib.Path(other, "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")
            os.mkdir(other + "/pool")
            types = ["Transformer", "Pooling"]
            pathlib.Path(other, "modules.json").write_text(json.dumps(
                [{"idx": i, "name": str(i), "path": ["", "pool"][i], "type": "sentence_transformers.models." + t}
                 for i, t in enumerate(types)]))
            pathlib.Path(other, "pool/config.json").write_text(json.dumps({"embedding_dimension": 16, "pooling_mode": mode}))
            sentences = SentenceTransformer(other, device="cpu").double()
            with torch.no_grad():
                tensors[mode] = sentences({"input_ids": ids, "attention_mask": mask})["sentence_embedding"].float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, out / "activations.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="Tests/Golden/folders")
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    tokenizers(out)
    activations(out, options.seed)


main()
