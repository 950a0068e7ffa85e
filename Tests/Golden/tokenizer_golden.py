#!/usr/bin/env python3
"""Makes Tests/Golden/tokenizer: small tokenizers, hard strings, and what Hugging Face's `tokenizers` makes of them.

    pip install tokenizers==0.23.3
    python3 Tests/Golden/tokenizer_golden.py --model FOLDER [--seed 6]

FOLDER holds the tokenizer.json of an uncased BERT-like model (sentence-transformers/all-MiniLM-L6-v2). Written are
  NAME/tokenizer.json   uncased: a part of that model's vocabulary; cased: accents kept, added tokens of all kinds;
                        plain: an odd normalizer, no post-processor
  NAME.json             cases: [text, pair or null, maxLength, ids, offsets, kinds]
  model.json            ids only: the cases of uncased.json encoded by the whole model
  scalars.json          a hash of what becomes of each scalar, a block of 4,096 an entry
Offsets are coded as [start - last end, length, ...]; kinds as runs [count, type id, sequence (255: special), ...].
"""
import argparse
import json
import pathlib
import random

import tokenizers
from tokenizers import Tokenizer, normalizers, pre_tokenizers

LENGTHS = [3, 4, 5, 6, 7, 8, 9, 13, 16, 24, 512]
SPACES = "\t\n\r\x0b\x0c\x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000 "
CONTROLS = "\0\x01\x07\x08\x1b\x1f\x7f\x80\x9f\xad\u200b\u200c\u200d\u200e\u200f\u202e\u2060\ufeff\ufff9\ufffd\u180e"
RANGES = {
    "latin": (0xC0, 0x24F), "vietnamese": (0x1E00, 0x1EFF), "ipa": (0x250, 0x2FF), "greek": (0x370, 0x3FF),
    "greek_extended": (0x1F00, 0x1FFF), "cyrillic": (0x400, 0x52F), "armenian": (0x531, 0x58F),
    "hebrew": (0x591, 0x5F4), "arabic": (0x600, 0x6FF), "syriac": (0x700, 0x74F), "devanagari": (0x900, 0x97F),
    "bengali": (0x980, 0x9FF), "tamil": (0xB80, 0xBFF), "kannada": (0xC80, 0xCFF), "thai": (0xE00, 0xE5B),
    "tibetan": (0xF00, 0xFDA), "myanmar": (0x1000, 0x109F), "georgian": (0x10A0, 0x10FF), "mtavruli": (0x1C90, 0x1CBF),
    "jamo": (0x1100, 0x11FF), "hangul": (0xAC00, 0xD7A3), "cherokee": (0x13A0, 0x13FF), "khmer": (0x1780, 0x17FF),
    "kana": (0x3041, 0x30FF), "han": (0x4E00, 0x9FFF), "han_a": (0x3400, 0x4DBF), "han_b": (0x20000, 0x2A6DF),
    "han_e": (0x2B820, 0x2CEA1), "han_g": (0x30000, 0x3134A), "compatibility": (0xF900, 0xFAD9),
    "compatibility2": (0x2F800, 0x2FA1D), "fullwidth": (0xFF01, 0xFFEE), "forms": (0xFB00, 0xFDFF),
    "punctuation": (0x2010, 0x205E), "symbols": (0x20A0, 0x23FF), "letterlike": (0x2100, 0x218F),
    "brackets": (0x2768, 0x2775), "supplemental": (0x2E00, 0x2E5D), "cjk_punctuation": (0x3000, 0x303F),
    "private": (0xE000, 0xF8FF), "unassigned": (0x0378, 0x0379), "noncharacter": (0xFDD0, 0xFDEF),
    "deseret": (0x10400, 0x1044F), "music": (0x1D100, 0x1D1E8), "mathematical": (0x1D400, 0x1D7FF),
    "adlam": (0x1E900, 0x1E95F), "garay": (0x10D40, 0x10D8F), "emoji": (0x1F300, 0x1F6FF), "newer": (0xA7C0, 0xA7DC),
    "tags": (0xE0000, 0xE007F), "plane15": (0xF0000, 0xF00FF), "combining": (0x300, 0x36F),
    "combining_more": (0x1AB0, 0x1ACE), "combining_symbols": (0x20D0, 0x20F0), "indic_marks": (0x302A, 0x302F),
}
FIXED = [
    "", " ", "\0", "\u0301", "İstanbul IŞIK ıI", "STRAẞE Straße", "ΟΔΥΣΣΕΥΣ ΣΑΣ Σ", "e\u0301le\u0300ve élève ÉLÈVE",
    "ﬁance ﬀ Ⅷ ㎏ ①", "👩‍👩‍👧‍👦 family 👍🏽 🏳️‍🌈 🇩🇪", "a" * 100, "a" * 101, "é" * 100 + " " + "é" * 101, "[CLS] hello [SEP]",
    "the [MASK] sat[MASK]on [mask] [MASK", "[UNK][PAD][[MASK]]", "don't stop—it’s “fine”…", "a\u0344\u0323b", "Å Å Å",
    "각 가\u11a8 \u1100\u1161\u11a8", "ＦＵＬＬ　ｗｉｄｔｈ １２３！", "שָׁלוֹם עֲלֵיכֶם", "السَّلامُ عليكم ١٢٣", "नमस्ते दुनिया", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐐀𐐨",
    "\U0001d15e\u0323\U0001d165 \U0001d1bb\U0001d16e\u0301", "x\u302e\u302ay \u302f\u0315\u0300z", "ಕೊ \u0cca\u0300\u0ccb",
    "你好，世界。hello世界abc", "豈更車 \U0002f800\U0002f801", "price: $3.50 + 4% = £7 & <b>@x_y</b>", "\ufeffbom\u200bzero\u00adsoft",
    "aa\0bb\x01cc\tdd\r\nee", "ǅ ǈ ǋ ϴ K Ω ẞ", "q\u0307\u0323 q\u0323\u0307 q\u0307\u0f71\u0f72\u0323",
]


