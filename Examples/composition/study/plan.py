"""What is measured: tasks, sizes, seeds and arms."""

MODEL = "minilm"
TARGETS = ["section", "role", "implemented-in", "interface", "uitoolkit", "use", "works-with", "scope"]
# They fix the learning rates and are no targets
TUNING = ["field", "game"]
DEBIAN = TARGETS + TUNING
# Labels and seeds
SIZES = {32: 5, 128: 3, 1000: 3}
TEST, SOURCE, LENGTH = 600, 3000, 64
# Passes over the target's texts and texts in a batch; a fusion, an adapter and a head get the same
EPOCHS = {32: 20, 128: 10, 1000: 5}
BATCH = {32: 8, 128: 16, 1000: 16}
SOURCE_EPOCHS, SOURCE_RATE = 3, "1e-3"
# Of a joint training: the target and so many sources, each with so many texts, drawn alike often
CLOSEST, JOINT, JOINT_EPOCHS = 3, 500, 3
TUNING_SIZES, TUNING_SEEDS = [32, 128], 2
# Version of the cells: another one measures everything again
FORM = 1

# Scores of `advise`, and the one that chooses the closest sources; on so many texts at most
ADVICE, ADVISOR, ADVICE_TEXTS = ["logme", "h_score", "centroid", "probe", "leep"], "logme", 256

# Learning rates that TUNING chooses from, for each arm that has one
GRIDS = {
    "scratch": ["5e-4", "1e-3", "2e-3"],
    "lora": ["1e-3", "3e-3", "1e-2"],
    "big": ["3e-4", "1e-3", "3e-3"],
    "init": ["5e-4", "1e-3", "3e-3"],
    "fusion": ["5e-4", "2e-3", "5e-3"],
    "fusion_best": ["5e-4", "2e-3", "5e-3"],
    "fusion_own": ["5e-4", "2e-3", "5e-3"],
    "scalearn": ["2e-3", "6e-3", "2e-2"],
    "joint": ["5e-4", "1e-3", "2e-3"],
}
LABELS = {
    "probe": "linear probe",
    "scratch": "adapter from scratch",
    "lora": "LoRA",
    "big": "adapter as large as the fusion",
    "init": "adapter from the closest source",
    "fusion": "fusion of the sources",
    "fusion_best": "fusion that starts at the closest source",
    "fusion_own": "fusion with the own adapter",
    "scalearn": "ScaLearn",
    "average": "linear probe on the sources' average",
    "joint": "joint training with the closest sources",
    "auto": "auto",
}
ARMS = list(LABELS)
# SetFit (Tunstall et al. 2022) as its authors' Python package trains it, where --setfit names a Python that has it
REFERENCE, REFERENCE_SIZE, REFERENCE_SEEDS, REFERENCE_ITERATIONS = "setfit", 32, 3, 20
# A fusion is distilled into one adapter with so many labels
DISTILLED_SIZE, DISTILLED = 1000, ["fusion", "distilled"]
# At the largest size only these
LARGE = ["probe", "scratch", "init", "fusion", "fusion_own", "auto"]


def arms(size):
    return [arm for arm in ARMS if size < 1000 or arm in LARGE]
