"""The peer of classification, of texts and of pairs: the library's head with two layers on [CLS], cross-entropy."""
import torch
from sklearn.metrics import accuracy_score, f1_score

import peer_training


def prepare(model, tokenizer, data, options):
    labels = sorted({str(row["label"]) for row in data["train"]})
    model.add_classification_head("a", num_labels=len(labels), layers=2)
    encoded = {s: [peer_training.encode_text(row, tokenizer, options) for row in rows] for s, rows in data.items()}

    def loss(indices):
        batch = peer_training.batch_of([encoded["train"][i] for i in indices], tokenizer, options)
        targets = [labels.index(str(data["train"][i]["label"])) for i in indices]
        return model(**batch, labels=torch.tensor(targets, device=options.device)).loss

    def score(split):
        rows = peer_training.outputs(model, encoded[split], tokenizer, options)
        predicted = [labels[row.argmax().item()] for row in rows]
        gold = [str(row["label"]) for row in data[split]]
        return {"accuracy": accuracy_score(gold, predicted), "macro_f1": f1_score(gold, predicted, average="macro")}

    return loss, score
