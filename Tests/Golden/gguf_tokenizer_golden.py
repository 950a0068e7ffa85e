#!/usr/bin/env python3
"""Makes Tests/Golden/gguf_tokenizers: small byte-level tokenizers as tokenizer.json and in GGUF, and what `tokenizers` does with them.

    pip install tokenizers==0.22.2 gguf==0.19.0
    python3 Tests/Golden/gguf_tokenizer_golden.py [--seed 8] [--gguf FILE --whole FOLDER]

The tokenizers are trained on words of the vocabulary in tokenizer/uncased, with the seed. They are built as those of SmolLM2 (digits one by
one, then GPT-2's expression; some bytes have no token), of LLaMA 3 (its expression, whole words first, a token before each text)
and of Qwen2 (its expression, NFC). Written are
  NAME/tokenizer.json, NAME/model.gguf
  NAME.json      whole: the encodings of the first texts of bpe/strings.json, as tokenizer_golden.py codes them; digests: of every text,
                 as in bpe_golden.py; decoded: [ids, text, text without special tokens]
  patterns.json  a hash of how each expression splits around each scalar, 4,096 scalars per entry
With --whole: FOLDER/cases.json has the encodings of all texts by the tokenizer of FILE, a GGUF file of SmolLM2, and FOLDER/model.gguf is a
link to it; not to be committed. The test reads them where AMALGAM_TEST_GGUF names the folder.
"""
import argparse
import json
import pathlib
import random
import shutil

import offline  # noqa: F401
import gguf
from gguf import GGUFReader, GGUFWriter, TokenType
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
import tokenizers
from bpe_golden import WHOLE, digest
from tokenizer_golden import Strings, coded, encode, write

LATER = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
PATTERNS = {"llama3": LATER % r"\p{N}{1,3}", "qwen2": LATER % r"\p{N}"}
SMOLLM = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>"]
LLAMA = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
QWEN = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Beside the words that the vocabulary is trained on
EXTRA = ["<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<tool_call>", "don't", "DON'T", "we'RE", "12345", " 678", "\r\n\r\n", "\n  \n", "e\u0301"]


def split(name):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERNS[name]), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])


def smollm(bpe):
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return finished(tokenizer)


def finished(tokenizer):
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def llama(bpe):
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = split("llama3")
    return finished(tokenizer)


def qwen(bpe):
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = split("qwen2")
    return finished(tokenizer)


def train(make, corpus, size, special=(), alphabet=()):
    tokenizer = make(models.BPE())
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), initial_alphabet=sorted(alphabet), show_progress=False))
    return tokenizer


def special(tokenizer, contents, plain=()):
    tokenizer.add_special_tokens([AddedToken(content, normalized=False, special=True) for content in contents])
    tokenizer.add_tokens([AddedToken(content, normalized=False) for content in plain])


def made(corpus):
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = train(smollm, [text for text in corpus if text.isascii()], 900, SMOLLM)
    special(tokenizer, SMOLLM)
    yield "smollm", "smollm", tokenizer, dict(eos=2)

    spec = json.loads(train(llama, corpus, 1000, alphabet=alphabet).to_str())
    # Words that no merge gives
    for word in ["\u0120don", "hello", "\u010a\u010a\u010a", "123"]:
        spec["model"]["vocab"].setdefault(word, len(spec["model"]["vocab"]))
    spec["model"]["ignore_merges"] = True
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    special(tokenizer, LLAMA)
    first = tokenizer.token_to_id(LLAMA[0])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
            single=LLAMA[0] + " $A", pair=f"{LLAMA[0]} $A {LLAMA[0]}:1 $B:1", special_tokens=[(LLAMA[0], first)])])
    yield "llama", "llama-bpe", tokenizer, dict(bos=first, eos=first + 2)

    tokenizer = train(qwen, corpus, 1000, alphabet=alphabet)
    special(tokenizer, QWEN, ["<tool_call>"])
    yield "qwen", "qwen2", tokenizer, dict(eos=tokenizer.token_to_id("<|im_end|>"), adds=False)


