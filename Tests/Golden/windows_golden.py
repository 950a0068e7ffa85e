#!/usr/bin/env python3
"""Makes Tests/Golden/windows.json: questions with overlapping windows of contexts, as `transformers` cuts them.

    pip install transformers==4.57.6
    python3 Tests/Golden/windows_golden.py [--seed 7]

Uses the tokenizers of tokenizer_golden.py, unigram_golden.py and bpe_golden.py, which must exist. Written are, for each
tokenizer, cases [question, context, maxLength, stride, windows], each window [ids, type ids, offsets as [start, length, ...],
text of each token (0 question, 1 context, 255 special)]. Where little fits, our windows differ on purpose (a question keeps
half of the room, windows share half of their tokens at most); such cases are left out.
"""
import argparse
import base64
import json

import transformers
from tokenizer_golden import Strings, write
from tokenizers import Tokenizer
from words_golden import EXTRA, GOLDEN


def load(name):
    text = (GOLDEN / name / "tokenizer.json").read_text(encoding="utf-8")
    if "@charsmap.bin" in text:
        table = base64.b64encode((GOLDEN / name / "charsmap.bin").read_bytes()).decode()
        text = text.replace("@charsmap.bin", table)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(text)), json.loads(text)


def made(tokenizer, question, context, length, stride):
    whole = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in (question, context)]
    room = length - tokenizer.num_special_tokens_to_add(pair=True)
    most = room - whole[0]
    if whole[0] > room // 2 or stride > most // 2:
        return None
    # As lists, as `run_qa` gives them: a context by itself that is empty would count as none
    cut = tokenizer([question], [context], truncation="only_second", max_length=length, stride=stride,
                    return_overflowing_tokens=True, return_offsets_mapping=True, return_token_type_ids=True)
    # Windows after the first have type 1 for the context even where the template says 0 (XLM-R's, which has no second type)
    first = cut["token_type_ids"][0]
    types = cut["token_type_ids"] if any(first) else [[0] * len(t) for t in cut["token_type_ids"]]
    windows = []
    for i, ids in enumerate(cut["input_ids"]):
        offsets = [n for start, end in cut["offset_mapping"][i] for n in (start, end - start)]
        texts = [255 if s is None else s for s in cut.sequence_ids(i)]
        windows.append([ids, types[i], offsets, texts])
    return [question, context, length, stride, windows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
    seed = parser.parse_args().seed
    out = {"transformers": transformers.__version__, "seed": seed}
    for name in ["tokenizer/uncased", "tokenizer/cased", "unigram", "bpe/roberta"]:
        tokenizer, spec = load(name)
        vocabulary = spec["model"]["vocab"]
        tokens = list(vocabulary) if isinstance(vocabulary, dict) else [t for t, _ in vocabulary]
        strings = Strings(seed, [t if t.startswith("##") else t.lstrip("▁") or "a" for t in tokens] + ["the", "word", "##ing", "été"])
        r = strings.random
        cases = []
        while len(cases) < 40:
            context = " ".join(strings.text(EXTRA) for _ in range(r.randint(0, 5)))
            case = made(tokenizer, strings.text(EXTRA), context, r.choice([16, 24, 40, 64, 384]), r.choice([0, 1, 4, 9, 128]))
            if case and len(case[4]) < 12:
                cases.append(case)
        assert any(len(case[4]) > 2 for case in cases)
        out[name] = cases
    write(GOLDEN / "windows.json", out)


if __name__ == "__main__":
    main()
