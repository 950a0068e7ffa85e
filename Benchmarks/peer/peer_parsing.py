"""The peer of dependency parsing: a biaffine parser after the design of MaChAmp (van der Goot et al. 2021) on a model of `adapters`.

Linear layers see a word (its first token) as a dependent and as a head, for arcs (768 columns) and for labels (256); a bilinear
form with biases scores arcs, and one for each label scores labels; the root is a learned vector before the words. The loss is
the mean over the words of the cross-entropy of the head plus that of the label at the true head; the answer is the maximum
spanning tree over the log-probabilities of head and label together, with one word at the root.
"""
import networkx
import torch

import peer_training


class Parser(torch.nn.Module):
    def __init__(self, hidden, labels, arc=768, label=256):
        super().__init__()
        self.root = torch.nn.Parameter(torch.randn(1, hidden))
        self.arc_head, self.arc_dependent = torch.nn.Linear(hidden, arc), torch.nn.Linear(hidden, arc)
        self.label_head, self.label_dependent = torch.nn.Linear(hidden, label), torch.nn.Linear(hidden, label)
        self.arcs = torch.nn.Parameter(torch.empty(arc + 1, arc + 1))
        torch.nn.init.xavier_uniform_(self.arcs)
        self.labels = torch.nn.Bilinear(label, label, labels)

    def scores(self, words):
        """words: [n, hidden]. Arcs [n, n + 1] with the root in front, and the two sides of labels."""
        heads = torch.cat([self.root, words])
        one = torch.ones(len(heads), 1, device=words.device)
        left = torch.cat([self.arc_dependent(words), one[1:]], 1)
        right = torch.cat([self.arc_head(heads), one], 1)
        return left @ self.arcs @ right.T, self.label_dependent(words), self.label_head(heads)

    def loss(self, sentences):
        """The sum over the words of both cross-entropies; sentences: (words, heads, labels). A head of -1 is not known."""
        entropy, total, pairs = torch.nn.functional.cross_entropy, 0.0, []
        for words, heads, labels in sentences:
            arcs, dependents, sides = self.scores(words)
            total = total + entropy(arcs, heads, reduction="sum", ignore_index=-1)
            pairs.append((dependents, sides[heads.clamp(min=0)], labels))
        dependents, sides, labels = (torch.cat(part) for part in zip(*pairs))
        scored = torch.einsum("nd,lde,ne->nl", dependents, self.labels.weight, sides) + self.labels.bias
        return total + entropy(scored, labels, reduction="sum", ignore_index=-1)

    def tree(self, words):
        """Heads and labels of the best tree."""
        arcs, dependents, sides = self.scores(words)
        count = len(words)
        # The bilinear form of every pair at once: [n, n + 1, labels]
        pairs = torch.einsum("nd,lde,me->nml", dependents, self.labels.weight, sides) + self.labels.bias
        best = pairs.log_softmax(-1).max(-1)
        energy = (arcs.log_softmax(-1) + best.values).tolist()
        heads, indices = best_heads(energy), best.indices.tolist()
        return heads, [indices[i][head] for i, head in enumerate(heads)]


def best_heads(energy):
    """The heads of the tree with the largest sum of energy[word][head] and one word at the root (head 0)."""
    count = len(energy)
    words = range(count)
    heads = [max((j for j in range(count + 1) if j != i + 1), key=energy[i].__getitem__) for i in words]
    if is_tree(heads):
        return heads  # Nothing is better than the best head of every word
    spread = max(map(max, energy)) - min(map(min, energy))
    graph = networkx.DiGraph()
    for i in words:
        for j in range(count + 1):
            if j != i + 1:
                graph.add_edge(j, i + 1, weight=energy[i][j] - (count * spread + 1 if j == 0 else 0))
    tree = networkx.maximum_spanning_arborescence(graph)
    return [next(iter(tree.predecessors(i + 1))) for i in words]


def is_tree(heads):
    """Whether one word is at the root and all others hang from it."""
    if heads.count(0) != 1:
        return False
    reached, ahead = {0}, [0]
    children = {}
    for word, head in enumerate(heads, 1):
        children.setdefault(head, []).append(word)
    while ahead:
        own = children.get(ahead.pop(), [])
        reached.update(own)
        ahead += own
    return len(reached) == len(heads) + 1


def prepare(model, tokenizer, data, options):
    """LAS ignores subtypes of labels."""
    labels = sorted({label for row in data["train"] for label in row["deprels"]})
    model.parser = Parser(model.config.hidden_size, len(labels)).to(options.device)
    drop = torch.nn.Dropout(0.1)

    def encode(row):
        encoding, first = peer_training.encode_words(row, tokenizer, options)
        places = {word: i + 1 for i, word in enumerate(first)}
        heads = [0 if row["heads"][w] == 0 else places.get(row["heads"][w] - 1, -1) for w in first]
        targets = [labels.index(row["deprels"][w]) if head >= 0 and row["deprels"][w] in labels else -1
                   for w, head in zip(first, heads)]
        return encoding, first, torch.tensor(heads), torch.tensor(targets)

    encoded = {split: [encode(row) for row in rows] for split, rows in data.items()}

    def words(rows):
        batch = peer_training.batch_of([row[0] for row in rows], tokenizer, options)
        hidden = model.base_model(**batch).last_hidden_state
        if model.training:
            hidden = drop(hidden)
        return [hidden[i, list(row[1].values())] for i, row in enumerate(rows)]

    def loss(indices):
        rows = [encoded["train"][i] for i in indices]
        sentences = [(x, row[2].to(options.device), row[3].to(options.device))
                     for x, row in zip(words(rows), rows) if len(x)]
        return model.parser.loss(sentences) / max(1, sum(int((row[2] >= 0).sum()) for row in rows))

    def score(split):
        model.eval()
        right, arcs, count = 0, 0, 0
        with torch.no_grad():
            for start in range(0, len(encoded[split]), 32):
                rows = encoded[split][start:start + 32]
                for row, x, gold in zip(rows, words(rows), data[split][start:start + 32]):
                    found = [(word, "") for word in range(len(gold["tokens"]))]
                    if len(x):
                        order = list(row[1])
                        for word, head, label in zip(order, *model.parser.tree(x)):
                            found[word] = (order[head - 1] + 1 if head else 0, labels[label])
                    for (head, label), true, relation in zip(found, gold["heads"], gold["deprels"]):
                        count += 1
                        right += head == true
                        arcs += head == true and label.split(":")[0] == relation.split(":")[0]
        return {"las": arcs / count, "uas": right / count}

    return loss, score
