"""The peer of multi-label classification: the library's head with two layers on [CLS], binary cross-entropy.

Thresholds are chosen on dev as Amalgam chooses them: for each label the one with the best F1, and for labels with fewer than
ten true dev examples the one with the best F1 over all labels together; of equal ones the nearest to 0.5.
"""
import torch

import peer_training


def best_threshold(pairs):
    """The threshold with the best F1 for (probability, is true) pairs."""
    pairs = sorted(pairs, key=lambda pair: -pair[0])
    true = sum(is_true for _, is_true in pairs)
    best, right = (-1.0, 0.0, 0.5), 0
    for i, (probability, is_true) in enumerate(pairs if true else []):
        right += is_true
        below = pairs[i + 1][0] if i + 1 < len(pairs) else 0.0
        if below == probability and i + 1 < len(pairs):
            continue
        threshold = 0.5 if below < 0.5 <= probability else (below + probability) / 2
        best = max(best, (2 * right / (i + 1 + true), -abs(threshold - 0.5), threshold))
    return best[2]


def thresholds(probabilities, gold, labels):
    """One for each label. probabilities: [rows][labels]; gold: sets of labels."""
    pairs = [[(row[c], label in own) for row, own in zip(probabilities, gold)] for c, label in enumerate(labels)]
    together = best_threshold([pair for own in pairs for pair in own])
    return [best_threshold(own) if sum(true for _, true in own) >= 10 else together for own in pairs]


def micro_f1(probabilities, gold, labels, thresholds):
    """Labels that the head does not know count as missed."""
    right = predicted = 0
    for row, own in zip(probabilities, gold):
        found = {label for label, p, t in zip(labels, row, thresholds) if p >= t}
        right += len(found & own)
        predicted += len(found)
    both = predicted + sum(map(len, gold))
    return 2 * right / both if both else 0.0


def prepare(model, tokenizer, data, options):
    labels = sorted({label for row in data["train"] for label in row["labels"]})
    model.add_classification_head("a", num_labels=len(labels), layers=2, multilabel=True)
    encoded = {s: [peer_training.encode_text(row, tokenizer, options) for row in rows] for s, rows in data.items()}
    chosen = [0.5] * len(labels)

    def loss(indices):
        batch = peer_training.batch_of([encoded["train"][i] for i in indices], tokenizer, options)
        targets = [[float(label in data["train"][i]["labels"]) for label in labels] for i in indices]
        return model(**batch, labels=torch.tensor(targets, device=options.device)).loss

    def score(split):
        rows = peer_training.outputs(model, encoded[split], tokenizer, options)
        probabilities = [row.sigmoid().tolist() for row in rows]
        gold = [set(row["labels"]) for row in data[split]]
        if split == "dev":
            chosen[:] = thresholds(probabilities, gold, labels)
        return {"micro_f1": micro_f1(probabilities, gold, labels, chosen),
                "micro_f1_at_half": micro_f1(probabilities, gold, labels, [0.5] * len(labels))}

    return loss, score
