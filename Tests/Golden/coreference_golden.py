#!/usr/bin/env python3
"""Makes the fixture of the parity test of the coreference head: span ranking from first and last words on one small BERT.

    coreference_golden.py --model Tests/Golden/seed1/tiny --out Tests/Golden/heads [--seed N]

needs torch (CPU), transformers and safetensors. Written from the equations of Kirstain et al. (2021) and the losses of Lee et al.
(2017), with full tensors: mention scores of all spans, and for each two kept spans the concatenated vectors of both.

    coreference.safetensors  input_ids, attention_mask, token_type_ids [6, L]: int64, padded with 0
                             words [6, L]: int64, 1 where a token stands for a word
                             sentences, forms [6, L]: int64, of the words in order
                             documents [6]: int64, the document of each sequence; neighbors make one document
                             known [documents]: int64, 1 where the clusters are known
                             mentions [m, 4]: int64, document, first and last word in it, cluster
                             head.<ours>: the head's tensors; loss [1]; losses [words]: of each word
                             clusters [n, 4]: int64, as mentions, what is predicted, in order
                             grad.<ours>: of the head and of some of the model's weights
                             step_losses [20]: the loss before each AdamW step (all weights, 1e-3, decay 0.01)

All from float32 weights in float64, rounded once, dropout off.
"""
import argparse
import os

import offline  # noqa: F401
import torch
import transformers
from safetensors.torch import save_file

LENGTHS, DOCUMENTS, STEPS, RATE, STD = (9, 20, 14, 1, 17, 12), (0, 0, 1, 2, 3, 4), 20, 1e-3, 0.3
KNOWN = (1, 1, 1, 1, 0)
MENTION, ANTECEDENT, LONGEST, KEPT, DISTANCES, FEATURES = 11, 7, 4, 40, 9, 12
WATCHED = ["encoder.layer.0.attention.self.query.weight", "encoder.layer.2.output.dense.bias", "embeddings.LayerNorm.weight"]


def head_tensors(hidden, generator):
    shapes = {"mention.first": (MENTION, hidden), "mention.last": (MENTION, hidden),
              "mention.bilinear": (MENTION + 1, MENTION),
              "antecedent.first": (ANTECEDENT, hidden), "antecedent.last": (ANTECEDENT, hidden),
              "antecedent.bilinear_first": (2 * ANTECEDENT, ANTECEDENT),
              "antecedent.bilinear_last": (2 * ANTECEDENT, ANTECEDENT), "antecedent.features": (FEATURES, ANTECEDENT)}
    tensors = {}
    for name, shape in shapes.items():
        tensors[name + ".weight"] = torch.randn(shape, generator=generator) * STD
        tensors[name + ".bias"] = torch.randn(shape[0], generator=generator) * STD
    return tensors


def distance(words):
    for place, most in enumerate((1, 2, 3, 4, 7, 15, 31, 63)):
        if words <= most:
            return place
    return 8


def features(candidate, mention, forms):
    present = torch.zeros(FEATURES, dtype=torch.double)
    present[distance(mention[0] - candidate[0])] = 1
    present[DISTANCES] = float(forms[candidate[0]:candidate[1] + 1] == forms[mention[0]:mention[1] + 1])
    present[DISTANCES + 1] = float(forms[candidate[1]] == forms[mention[1]])
    present[DISTANCES + 2] = float(candidate[1] >= mention[0])
    return present


