#!/usr/bin/env python3
"""Makes Tests/Golden/words.json: texts that come as words, and what `transformers` makes of them.

    pip install transformers==4.57.6
    python3 Tests/Golden/words_golden.py [--seed 6]

Uses the tokenizers of tokenizer_golden.py, unigram_golden.py and bpe_golden.py, which must exist. Written are, for each
tokenizer, cases [words, maxLength, ids, words of the tokens (-1: special), offsets as [start, length, ...], truncated].
"""
import argparse
import base64
import json
import pathlib

import transformers
from tokenizers import Tokenizer
from tokenizer_golden import LENGTHS, Strings, write

GOLDEN = pathlib.Path(__file__).parent
EXTRA = ["[MASK]", "<one>", "<left>", "<both>", "Straße", "word", "<mask>", "</s>"]
HARD = [[], [""], ["", ""], ["a", "", "b"], [" "], ["a b", "c"], [" a", "b ", " c "], ["\u0301", "e\u0301"], ["\u200b", "x", "\0"],
        ["[MASK]", "a[MASK]", " [MASK] ", "<left>", "a <left>"], ["don't", "'s", "U.S.", "3.50", "…", "—"], ["a" * 101, "b"],
        ["日本語", "の", "文章", "です", "。"], ["▁", "▁a", "a▁b", "  "], ["👩‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈"], ["\u3000", "ＡＢＣ", "ﬁ"]]


def load(name):
    text = (GOLDEN / name / "tokenizer.json").read_text(encoding="utf-8")
    if "@charsmap.bin" in text:
        table = base64.b64encode((GOLDEN / name / "charsmap.bin").read_bytes()).decode()
        text = text.replace("@charsmap.bin", table)
    tokenizer = Tokenizer.from_str(text)
    # Without a prefix space, RoBERTa's class refuses words
    fast = transformers.RobertaTokenizerFast(tokenizer_object=tokenizer, add_prefix_space=True) if "bpe" in name else \
        transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    return fast, json.loads(text)


def made(tokenizer, words, length):
    kwargs = dict(is_split_into_words=True, return_offsets_mapping=True)
    cut = tokenizer(words, truncation=True, max_length=length, **kwargs)
    whole = tokenizer(words, **kwargs)
    offsets = [n for start, end in cut["offset_mapping"] for n in (start, end - start)]
    index = [-1 if i is None else i for i in cut.word_ids()]
    return [words, length, cut["input_ids"], index, offsets, int(len(whole["input_ids"]) > len(cut["input_ids"]))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=6)
    seed = parser.parse_args().seed
    out = {"transformers": transformers.__version__, "seed": seed}
    for name in ["tokenizer/uncased", "tokenizer/cased", "tokenizer/plain", "unigram", "bpe/roberta", "bpe/prefix"]:
        tokenizer, spec = load(name)
        vocabulary = spec["model"]["vocab"]
        tokens = list(vocabulary) if isinstance(vocabulary, dict) else [t for t, _ in vocabulary]
        strings = Strings(seed, [t if t.startswith("##") else t.lstrip("▁") or "a" for t in tokens] + ["the", "word", "##ing", "été"])
        r = strings.random
        cases = [made(tokenizer, words, 512) for words in HARD]
        for _ in range(220):
            words = [w for _ in range(r.randint(1, 3)) for w in strings.text(EXTRA).split(r.choice([" ", None]))]
            cases.append(made(tokenizer, words, r.choice(LENGTHS)))
        out[name] = cases
    write(GOLDEN / "words.json", out)


if __name__ == "__main__":
    main()
