#!/usr/bin/env python3
"""Makes Tests/Golden/bpe: small BPE tokenizers, 5,000 hard strings, and what `tokenizers` and `transformers` make of them.

    pip install tokenizers==0.22.2 transformers==4.57.6
    python3 Tests/Golden/bpe_golden.py [--seed 6] [--tokenizer FILE --whole FOLDER]

The tokenizers are trained on words of the vocabulary in tokenizer/uncased, with the seed. Written are
  NAME/tokenizer.json  roberta: byte-level; prefix: with a prefix space, added tokens of all kinds, merges as lines, whole words
                       first; parts: several pre- and post-processors, a normalizer, bytes that the vocabulary lacks; dropped:
                       such bytes without an unknown token; suffix and inside: not byte-level, tokens end or begin with a mark
  files/               roberta as vocab.json, merges.txt and settings
  strings.json         texts: [text, pair or null, maxLength]
  NAME.json            whole: the encodings of the first texts, as tokenizer_golden.py codes them; digests: of every text,
                       FNV-1a over its ids, offsets, type ids and sequences (255: special), 8 hexadecimal digits each;
                       files.json is from `transformers`
  settings.json        what tokenizer_config.json changes: [tokenizer, {file: text}, cases]
  scalars.json         a hash of how the pre-tokenizer splits around each scalar, 4,096 scalars per entry
With --whole: FOLDER/tokenizer.json is the FILE of a real model and FOLDER/cases.json has 5,000 cases of it, not to be committed;
the test reads them where AMALGAM_TEST_BPE names the folder.
"""
import argparse
import json
import pathlib
import shutil
import tempfile
import warnings

import offline  # noqa: F401
warnings.simplefilter("ignore")

import tokenizers  # noqa: E402
import transformers  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # noqa: E402
from tokenizer_golden import LENGTHS, RANGES, SPACES, Strings, coded, encode, write  # noqa: E402

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
WHOLE, COUNT = 400, 5000
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
FIXED = [
    "", " ", "  ", "\n", " \n", "\n ", "\t\t", "\r\n", "\r\n\r\n", "a\r\nb", "a \r\n b", "a  b   c", " lead", "  lead", "trail ", "trail  ",
    "\u00a0", "a\u00a0b", "a \u00a0b", "a\u00a0 b", "\u2003x\u2003 y", "\u3000日本\u3000語", "don't DON'T Don'T don\u2019t", "'s", "''s", "'S's 'Ss",
    "we're they'LL I've I'm you'd she'll it's", "'re're", "x'rey 'v 've", "o'clock rock'n'roll 'tis", "1's 2'nd 3're", "!'s ?'t '''d",
    "'l 'll 'lll", "abc123def 4.5e6 ١٢٣ ½ Ⅷ ²", "price: $3.50 + 4% = £7 & <b>@x_y</b>", "---...!!!???", "\0a\0 \0", "\x85x\x85 y\x1cz",
    "👩‍👩‍👧‍👦 family 👍🏽 🏳️‍🌈 🇩🇪", "e\u0301le\u0300ve élève", "\u0301", " \u0301", "a\u0301\u0323b", "नमस्ते दुनिया", "ไม่มีช่องว่าง", "שָׁלוֹם",
    "السَّلامُ عليكم", "각 가\u11a8 \u1100\u1161", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐐀𐐨", "\U0010ffff\U000f0000\ue000", "\ufeffbom\u200bzero\u00adsoft", "İstanbul IŞIK ıI",
    "Ġ Ġa Ċ â", "ĠĠ", "<mask>", "a <mask> b", "a<mask>b", " <mask> ", "<mask><mask>", "<s>a</s>", "<unk> <pad>", "<mask", "a" * 600,
    "the" * 300, "é" * 250, "日" * 200, " " * 300, " " * 300 + "x", "ab" * 200 + " " + "'" * 100, "\n" * 50 + "a", "😀" * 100,
]
ADDED = [("<one>", dict(single_word=True)), ("<left>", dict(lstrip=True)), ("<right>", dict(rstrip=True)),
         ("<both>", dict(lstrip=True, rstrip=True)), ("<onebig>", {}), ("Straße", dict(normalized=True)),
         ("word", dict(single_word=True, normalized=True)), (" x", {}), ("Ġy ", dict(rstrip=True)), ("\u2003z", dict(lstrip=True))]
EXTRA = [content for content, _ in ADDED] + SPECIAL + ["'s", "Straßen", "words", "<mask>"]