def write_gguf(path, pre, tokenizer, bos=None, eos=None, adds=None):
    spec = json.loads(tokenizer.to_str())
    added = {token["id"]: token for token in spec["added_tokens"]}
    count = tokenizer.get_vocab_size(with_added_tokens=True)
    kinds = [TokenType.NORMAL if i not in added else TokenType.CONTROL if added[i]["special"] else TokenType.USER_DEFINED
             for i in range(count)]
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([tokenizer.id_to_token(i) for i in range(count)])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in spec["model"]["merges"]])
    if bos is not None:
        writer.add_bos_token_id(bos)
    writer.add_eos_token_id(eos)
    if adds is not None:
        writer.add_add_bos_token(adds)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def decoded(tokenizer, plan, r):
    cases = []
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    for _ in range(150):
        cases.append([r.randrange(size + 2) for _ in range(r.randint(1, 8))])
    for text, _, _ in r.sample(plan, 100):
        ids = tokenizer.encode(text[:60]).ids
        # Cut anywhere: within a character too
        cases.append(ids[:r.randint(0, len(ids))])
    return [[ids, tokenizer.decode(ids, skip_special_tokens=False), tokenizer.decode(ids)] for ids in cases]


def pattern_hashes(name):
    split = pre_tokenizers.Split(Regex(PATTERNS[name]), behavior="isolated", invert=False)
    blocks = []
    for first in range(0, 0x110000, 4096):
        value = 0xCBF29CE484222325
        for c in range(first, first + 4096):
            if 0xD800 <= c < 0xE000:
                continue
            x = chr(c)
            text = "a" + x + "1 " + x + "!" + x + x + "b'" + x + "'l" + x + "'" + x + "e\n" + x + "\r " + x
            for _, (start, end) in split.pre_tokenize_str(text):
                value = (value ^ (end - start)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        blocks.append("%016x" % value)
    return blocks


def whole(file, folder, plan):
    """SmolLM2's tokenizer.json says no more than this."""
    fields = GGUFReader(file).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(line.split(" ")) for line in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = smollm(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    special(tokenizer, [token for token, kind in zip(tokens, kinds) if kind == TokenType.CONTROL])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.gguf").unlink(missing_ok=True)
    (folder / "model.gguf").symlink_to(pathlib.Path(file).resolve())
    write(folder / "cases.json", {"cases": [[t, p, n] + coded(encode(tokenizer, t, p, n)) for t, p, n in plan]})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--gguf")
    parser.add_argument("--whole")
    options = parser.parse_args()
    golden = pathlib.Path(__file__).parent
    out = golden / "gguf_tokenizers"
    plan = json.loads((golden / "bpe/strings.json").read_text(encoding="utf-8"))["texts"]
    if options.whole:
        whole(options.gguf, pathlib.Path(options.whole), plan)
        return
    source = json.loads((golden / "tokenizer/uncased/tokenizer.json").read_text(encoding="utf-8"))
    strings = Strings(options.seed, sorted(source["model"]["vocab"]))
    corpus = [strings.text(EXTRA) for _ in range(6000)]
    versions = {"tokenizers": tokenizers.__version__, "gguf": "0.19.0", "seed": options.seed}
    shutil.rmtree(out, ignore_errors=True)
    for name, pre, tokenizer, ends in made(corpus):
        (out / name).mkdir(parents=True)
        write(out / name / "tokenizer.json", json.loads(tokenizer.to_str()))
        write_gguf(out / name / "model.gguf", pre, tokenizer, **ends)
        encodings = [encode(tokenizer, *case) for case in plan]
        write(out / (name + ".json"), versions | {
            "whole": [coded(e) for e in encodings[:WHOLE // 2]], "digests": "".join(map(digest, encodings)),
            "decoded": decoded(tokenizer, plan, random.Random(options.seed))})
    write(out / "patterns.json", versions | {name: pattern_hashes(name) for name in PATTERNS})


if __name__ == "__main__":
    main()
