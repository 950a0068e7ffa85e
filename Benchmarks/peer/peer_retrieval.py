"""The peer of retrieval, on the questions of a QA task: a question's context must win against the other contexts of its batch by
cosine / 0.05 (sentence-transformers' MultipleNegativesRankingLoss); the same context of another question does not count as wrong.
A split's questions are answered from all of its contexts."""
import math

import torch

import peer_training
from peer_similarity import embedded, embedder

TEMPERATURE = 0.05


def prepare(model, tokenizer, data, options):
    embed = embedder(model, tokenizer, options)

    def loss(indices):
        rows = [data["train"][i] for i in indices]
        contexts = [row["context"] for row in rows]
        scores = embed([row["question"] for row in rows]) @ embed(contexts).T / TEMPERATURE
        seen = {}
        # Each context once, and a question's own in its place
        other = torch.tensor([[contexts[q] == contexts[d] and q != d or seen.setdefault(contexts[d], d) != d and q != d
                               for d in range(len(rows))] for q in range(len(rows))], device=options.device)
        return torch.nn.functional.cross_entropy(
            scores.masked_fill(other, -math.inf), torch.arange(len(rows), device=options.device))

    def score(split):
        rows = data[split]
        contexts = list(dict.fromkeys(row["context"] for row in rows))
        place = {context: i for i, context in enumerate(contexts)}
        scores = embedded(model, embed, [row["question"] for row in rows]) @ embedded(model, embed, contexts).T
        gold = torch.tensor([place[row["context"]] for row in rows])
        own = scores.gather(1, gold[:, None])
        ranks = ((scores > own).sum(1) + 1).tolist()
        count = len(ranks)
        return {"ndcg_at_10": sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10) / count,
                "recall_at_10": sum(rank <= 10 for rank in ranks) / count,
                "mrr": sum(1 / rank for rank in ranks if rank <= 100) / count,
                "accuracy_at_1": sum(rank == 1 for rank in ranks) / count}

    return loss, score
