"""What the rows of compare learn from, on the peer's side: by target the examples, the head and what its loss takes.

Imports torch and adapters only where they are used: their time and memory count.
"""
import rows as R


class Labels:
    """A label for each text; a head of two layers on [CLS], or on the mean of all tokens."""

    @staticmethod
    def examples(rows, tokenizer):
        encodings = tokenizer.encode_batch([row["text"] for row in rows])
        return [(encoding.ids, row["label"]) for encoding, row in zip(encodings, rows)]

    @staticmethod
    def outputs(rows):
        return max(row["label"] for row in rows) + 1

    @staticmethod
    def head(row, model, name, outputs):
        from adapters.heads import ClassificationHead

        class MeanHead(ClassificationHead):
            def forward(self, outputs, cls_output=None, attention_mask=None, return_dict=False, **kwargs):
                real = attention_mask.unsqueeze(-1).to(outputs[0].dtype)
                mean = (outputs[0] * real).sum(1) / real.sum(1)
                return super().forward(outputs, mean, attention_mask, return_dict, **kwargs)

        head = MeanHead if row.endswith("_mean") else ClassificationHead
        return head(model, name, num_labels=outputs, layers=2)

    @staticmethod
    def arguments(targets, width):
        import torch
        return {"labels": torch.tensor(targets)}


class Tags:
    """A tag for each word between white space; one layer on the first token of each."""

    @staticmethod
    def examples(rows, tokenizer):
        encodings = tokenizer.encode_batch([row["text"].split() for row in rows], is_pretokenized=True)
        found = []
        for encoding, row in zip(encodings, rows):
            first = {}
            for place, word in enumerate(encoding.word_ids):
                if word is not None:
                    first.setdefault(word, place)
            tags = [-100] * len(encoding.ids)
            for word, place in first.items():
                tags[place] = row["tags"][word]
            found.append((encoding.ids, tags))
        return found

    @staticmethod
    def outputs(rows):
        return max(max(row["tags"]) for row in rows) + 1

    @staticmethod
    def head(row, model, name, outputs):
        from adapters.heads import TaggingHead
        return TaggingHead(model, name, num_labels=outputs, layers=1)

    @staticmethod
    def arguments(targets, width):
        import torch
        labels = torch.full((len(targets), width), -100)
        for own, tags in zip(labels, targets):
            own[:len(tags)] = torch.tensor(tags)
        return {"labels": labels}


class Spans:
    """The first and the last token of an answer in the window of a question and its context; one layer on every token, without
    dropout as in transformers."""

    @staticmethod
    def examples(rows, tokenizer):
        encodings = tokenizer.encode_batch([(row["question"], row["context"]) for row in rows])
        found = []
        for encoding, row in zip(encodings, rows):
            if encoding.overflowing:
                raise SystemExit("a question with its context has more tokens than a window")
            answer = row["answers"][0]
            last = answer["start"] + len(answer["text"]) - 1
            span = [encoding.char_to_token(place, 1) for place in (answer["start"], last)]
            found.append((encoding.ids, (*span, encoding.type_ids)))
        return found

    @staticmethod
    def outputs(rows):
        return 2

    @staticmethod
    def head(row, model, name, outputs):
        from adapters.heads import QuestionAnsweringHead
        return QuestionAnsweringHead(model, name, num_labels=outputs, layers=1, dropout_prob=0.0)

    @staticmethod
    def arguments(targets, width):
        import torch
        types = torch.zeros(len(targets), width, dtype=torch.long)
        for own, (_, _, kinds) in zip(types, targets):
            own[:len(kinds)] = torch.tensor(kinds)
        starts, ends = (torch.tensor([target[i] for target in targets]) for i in range(2))
        return {"start_positions": starts, "end_positions": ends, "token_type_ids": types}


def of(row):
    return {"labels": Labels, "tags": Tags, "spans": Spans}[R.target(row)]
