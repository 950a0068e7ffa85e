"""The peer of regression: the library's head with two layers on [CLS], mean squared error."""
import torch
from scipy.stats import pearsonr, spearmanr

import peer_training


def prepare(model, tokenizer, data, options):
    model.add_classification_head("a", num_labels=1, layers=2)
    encoded = {s: [peer_training.encode_text(row, tokenizer, options) for row in rows] for s, rows in data.items()}

    def loss(indices):
        batch = peer_training.batch_of([encoded["train"][i] for i in indices], tokenizer, options)
        targets = [float(data["train"][i]["score"]) for i in indices]
        return model(**batch, labels=torch.tensor(targets, device=options.device)).loss

    def score(split):
        rows = peer_training.outputs(model, encoded[split], tokenizer, options)
        predicted, gold = [row.item() for row in rows], [row["score"] for row in data[split]]
        return {"pearson": float(pearsonr(predicted, gold)[0]), "spearman": float(spearmanr(predicted, gold)[0])}

    return loss, score