class Document:
    """x: [words, hidden]."""

    def __init__(self, x, sentences, forms, t):
        self.t, self.forms, self.words = t, forms, len(x)

        def mlp(name):
            return torch.relu(x @ t[name + ".weight"].T + t[name + ".bias"])

        self.spans = [(i, j) for i in range(len(x)) for j in range(i, min(len(x), i + LONGEST))
                      if sentences[i] == sentences[j]]
        first, last = mlp("mention.first"), mlp("mention.last")
        u, v = t["mention.bilinear.weight"][:-1], t["mention.bilinear.weight"][-1]
        b, c = t["mention.bilinear.bias"][:-1], t["mention.bilinear.bias"][-1]
        table = first @ u.T @ last.T + (last @ b)[None, :] + (first @ v)[:, None] + c
        self.scores = torch.stack([table[s] for s in self.spans])
        self.first, self.last = mlp("antecedent.first"), mlp("antecedent.last")

    def kept(self, gold):
        least, scores = -(-KEPT * self.words // 100), self.scores.detach()
        order = sorted(range(len(self.spans)), key=lambda i: (-float(scores[i]), i))[:max(least, self.words)]
        best = {i for rank, i in enumerate(order) if rank < least or scores[i] > 0}
        return sorted(best | {i for i, s in enumerate(self.spans) if s in gold})

    def pairs(self, kept):
        """[kept, kept], −∞ where the second is not before the first; column 0 is no antecedent."""
        t = self.t
        vectors = torch.stack([torch.cat([self.first[self.spans[i][0]], self.last[self.spans[i][1]]]) for i in kept])
        both = torch.cat([t["antecedent.bilinear_first.weight"], t["antecedent.bilinear_last.weight"]], 1)
        query = vectors @ both.T + t["antecedent.bilinear_first.bias"] + t["antecedent.bilinear_last.bias"]
        table = query @ vectors.T
        own = self.last @ t["antecedent.features.weight"].T + t["antecedent.features.bias"]
        rows = []
        for q, mention in enumerate(kept):
            row = [torch.zeros((), dtype=torch.double)]
            for c, candidate in enumerate(kept):
                if c >= q:
                    row.append(torch.tensor(-torch.inf, dtype=torch.double))
                    continue
                known = features(self.spans[candidate], self.spans[mention], self.forms)
                row.append(table[q, c] + self.scores[candidate] + self.scores[mention]
                           + known @ own[self.spans[mention][1]])
            rows.append(torch.stack(row))
        return torch.stack(rows)

    def losses(self, gold):
        """gold: mention to cluster."""
        losses = [torch.zeros((), dtype=torch.double) for _ in range(self.words)]
        is_mention = torch.tensor([float(s in gold) for s in self.spans], dtype=torch.double)
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(self.scores, is_mention, reduction="none")
        for span, loss in zip(self.spans, entropy):
            losses[span[1]] = losses[span[1]] + loss
        kept = self.kept(gold)
        for q, row in enumerate(torch.log_softmax(self.pairs(kept), 1)):
            cluster = gold.get(self.spans[kept[q]])
            true = [c + 1 for c in range(q) if cluster is not None and gold.get(self.spans[kept[c]]) == cluster] or [0]
            losses[self.spans[kept[q]][1]] = losses[self.spans[kept[q]][1]] - torch.logsumexp(row[true], 0)
        return losses

    def clusters(self):
        kept = self.kept({})
        owner, count = [], 0
        for q, row in enumerate(self.pairs(kept)):
            best = int(row.argmax())
            if best == 0:
                owner.append(count)
                count += 1
            else:
                owner.append(owner[best - 1])
        sizes = [owner.count(o) for o in owner]
        return [(*self.spans[i], o) for i, o, size in zip(kept, owner, sizes) if size > 1]


def make(folder, out, seed):
    generator = torch.Generator().manual_seed(seed)

    def draw(bound):
        return int(torch.randint(0, bound, (1,), generator=generator))

    model = transformers.BertModel.from_pretrained(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
        add_pooling_layer=False)
    t = head_tensors(model.config.hidden_size, generator)
    tensors = {"head." + name: value.clone() for name, value in t.items()}
    ids = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask, words, sentences, forms = (torch.zeros_like(ids) for _ in range(4))
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, model.config.vocab_size, (length,), generator=generator)
        mask[row, :length] = 1
        words[row, :length] = (torch.rand(length, generator=generator) < 0.8).long()
        words[row, 0] = 1
        sentence = 10 * row
        for i in range(int(words[row].sum())):
            sentence += draw(5) == 0
            sentences[row, i], forms[row, i] = sentence, draw(4)
    mentions, gold = [], []
    for document, known in enumerate(KNOWN):
        rows = [r for r in range(len(LENGTHS)) if DOCUMENTS[r] == document]
        place = [int(s) for r in rows for s in sentences[r, :int(words[r].sum())]]
        spans = [(i, j) for i in range(len(place)) for j in range(i, min(len(place), i + LONGEST)) if place[i] == place[j]]
        own = {}
        for span in spans:
            if draw(4) == 0:
                own[span] = draw(4)
        gold.append(own if known else None)
        mentions += [(document, *span, cluster) for span, cluster in own.items() if known]

    model = model.double().eval()
    t = {name: value.double().requires_grad_() for name, value in t.items()}

    def documents():
        hidden = model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).last_hidden_state
        for document in range(len(KNOWN)):
            rows = [r for r in range(len(LENGTHS)) if DOCUMENTS[r] == document]
            own = [(int(sentences[r, i]), int(forms[r, i])) for r in rows for i in range(int(words[r].sum()))]
            yield Document(torch.cat([hidden[r, words[r] == 1] for r in rows]), [o[0] for o in own], [o[1] for o in own], t)

    def losses():
        made, targets = [], 0
        for document, own in zip(documents(), gold):
            made += document.losses(own) if own is not None else [torch.zeros((), dtype=torch.double)] * document.words
            targets += document.words if own is not None else 0
        return torch.stack(made), targets

    every, targets = losses()
    loss = every.sum() / targets
    loss.backward()
    for name, value in t.items():
        tensors["grad.heads/h/" + name] = value.grad.float()
    for name, weight in model.named_parameters():
        if name in WATCHED:
            tensors["grad.base/" + name] = weight.grad.float()
    found = [(number, *c) for number, document in enumerate(documents()) for c in document.clusters()]
    tensors |= {"input_ids": ids, "attention_mask": mask, "words": words, "sentences": sentences, "forms": forms,
                "documents": torch.tensor(DOCUMENTS), "known": torch.tensor(KNOWN), "mentions": torch.tensor(mentions),
                "clusters": torch.tensor(found), "loss": loss.detach().float().reshape(1),
                "losses": every.detach().float()}
    optimizer = torch.optim.AdamW(list(model.parameters()) + list(t.values()), lr=RATE, weight_decay=0.01, eps=1e-8)
    curve = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        every, targets = losses()
        loss = every.sum() / targets
        curve.append(loss.item())
        loss.backward()
        optimizer.step()
    tensors["step_losses"] = torch.tensor(curve, dtype=torch.float64).float()
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(out, "coreference.safetensors"),
              metadata={"seed": str(seed), "torch": torch.__version__, "transformers": transformers.__version__})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    make(arguments.model, arguments.out, arguments.seed)
