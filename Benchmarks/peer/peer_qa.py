"""The peer of question answering: the library's head with two logits for each token, on windows of a context (stride 128).

Windows, the targets of windows without the answer ([CLS]), and the search for the best answer (20 starts, 20 ends, 30 tokens)
are those of transformers' run_qa; scores and the threshold for no answer, chosen on dev for F1, are those of SQuAD 2.0's
script. A batch has all windows of 16 questions. The head has no dropout, as that of transformers.
"""
import collections
import math
import re
import string

import torch

import peer_training


def words(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def answer_scores(predicted, answers):
    """Exact match and F1; no answers: the empty text is right."""
    golds = [own for own in map(words, answers) if own] or [[]]
    predicted = words(predicted)

    def f1(gold):
        if not gold or not predicted:
            return float(gold == predicted)
        shared = sum((collections.Counter(gold) & collections.Counter(predicted)).values())
        return 2 * shared / (len(gold) + len(predicted))

    return float(any(gold == predicted for gold in golds)), max(map(f1, golds))


def best_threshold(questions):
    """Over (score of no answer less that of the best answer, F1 of the best answer, whether there is an answer)."""
    best, threshold, total = 0.0, -math.inf, 0.0
    questions = sorted(questions)
    for i, (difference, f1, has_answer) in enumerate(questions):
        total += f1 if has_answer else -1
        if (i + 1 == len(questions) or questions[i + 1][0] > difference) and total > best:
            best, threshold = total, difference
    return threshold


def windows(row, tokenizer, options):
    """Of one question: encodings, and for each its tokens' places in the context (None outside it)."""
    encoding = tokenizer(
        row["question"].lstrip(), row["context"], truncation="only_second", max_length=options.max_length,
        stride=128, return_overflowing_tokens=True, return_offsets_mapping=True)
    inputs = [name for name in encoding if name not in ("offset_mapping", "overflow_to_sample_mapping")]
    found = []
    for i, offsets in enumerate(encoding["offset_mapping"]):
        sequence = encoding.sequence_ids(i)
        found.append(({name: encoding[name][i] for name in inputs},
                      [place if own == 1 else None for place, own in zip(offsets, sequence)]))
    return found


def span(places, answers):
    """First and last token of the first answer; [CLS] twice where the window does not hold it."""
    inside = [i for i, place in enumerate(places) if place is not None]
    if not answers or not inside:
        return 0, 0
    start, end = answers[0]["start"], answers[0]["start"] + len(answers[0]["text"])
    if places[inside[0]][0] > start or places[inside[-1]][1] < end:
        return 0, 0
    return max(i for i in inside if places[i][0] <= start), min(i for i in inside if places[i][1] >= end)


def best_answer(context, own):
    """Text of the best answer over the windows and its score, and the score of no answer. own: (places, logits [tokens, 2])."""
    best, none = ("", -math.inf), math.inf
    for places, logits in own:
        logits = logits[:len(places)]
        none = min(none, float(logits[0].sum()))
        starts, ends = (logits[:, column].topk(min(20, len(places))).indices.tolist() for column in (0, 1))
        values = logits.tolist()
        for start in starts:
            for end in ends:
                if places[start] is None or places[end] is None or not start <= end < start + 30:
                    continue
                total = values[start][0] + values[end][1]
                if total > best[1]:
                    best = (context[places[start][0]:places[end][1]], total)
    return best, none


def prepare(model, tokenizer, data, options):
    model.add_qa_head("a")
    for part in model.heads["a"].modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    encoded = {split: [windows(row, tokenizer, options) for row in rows] for split, rows in data.items()}
    spans = [[span(places, row["answers"]) for _, places in own] for row, own in zip(data["train"], encoded["train"])]
    has_unanswerable = any(not row["answers"] for row in data["train"])
    chosen = {"threshold": 0.0}

    def loss(indices):
        batch = peer_training.batch_of(
            [encoding for i in indices for encoding, _ in encoded["train"][i]], tokenizer, options)
        targets = torch.tensor([pair for i in indices for pair in spans[i]], device=options.device)
        return model(**batch, start_positions=targets[:, 0].clone(), end_positions=targets[:, 1].clone()).loss

    def score(split):
        encodings = [encoding for own in encoded[split] for encoding, _ in own]
        logits = iter(peer_training.outputs(
            model, encodings, tokenizer, options,
            take=lambda output: torch.stack([output.start_logits, output.end_logits], -1)))
        answers = [best_answer(row["context"], [(places, next(logits)) for _, places in own])
                   for row, own in zip(data[split], encoded[split])]
        golds = [[answer["text"] for answer in row["answers"]] for row in data[split]]
        if split == "dev" and has_unanswerable:
            chosen["threshold"] = best_threshold(
                [(none - best, answer_scores(text, gold)[1], bool(gold)) for ((text, best), none), gold in zip(answers, golds)])
        scores = []
        for ((text, best), none), gold in zip(answers, golds):
            says_none = has_unanswerable and none - best > chosen["threshold"]
            scores.append(answer_scores("" if says_none else text, gold))
        return {"qa_f1": sum(f1 for _, f1 in scores) / len(scores),
                "exact_match": sum(exact for exact, _ in scores) / len(scores)}

    return loss, score
