"""The rows of compare: what they start from and learn from; standard library only."""
TRAIN = ["adapter_train", "adapter_train_mean", "tagging_train", "qa_train", "fusion8_train", "lora_train", "prefix_train",
         "full_finetune", "multitask_train"]
ROWS = TRAIN + ["infer_adapter", "infer_fusion8", "cold_start"]
TARGETS = ["labels", "tags", "spans"]


def target(row):
    """What a row's texts have."""
    return {"tagging_train": "tags", "qa_train": "spans"}.get(row, "labels")


def start(row):
    """The bundle with a row's initial weights."""
    return {"tagging_train": "tagging", "qa_train": "qa", "fusion8_train": "fusion", "infer_fusion8": "fusion",
            "lora_train": "lora", "prefix_train": "prefix", "full_finetune": "head",
            "multitask_train": "multitask"}.get(row, "adapter")
