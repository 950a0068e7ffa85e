"""The peer of multiple choice: the library's head with two layers on [CLS] of each question with one of its choices.

The head gives one logit for each choice (`num_choices=1`), and the cross-entropy over those of a question is computed here, since
questions may differ in their number of choices.
"""
import torch

import peer_training


def prepare(model, tokenizer, data, options):
    model.add_multiple_choice_head("a", num_choices=1, layers=2)

    def encode(row):
        question = row["question"] + (" " + row["asks"] if row.get("asks") else "")
        pairs = [(row["context"], f"{question} {choice}") if row.get("context") else (question, choice)
                 for choice in row["choices"]]
        return [dict(tokenizer(*pair, truncation=True, max_length=options.max_length)) for pair in pairs]

    encoded = {split: [encode(row) for row in rows] for split, rows in data.items()}

    def loss(indices):
        rows = [encoded["train"][i] for i in indices]
        batch = peer_training.batch_of([choice for row in rows for choice in row], tokenizer, options)
        logits = model(**batch).logits.view(-1).split([len(row) for row in rows])
        logits = torch.nn.utils.rnn.pad_sequence(logits, batch_first=True, padding_value=-torch.inf)
        targets = torch.tensor([data["train"][i]["answer"] for i in indices], device=options.device)
        return torch.nn.functional.cross_entropy(logits, targets)

    def score(split):
        rows = encoded[split]
        logits = peer_training.outputs(model, [choice for row in rows for choice in row], tokenizer, options)
        logits = torch.stack(logits).view(-1).split([len(row) for row in rows])
        right = sum(own.argmax().item() == row["answer"] for own, row in zip(logits, data[split]))
        return {"accuracy": right / len(rows)}

    return loss, score
