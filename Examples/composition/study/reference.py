"""Trains SetFit on a task and prints its answers: PYTHON reference.py MODEL TRAIN.jsonl SEED ITERATIONS LENGTH THREADS < TEXTS

A line of standard input is a text as JSON, a line of standard output the label. Needs `pip install setfit==1.1.3`.
"""
import json
import sys
import tempfile


def main():
    model, train, seed, iterations, length, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
    texts = [json.loads(line) for line in sys.stdin]
    import torch
    from datasets import Dataset
    from setfit import SetFitModel
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    with open(train, encoding="utf8") as stream:
        rows = [json.loads(line) for line in stream]
    fitted = SetFitModel.from_pretrained(model)
    fitted.model_body.max_seq_length = length
    data = Dataset.from_dict({"text": [row["text"] for row in rows], "label": [str(row["label"]) for row in rows]})
    with tempfile.TemporaryDirectory() as folder:
        fit(fitted, data, iterations, seed, folder)
    for label in fitted.predict(texts):
        print(json.dumps(str(label)))


def fit(fitted, data, iterations, seed, folder):
    """Trains it; `folder` gets what the trainer writes."""
    from setfit import Trainer, TrainingArguments
    arguments = TrainingArguments(num_iterations=iterations, num_epochs=1, batch_size=16, seed=seed, report_to="none",
                                  save_strategy="no", show_progress_bar=False, output_dir=folder)
    Trainer(model=fitted, args=arguments, train_dataset=data).train()


if __name__ == "__main__":
    main()
