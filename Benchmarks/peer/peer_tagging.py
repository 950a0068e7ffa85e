"""The peer of tagging: the library's head with one layer on the first token of each word, cross-entropy.

Tags with prefixes are scored by seqeval's entity F1, others (parts of speech) by the accuracy of the words. Words that the
length cut off have the tag O.
"""
import torch
from seqeval.metrics import f1_score

import peer_training


def prepare(model, tokenizer, data, options):
    labels = sorted({tag for row in data["train"] for tag in row["tags"]})
    model.add_tagging_head("a", num_labels=len(labels))
    has_entities = all(tag == "O" or tag[:2] in ("B-", "I-", "E-", "S-") for tag in labels)
    encoded = {s: [peer_training.encode_words(row, tokenizer, options) for row in rows] for s, rows in data.items()}

    def loss(indices):
        rows = [encoded["train"][i] for i in indices]
        batch = peer_training.batch_of([encoding for encoding, _ in rows], tokenizer, options)
        targets = torch.full(batch["input_ids"].shape, -100)
        for own, i, (_, first) in zip(targets, indices, rows):
            for word, place in first.items():
                own[place] = labels.index(data["train"][i]["tags"][word])
        return model(**batch, labels=targets.to(options.device)).loss

    def score(split):
        rows = peer_training.outputs(model, [encoding for encoding, _ in encoded[split]], tokenizer, options)
        predicted, gold = [], [row["tags"] for row in data[split]]
        for tags, logits, (_, first) in zip(gold, rows, encoded[split]):
            best = logits.argmax(-1).tolist()
            predicted.append([labels[best[first[word]]] if word in first else "O" for word in range(len(tags))])
        if has_entities:
            return {"entity_f1": float(f1_score(gold, predicted))}
        pairs = [pair for tags, own in zip(gold, predicted) for pair in zip(tags, own)]
        return {"token_accuracy": sum(tag == own for tag, own in pairs) / len(pairs)}

    return loss, score
