#!/usr/bin/env python3
"""Makes Tests/Golden/unigram: a small Unigram tokenizer, hard strings, and what Hugging Face's `tokenizers` makes of them.

    pip install tokenizers==0.22.2
    python3 Tests/Golden/unigram_golden.py --tokenizer FILE [--seed 6] [--whole FOLDER --count 6000]

FILE is the tokenizer.json of an XLM-R-like model (multilingual-e5-small). Written are
  charsmap.bin           its table of replacements, which is too large to stand in
  tokenizer.json         a part of its vocabulary; its precompiled_charsmap is "@charsmap.bin"
  unigram.json           cases, as tokenizer_golden.py has them
  unigram_strip.json     the same with the normaliser that newer transformers write: white space at the end goes, and runs of
                         spaces become a mark
With --whole: FOLDER/tokenizer.json as it is and FOLDER/cases.json with that many more cases, not to be committed; the test reads
them where AMALGAM_TEST_UNIGRAM names the folder.
"""
import argparse
import base64
import json
import pathlib
import shutil

import tokenizers
from tokenizers import Tokenizer
from tokenizer_golden import Strings, cases, coded, encode, write

EXTRA = ["<mask>", "</s>", "<s>", "▁", "▁▁x", "  ", "   a", "<unk>"]
HARD = ["a  b   c", " lead", "trail ", "▁mark", "e\u0301\u0301", "\r\n", "a\r\nb", "ﬀi ①② ㍿ ½", "\u0301start", "\u200bzero", "  ",
        "가\u11a8", "か\u3099 カ\u3099", "\u0e33 \u0e40\u0e01", "ＡＢＣ　ｄｅｆ", "x\u0345y", "İ\u0307", "\u00adsoft\u00ad", "Ǆ\u0301", "日本語の文章です。",
        "ไม่มีช่องว่าง", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "\ufdfa", "\ufdfa\u0301 x", "a\u0300\u0316b", "א\u05b0\u05bc", "ا\u064b\u0651", "☃\ufe0f", "🏳️‍🌈"]


def plan(source, seed, count, pairs):
    pieces = [p for p, _ in source["model"]["vocab"]]
    strings = Strings(seed, [p[1:] if p.startswith("▁") else "##" + p for p in pieces if p != "▁"])
    # Below its number of special tokens the library does not cut a pair at all
    return [(text, None, 512) for text in HARD] + [
        (text, pair, n if pair is None else max(n, 4)) for text, pair, n in cases(strings, count, pairs, EXTRA)]


def made(tokenizer, plan):
    return [[t, p, n] + coded(encode(tokenizer, t, p, n)) for t, p, n in plan]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--whole")
    parser.add_argument("--count", type=int, default=6000)
    a = parser.parse_args()
    source = json.loads(pathlib.Path(a.tokenizer).read_text(encoding="utf-8"))
    full = Tokenizer.from_file(a.tokenizer)
    versions = {"tokenizers": tokenizers.__version__, "seed": a.seed}
    if a.whole:
        folder = pathlib.Path(a.whole)
        folder.mkdir(parents=True, exist_ok=True)
        if pathlib.Path(a.tokenizer).resolve() != (folder / "tokenizer.json").resolve():
            shutil.copy(a.tokenizer, folder / "tokenizer.json")
        write(folder / "cases.json", versions | {"cases": made(full, plan(source, a.seed + 1, a.count, a.count // 5))})
        return

    out = pathlib.Path(__file__).parent / "unigram"
    out.mkdir(exist_ok=True)
    texts = plan(source, a.seed, 900, 250)
    used = {p for text, pair, _ in texts for t in (text, pair or "") for p in full.encode(t).tokens}
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    kept = [[p, s] for i, (p, s) in enumerate(source["model"]["vocab"]) if p in specials or p in used or i % 250 == 0]
    spec = json.loads(json.dumps(source))
    spec["model"]["vocab"] = kept
    for token in spec["added_tokens"]:
        if token["content"] == "<mask>":
            token["id"] = [piece for piece, _ in kept].index("<mask>")
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    table = spec["normalizer"]["normalizers"][0]
    (out / "charsmap.bin").write_bytes(base64.b64decode(table["precompiled_charsmap"]))
    table["precompiled_charsmap"] = "@charsmap.bin"
    write(out / "tokenizer.json", spec)
    write(out / "unigram.json", versions | {"cases": made(tokenizer, texts)})
    spec["normalizer"]["normalizers"] = [
        dict(table, precompiled_charsmap=source["normalizer"]["normalizers"][0]["precompiled_charsmap"]),
        {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]
    ends = [(t + end, None, 512) for t in HARD for end in ("  ", "\u3000", "\n", "  b  ")]
    write(out / "unigram_strip.json", versions | {
        "cases": made(Tokenizer.from_str(json.dumps(spec)), texts[:150] + ends)})


main()
