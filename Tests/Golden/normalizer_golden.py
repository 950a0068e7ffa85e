#!/usr/bin/env python3
"""Makes Tests/Golden/normalizers.json: what the normalizers and splitters of Hugging Face's `tokenizers` make of hard strings.

    pip install tokenizers==0.22.2
    python3 Tests/Golden/normalizer_golden.py [--seed 15] [--out Tests/Golden/normalizers.json]

  texts      the strings
  normalizers  [tokenizer.json's object, [[text, offsets], ...]]: the new text of each string, and for each of its scalars
             [start - last end, length, ...] in the old one
  splitters  [tokenizer.json's object, [offsets, ...]]: the words
  blocks     a hash of what each form makes of each scalar, a block of 4,096 an entry
"""
import argparse
import json
import random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

FORMS = ["NFD", "NFKD", "NFC", "NFKC", "Lowercase", "StripAccents", "Nmt"]
NORMALIZERS = [{"type": name} for name in FORMS] + [
    {"type": "Strip", "strip_left": True, "strip_right": False},
    {"type": "Prepend", "prepend": "▁x"},
    {"type": "Replace", "pattern": {"String": "e"}, "content": "ab"},
    {"type": "Replace", "pattern": {"String": "ee"}, "content": ""},
    {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"},
    {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
    {"type": "Replace", "pattern": {"Regex": "\\."}, "content": "!?"},
    {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}]},
    {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"},
                                         {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
    {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "NFC"}, {"type": "Prepend", "prepend": "▁"}]},
]
SPLITTERS = [
    {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": True},
    {"type": "Digits", "individual_digits": False}, {"type": "CharDelimiterSplit", "delimiter": "e"},
] + [{"type": "Punctuation", "behavior": b}
     for b in ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"]]
FIXED = [
    "", " ", "a", "  a  b   c ", "élève e\u0301le\u0300ve ÉLÈVE", "İstanbul ΣΑΣ Straße", "ﬁance ﬀ Ⅷ ㎏ ① ½ ²",
    "각 가\u11a8 \u1100\u1161\u11a8 \u1161\u11a8", "Å Å A\u030a \u212b", "q\u0307\u0323 q\u0323\u0307 a\u0344\u0323b", "\u0301x",
    "\u0327\u0301", "\U0001d15e\u0323\U0001d165", "x\u0f71\u0f72 \u0344 \u0958", "ｆｕｌｌ　ｗｉｄｔｈ　１２３", "tab\tline\nbell\x07del\x7f\u200bzero\ufeff",
    "e\u2581e \u00a0\u3000e", "don't stop... it's 3.14, ok?!", "…“fine”—yes", "٣٤ x² Ⅳ 五", "snake_case a\u0300_b", "नमस्ते दुनिया",
    "e.e..e", "豈 \uf900 \U0002f800", "\u1e9b\u0323 \ufb2c \u05e9\u05bc\u05c1", "\u0065\u0301\u0301 \u0061\u0308\u0301", "ﷺ",
]


def strings(seed):
    r = random.Random(seed)
    marks = [chr(c) for c in list(range(0x300, 0x345)) + [0x345, 0x591, 0x5B0, 0x64B, 0x94D, 0x93C, 0xF71, 0xF72, 0x3099]]
    letters = list("aeouAEÉéüñçÅßΣσйЙかガ가각\u1100\u1161\u11a8ﬁⅧ½²ẛ \t .,!'-_09٣") + ["  ", "ee", "\u0958", "\u2126"]
    out = list(FIXED)
    for _ in range(60):
        parts = []
        for _ in range(r.randint(1, 8)):
            parts.append(r.choice(letters) if r.random() < 0.9 else chr(r.choice([r.randrange(0xD800), r.randrange(0x10000, 0x20000)])))
            if r.random() < 0.45:
                parts += [r.choice(marks) for _ in range(r.randint(1, 3))]
        out.append("".join(parts))
    return out


def coded(offsets):
    out, last = [], 0
    for start, end in offsets:
        out += [start - last, end - start]
        last = end
    return out


def made(kind, specification):
    """The object of a tokenizer.json."""
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
             "pre_tokenizer": None, "post_processor": None, "decoder": None,
             "model": {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}}
    whole[kind] = specification
    return Tokenizer.from_str(json.dumps(whole))


def normalized(specification, texts):
    tokenizer = made("normalizer", specification)
    # each scalar a token: its offsets are where it comes from
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    out = []
    for text in texts:
        new = tokenizer.normalizer.normalize_str(text)
        offsets = tokenizer.encode(text).offsets
        assert len(offsets) == len(new), (specification, text)
        out.append([new, coded(offsets)])
    return out


def blocks():
    forms = [getattr(normalizers, name)() for name in FORMS]
    words, digits = pre_tokenizers.Whitespace(), pre_tokenizers.Digits()
    out = []
    for block in range(272):
        value = 0xCBF29CE484222325
        for c in range(block * 4096, (block + 1) * 4096):
            if 0xD800 <= c < 0xE000:
                continue
            data = b"\0".join(form.normalize_str(chr(c)).encode() for form in forms)
            data += bytes([len(words.pre_tokenize_str("a" + chr(c) + "b")), len(digits.pre_tokenize_str("a" + chr(c)))])
            for byte in data:
                value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        out.append("%016x" % value)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--out", default="Tests/Golden/normalizers.json")
    options = parser.parse_args()
    texts = strings(options.seed)
    value = {
        "texts": texts, "normalizers": [[n, normalized(n, texts)] for n in NORMALIZERS],
        "splitters": [[s, [coded([o for _, o in made("pre_tokenizer", s).pre_tokenizer.pre_tokenize_str(t)])
                           for t in texts]] for s in SPLITTERS],
        "blocks": blocks(),
    }
    with open(options.out, "w", encoding="utf-8", newline="\n") as out:
        json.dump(value, out, ensure_ascii=True, separators=(",", ":"))


main()