def texts(strings):
    r = strings.random
    out = [(text, None, 512) for text in FIXED]

    def text():
        kind = r.randrange(10)
        if kind < 5:
            return strings.text(EXTRA)
        if kind == 5:  # contractions in all cases
            word = r.choice(strings.words)
            end = "".join(c.upper() if r.random() < 0.3 else c for c in r.choice(CONTRACTIONS))
            return r.choice(["", " ", word]) + r.choice(["", " "]) + end + r.choice(["", " ", "a", "'s", word])
        if kind == 6:  # runs of white space
            return "".join(r.choice(["a", "1", "!", "é", "'"]) + r.choice(SPACES) * r.randint(1, 3) for _ in range(3))
        if kind == 7:  # any scalars
            return "".join(chr(r.choice([r.randrange(0xD800), r.randrange(0xE000, 0x110000), r.randrange(0x250)]))
                           for _ in range(r.randint(1, 5)))
        if kind == 8:  # one plane and another
            return strings.scalars(r.choice(list(RANGES)), 3) + r.choice([" ", "", "\u200d"]) + strings.scalars(r.choice(list(RANGES)), 2)
        return r.choice(EXTRA) + r.choice(["", " ", "  ", "\t", "\n "]) + r.choice(EXTRA) + r.choice(["", " ", "s", "'s", " x"])

    while len(out) < COUNT:
        pair = text() if r.random() < 0.12 else None
        length = 512 if r.random() < 0.7 else r.choice(LENGTHS)
        # With less room than the special tokens of a pair need, the library does not truncate at all
        out.append((text(), pair, length if pair is None else max(length, 5)))
    return out


def train(corpus, size, pre_tokenizer, **options):
    tokenizer = Tokenizer(models.BPE(**{k: v for k, v in options.items() if k in ("unk_token",)}))
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = options.pop("alphabet", [])
    options.pop("unk_token", None)
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False, **options))
    return json.loads(tokenizer.to_str())


def added(spec, extra):
    vocabulary = spec["model"]["vocab"]
    fresh = len(vocabulary)
    spec["added_tokens"] = []
    for content in SPECIAL:
        spec["added_tokens"].append(dict(
            id=vocabulary[content], content=content, single_word=False, lstrip=content == "<mask>", rstrip=False,
            normalized=False, special=True))
    for content, options in extra:
        token = dict(id=vocabulary.get(content, fresh), content=content, single_word=False, lstrip=False, rstrip=False,
                     normalized=False, special=False)
        token.update(options)
        fresh += content not in vocabulary
        spec["added_tokens"].append(token)
    return spec


def roberta(trims, prefix):
    return {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": trims,
            "add_prefix_space": prefix}


