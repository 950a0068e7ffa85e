"""The peer of sentence similarity: the mean of the tokens of each text by itself, the squared error of cosines against scores that
are brought to 0 to 1 (sentence-transformers' CosineSimilarityLoss)."""
import torch
from scipy.stats import pearsonr, spearmanr

import peer_training


def embedder(model, tokenizer, options):
    """Turns texts into rows of length 1."""
    def embed(texts):
        batch = peer_training.batch_of(
            [dict(tokenizer(text, truncation=True, max_length=options.max_length)) for text in texts], tokenizer, options)
        hidden = model.base_model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
    return embed


def embedded(model, embed, texts):
    """All texts as rows on the CPU; computed in batches of similar lengths."""
    model.eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows = [None] * len(texts)
    with torch.no_grad():
        for start in range(0, len(order), 64):
            chosen = order[start:start + 64]
            for i, row in zip(chosen, embed([texts[i] for i in chosen]).cpu()):
                rows[i] = row
    return torch.stack(rows)


def prepare(model, tokenizer, data, options):
    scores = [row["score"] for row in data["train"]]
    low, high = min(scores), max(scores)
    embed = embedder(model, tokenizer, options)

    def loss(indices):
        rows = [data["train"][i] for i in indices]
        cosines = (embed([row["text_a"] for row in rows]) * embed([row["text_b"] for row in rows])).sum(1)
        targets = torch.tensor([(row["score"] - low) / (high - low) for row in rows], device=options.device)
        return torch.nn.functional.mse_loss(cosines, targets)

    def score(split):
        rows = data[split]
        first, second = (embedded(model, embed, [row[f"text_{x}"] for row in rows]) for x in "ab")
        cosines, gold = (first * second).sum(1).tolist(), [row["score"] for row in rows]
        return {"spearman": float(spearmanr(cosines, gold)[0]), "pearson": float(pearsonr(cosines, gold)[0])}

    return loss, score