class Strings:
    def __init__(self, seed, pieces):
        self.random = random.Random(seed)
        self.words = sorted(p for p in pieces if p.isascii() and p.isalpha() and len(p) > 1)
        self.inside = sorted(p[2:] for p in pieces if p.startswith("##") and p[2:].isascii())
        self.foreign = sorted(p for p in pieces if not p.isascii())

    def scalars(self, name, count):
        first, last = RANGES[name]
        return "".join(chr(self.random.randint(first, last)) for _ in range(count))

    def word(self):
        r = self.random
        kind = r.randrange(12)
        if kind < 4:
            word = r.choice(self.words)
        elif kind < 6:
            word = r.choice(self.words) + r.choice(self.inside)
        elif kind == 6:
            word = r.choice(self.foreign).replace("##", "")
        elif kind == 7:
            word = "".join(c + (self.scalars("combining", r.randint(1, 3)) if r.random() < 0.4 else "")
                           for c in r.choice(self.words))
        elif kind == 8:
            word = str(r.randint(0, 10 ** r.randint(1, 9)))
        else:
            word = self.scalars(r.choice(list(RANGES)), r.randint(1, 6))
        shape = r.randrange(6)
        return word.upper() if shape == 0 else word.title() if shape == 1 else word

    def text(self, extra=()):
        r = self.random
        parts = []
        for _ in range(r.choice([1, 1, 2, 2, 3, 3, 4, 5, 8])):
            parts.append(self.word())
            kind = r.randrange(16)
            if kind < 9:
                parts.append(" ")
            elif kind == 9:
                parts.append(r.choice(SPACES) * r.randint(1, 2))
            elif kind == 10:
                parts.append(r.choice(CONTROLS))
            elif kind == 11:
                parts.append(r.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
            elif kind == 12:
                parts.append(self.scalars("combining", r.randint(1, 4)))
            elif kind == 13:
                parts.append(chr(r.choice([r.randrange(0xD800), r.randrange(0xE000, 0x110000), r.randrange(0x3000)])))
            elif kind == 14 and extra:
                parts.append(r.choice(["", " ", "  "]) + r.choice(extra) + r.choice(["", " ", "\t "]))
        if r.random() < 0.01:
            parts.append(r.choice("aéß가𝒳") * r.choice([99, 100, 101, 130]))
        return "".join(parts)


def coded(encoding):
    offsets, last = [], 0
    for start, end in encoding.offsets:
        offsets += [start - last, end - start]
        last = end
    kinds = []
    for type_id, sequence in zip(encoding.type_ids, encoding.sequence_ids):
        kind = [type_id, 255 if sequence is None else sequence]
        if kinds and kinds[-1][1:] == kind:
            kinds[-1][0] += 1
        else:
            kinds.append([1] + kind)
    return [encoding.ids, offsets, sum(kinds, [])]


def encode(tokenizer, text, pair, length):
    tokenizer.enable_truncation(length)
    return tokenizer.encode(text, pair) if pair is not None else tokenizer.encode(text)


def cases(strings, count, pairs, extra):
    out = [(text, None, 512) for text in FIXED]
    r = strings.random
    for _ in range(count):
        out.append((strings.text(extra), None, r.choice(LENGTHS) if r.random() < 0.3 else 512))
    for _ in range(pairs):
        texts = [strings.text(extra) if r.random() < 0.95 else "" for _ in range(2)]
        out.append((texts[0], texts[1], r.choice(LENGTHS)))
    return out


def write(path, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text.replace("],[", "],\n["), encoding="utf-8", newline="\n")
    print(path, path.stat().st_size)


def with_vocabulary(spec, pieces):
    """`spec` with these pieces; ids of the template's special tokens follow."""
    spec = json.loads(json.dumps(spec))
    ids = {p: i for i, p in enumerate(pieces)}
    spec["model"]["vocab"] = ids
    spec["truncation"] = spec["padding"] = None
    for token in spec["added_tokens"]:
        token["id"] = ids.get(token["content"], token["id"])
    for name, token in (spec["post_processor"] or {}).get("special_tokens", {}).items():
        token["ids"] = [ids[name]]
    return spec


def scalar_hashes():
    """FNV-1a, 64 bits, of each scalar's normal form and of how the pre-tokenizer takes it."""
    uncased = normalizers.BertNormalizer(True, True, True, True)
    cased = normalizers.BertNormalizer(True, True, False, True)
    split = pre_tokenizers.BertPreTokenizer()
    blocks = []
    for first in range(0, 0x110000, 4096):
        value = 0xCBF29CE484222325
        for c in range(first, first + 4096):
            if 0xD800 <= c < 0xE000:
                continue
            parts = len(split.pre_tokenize_str("a" + chr(c) + "b"))
            for byte in (uncased.normalize_str(chr(c)) + "\0" + cased.normalize_str(chr(c))).encode() + bytes([parts]):
                value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        blocks.append("%016x" % value)
    return blocks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--seed", type=int, default=6)
    arguments = parser.parse_args()
    out = pathlib.Path(__file__).parent / "tokenizer"
    source = json.loads((pathlib.Path(arguments.model) / "tokenizer.json").read_text(encoding="utf-8"))
    full = Tokenizer.from_file(str(pathlib.Path(arguments.model) / "tokenizer.json"))
    full.no_padding()
    vocabulary = sorted(source["model"]["vocab"], key=source["model"]["vocab"].get)
    strings = Strings(arguments.seed, vocabulary)
    r = strings.random
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    uncased = cases(strings, 1480, 490, ["[MASK]", "[SEP]", "[mask]"])
    used = {p for text, pair, _ in uncased for t in (text, pair or "") for p in full.encode(t).tokens}
    rest = [p for p in vocabulary if p not in used and not p.startswith("[unused")]
    used |= set(r.sample(rest, 800))
    # Else a rare character makes its whole word unknown and hides its offsets.
    seen = {c for text, pair, _ in uncased for c in full.normalizer.normalize_str(text + (pair or "")) if c != " "}
    letters = [p for c in sorted(seen) if r.random() < 0.15 for p in (c, "##" + c)]
    pieces = specials + [p for p in vocabulary if p in used and p not in specials]
    pieces += [p for p in dict.fromkeys(letters) if p not in set(pieces)]
    spec = with_vocabulary(source, pieces)

    cased_spec = json.loads(json.dumps(spec))
    cased_spec["normalizer"].update(lowercase=False, strip_accents=False)
    ids = spec["model"]["vocab"]
    cased_spec["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", ids["[SEP]"]],
                                    "cls": ["[CLS]", ids["[CLS]"]]}
    marks = "\u0300\u0301\u0302\u0303\u0308\u0323\u0327"
    cased_pieces = specials + [p.title() for p in r.sample(strings.words, 300)] + [p for p in pieces if len(p) < 5]
    cased_pieces += [q for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÉÈÖÜÇßİı" + marks for q in (c, "##" + c)]
    cased_spec = with_vocabulary(cased_spec, list(dict.fromkeys(cased_pieces)))
    added = [
        ("<one>", dict(single_word=True)), ("<left>", dict(lstrip=True)), ("<right>", dict(rstrip=True)),
        ("<both>", dict(lstrip=True, rstrip=True)), ("<onebig>", {}), ("Straße", dict(normalized=True)),
        ("word", dict(single_word=True, normalized=True)), ("Ä", dict(normalized=True, rstrip=True)), (" x", {}),
    ]
    known, fresh = cased_spec["model"]["vocab"], len(cased_spec["model"]["vocab"])
    for content, options in added:
        token = dict(id=known.get(content, fresh), content=content, single_word=False, lstrip=False,
                     rstrip=False, normalized=False, special=False)
        token.update(options)
        fresh += content not in known
        cased_spec["added_tokens"].append(token)

    plain_spec = json.loads(json.dumps(spec))
    plain_spec["normalizer"].update(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    plain_spec["post_processor"] = None
    plain_spec["model"].update(max_input_chars_per_word=20, continuing_subword_prefix="@")
    plain_pieces = specials + [q for c in sorted(seen | set("ABCDEFGHIJKLMNOPQRSTUVWXYZ\0\u00ad\u200d"))
                               if r.random() < 0.9 for q in (c, "@" + c)]
    plain_spec = with_vocabulary(plain_spec, list(dict.fromkeys(plain_pieces)))
    plain_spec["added_tokens"].append(dict(
        id=len(plain_spec["model"]["vocab"]), content="É\u0323t", single_word=False, lstrip=True, rstrip=False,
        normalized=True, special=False))

    extra = [content for content, _ in added] + ["strasse", "STRAßE", "ä", "[MASK]", "Wörd", "E\u0323\u0301t", "Et"]
    plans = [("uncased", spec, uncased), ("cased", cased_spec, cases(strings, 700, 200, extra)),
             ("plain", plain_spec, cases(strings, 700, 200, extra))]
    for name, spec, plan in plans:
        (out / name).mkdir(parents=True, exist_ok=True)
        write(out / name / "tokenizer.json", spec)
        tokenizer = Tokenizer.from_file(str(out / name / "tokenizer.json"))
        made = [[t, p, n] + coded(encode(tokenizer, t, p, n)) for t, p, n in plan]
        print(name, len(made), "unknown", sum(c[3].count(1) for c in made), "of", sum(len(c[3]) for c in made))
        write(out / (name + ".json"), {"tokenizers": tokenizers.__version__, "seed": arguments.seed, "cases": made})
    write(out / "model.json", {"tokenizers": tokenizers.__version__, "seed": arguments.seed,
                               "ids": [encode(full, t, p, n).ids for t, p, n in uncased]})
    write(out / "scalars.json", {"tokenizers": tokenizers.__version__, "blocks": scalar_hashes()})


if __name__ == "__main__":
    main()