def specifications(corpus):
    bytes_ = pre_tokenizers.ByteLevel.alphabet()
    base = train(corpus, 1200, pre_tokenizers.ByteLevel(add_prefix_space=False), alphabet=bytes_)
    base["post_processor"] = roberta(True, False)
    specs = {"roberta": added(base, [])}

    spec = train(corpus, 900, pre_tokenizers.ByteLevel(add_prefix_space=True), alphabet=bytes_)
    spec["post_processor"] = roberta(True, True)
    spec["model"]["merges"] = ["#version: 0.2"] + [" ".join(pair) for pair in spec["model"]["merges"]]
    # A word of the vocabulary that no merge gives
    for word in ["Ġdon", "Ġwe're", "hello", "ĠĊ"]:
        spec["model"]["vocab"].setdefault(word, len(spec["model"]["vocab"]))
    spec["model"]["ignore_merges"] = True
    specs["prefix"] = added(spec, ADDED)

    spec = train(corpus, 500, pre_tokenizers.ByteLevel(add_prefix_space=True), unk_token="<unk>")
    spec["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}
    spec["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False}]}
    single = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    spec["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        {"type": "TemplateProcessing", "single": single, "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}]}
    spec["model"].update(fuse_unk=True)
    specs["parts"] = added(spec, [])

    spec = train(corpus, 400, pre_tokenizers.ByteLevel(add_prefix_space=False))
    spec["post_processor"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    specs["dropped"] = added(spec, ADDED[:4])

    words = train(corpus, 500, pre_tokenizers.Whitespace(), unk_token="<unk>", limit_alphabet=150)
    spec = marked(json.loads(json.dumps(words)), end_of_word_suffix="</w>")
    spec["normalizer"] = {"type": "Lowercase"}
    spec["model"].update(fuse_unk=True)
    specs["suffix"] = added(spec, [])

    spec = marked(words, continuing_subword_prefix="##")
    spec["post_processor"] = roberta(False, False)
    specs["inside"] = added(spec, [])
    return specs


def marked(spec, **marks):
    """The merges for tokens with and without a mark: a prefix inside a word, or a suffix at its end. The trainer's own result
    with a mark depends on hash order."""
    prefix, suffix = marks.get("continuing_subword_prefix", ""), marks.get("end_of_word_suffix", "")
    vocabulary, merges = {token: i for i, token in enumerate(SPECIAL)}, []
    for token in spec["model"]["vocab"]:
        if token not in SPECIAL:
            for form in (token, prefix + token + suffix):
                vocabulary.setdefault(form, len(vocabulary))
    for first, second in spec["model"]["merges"]:
        merges += [[first, prefix + second], [prefix + first, prefix + second]] if prefix else [
            [first, second], [first, second + suffix]]
    spec["model"].update(vocab=vocabulary, merges=merges, **marks)
    return spec


def digest(encoding):
    value = 0xCBF29CE484222325
    def add(number):
        nonlocal value
        for byte in number.to_bytes(4, "little"):
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    for i, (start, end) in enumerate(encoding.offsets):
        sequence = encoding.sequence_ids[i]
        for number in (encoding.ids[i], start, end, encoding.type_ids[i], 255 if sequence is None else sequence):
            add(number)
    return "%08x" % (value >> 32)


def results(tokenizer, plan):
    encodings = [encode(tokenizer, *case) for case in plan]
    return {"whole": [coded(e) for e in encodings[:WHOLE]], "digests": "".join(map(digest, encodings))}


CONFIGURATIONS = [
    ("prefix", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer"}}),
    ("prefix", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}}),
    ("roberta", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizerFast", "add_prefix_space": True}}),
    ("roberta", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer", "trim_offsets": False}}),
    ("prefix", {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}}),
    ("prefix", {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": True}}),
    ("roberta", {"config.json": {"model_type": "roberta"}, "tokenizer_config.json": {}}),
    ("parts", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer"}}),
    ("dropped", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}}),
    ("inside", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer"}}),
    ("files", {"config.json": {"model_type": "roberta"}}),
    ("files", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}}),
    ("files", {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer", "trim_offsets": False}}),
    ("files", {"config.json": {"model_type": "roberta"}, "special_tokens_map.json": {"mask_token": "<mask>", "sep_token": "the"}}),
    ("files", {"config.json": {"model_type": "roberta"}, "tokenizer_config.json": {"mask_token": {
        "content": "<mask>", "lstrip": False, "rstrip": True, "normalized": False, "single_word": False, "__type": "AddedToken"}}}),
    ("files", {"config.json": {"model_type": "roberta"}, "tokenizer_config.json": {"additional_special_tokens": ["<new>"]},
               "added_tokens.json": {"<new>": 1200}}),
]


def settings(out, sample):
    cases = []
    for name, files in CONFIGURATIONS:
        with tempfile.TemporaryDirectory() as folder:
            for file in (["vocab.json", "merges.txt"] if name == "files" else ["tokenizer.json"]):
                shutil.copy(out / name / file, folder)
            for file, value in files.items():
                pathlib.Path(folder, file).write_text(json.dumps(value))
            if "config.json" not in files:
                pathlib.Path(folder, "config.json").write_text('{"model_type": "roberta"}')
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder).backend_tokenizer
            made = [[t, p, n] + coded(encode(tokenizer, t, p, n)) for t, p, n in sample]
        cases.append([name, {file: json.dumps(value) for file, value in files.items()}, made])
    return cases


def scalar_hashes():
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    blocks = []
    for first in range(0, 0x110000, 4096):
        value = 0xCBF29CE484222325
        for c in range(first, first + 4096):
            if 0xD800 <= c < 0xE000:
                continue
            text = "a" + chr(c) + "1 " + chr(c) + "!" + chr(c) + chr(c) + "b"
            for _, (start, end) in split.pre_tokenize_str(text):
                value = (value ^ (end - start)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        blocks.append("%016x" % value)
    return blocks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--tokenizer")
    parser.add_argument("--whole")
    options = parser.parse_args()
    seed = options.seed
    golden = pathlib.Path(__file__).parent
    out = golden / "bpe"
    source = json.loads((golden / "tokenizer/uncased/tokenizer.json").read_text(encoding="utf-8"))
    strings = Strings(seed, sorted(source["model"]["vocab"]))
    corpus = [strings.text(["'s", "don't", "we're", "the"]) for _ in range(6000)]
    plan = texts(strings)
    versions = {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__, "seed": seed}
    if options.whole:
        folder = pathlib.Path(options.whole)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(options.tokenizer, folder / "tokenizer.json")
        whole = Tokenizer.from_file(options.tokenizer)
        write(folder / "cases.json", versions | {"cases": [[t, p, n] + coded(encode(whole, t, p, n)) for t, p, n in plan]})
        return
    shutil.rmtree(out, ignore_errors=True)
    for name, spec in specifications(corpus).items():
        (out / name).mkdir(parents=True)
        write(out / name / "tokenizer.json", spec)
        write(out / (name + ".json"), versions | results(Tokenizer.from_file(str(out / name / "tokenizer.json")), plan))
    folder = out / "files"
    folder.mkdir()
    model = json.loads((out / "roberta/tokenizer.json").read_text())["model"]
    write(folder / "vocab.json", model["vocab"])
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(" ".join(pair) + "\n" for pair in model["merges"]), encoding="utf-8")
    write(folder / "config.json", {"model_type": "roberta"})
    fast = transformers.AutoTokenizer.from_pretrained(str(folder))
    assert type(fast) is transformers.RobertaTokenizerFast
    write(out / "files.json", versions | results(fast.backend_tokenizer, plan))
    write(out / "strings.json", versions | {"texts": [[t, p, n] for t, p, n in plan]})
    sample = [(t, p, n) for t, p, n in plan if len(t) < 40][::60][:60] + [("a <mask> b", None, 512), ("<new> x <new>the", "the", 9)]
    write(out / "settings.json", versions | {"cases": settings(out, sample)})
    write(out / "scalars.json", versions | {"blocks": scalar_hashes()})


if __name__ == "__main__":
    main()
