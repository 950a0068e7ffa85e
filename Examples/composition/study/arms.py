"""One function per arm: it trains on a target and returns the bundle with the answers' head."""
import json
import os
import subprocess

from . import plan


class Place:
    """One target, size and seed with its files and its training commands."""

    def __init__(self, lab, command, target, size, seed, folder):
        self.lab, self.command, self.target, self.size, self.seed = lab, command, target, size, seed
        self.folder = folder
        self.task = lab.tasks.folder(f"{size}.{seed}", target, lab.tasks.train(target, size, seed))
        self.sources = lab.tasks.sources(target)

    @property
    def bundles(self):
        return [self.lab.source(name) for name in self.sources]

    def file(self, name):
        return os.path.join(self.folder, f"{name}.h5")

    def train(self, verb, name, rate, *words, epochs=None, tasks=None):
        """Trains, and returns the bundle and the run's log."""
        out = self.file(name)
        for old in (out, out + ".checkpoint"):
            if os.path.exists(old):
                os.remove(old)
        log = self.command.quiet(
            verb, "--model", plan.MODEL, *(tasks or ["--task", self.task]), *words, "--lr", rate, "--seed", self.seed,
            "--epochs", epochs or plan.EPOCHS[self.size], "--batch-size", plan.BATCH[self.size],
            "--max-length", plan.LENGTH, "--precision", "bf16", "--keep", "last", "--out", out)
        return out, log

    def own(self):
        """The adapter from scratch, at its own learning rate."""
        out = self.file("scratch")
        if not os.path.exists(out):
            self.train("train-adapter", "scratch", self.lab.rate("scratch", self.size))
        return out

    def closest(self):
        """The sources, the most promising first."""
        return self.lab.ranking(self)


def linear(place, name, *words):
    """A linear model on frozen features; it has no learning rate."""
    out = place.file(name)
    log = place.command.quiet("finetune", "--linear-probe", "--model", plan.MODEL, "--task", place.task, "--seed", place.seed,
                              "--max-length", plan.LENGTH, "--precision", "bf16", *words, "--out", out)
    return out, log


def probe(place, rate):
    return linear(place, "probe")


def scratch(place, rate):
    return place.train("train-adapter", "scratch", rate)


def lora(place, rate):
    return place.train("train-adapter", "lora", rate, "--config", "lora")


def big(place, rate):
    """`double_seq_bn` of width 288: 2,667,264 parameters, where the fusion of nine has 2,658,816."""
    return place.train("train-adapter", "big", rate, "--config", "double_seq_bn", "--set", "reduction_factor=1.3333")


def init(place, rate):
    return init_from(place, rate, place.closest()[0])


def init_from(place, rate, source):
    out, log = place.train("train-adapter", "init", rate, "--init-from", place.lab.source(source))
    return out, {**log, "source": source}


def fusion(place, rate):
    return place.train("fuse", "fusion", rate, "--adapters", *place.bundles)


def fusion_best(place, rate):
    """Half of the attention starts at the closest source, the rest at the others alike."""
    sources = place.closest()
    shares = [0.5] + [0.5 / (len(sources) - 1)] * (len(sources) - 1)
    bundles = ", ".join(place.lab.source(name) for name in sources)
    return place.train("fuse", "fusion_best", rate, "--compose",
                       f"fuse({bundles}, prior=[{', '.join(f'{share:.4f}' for share in shares)}])")


def fusion_own(place, rate):
    return place.train("fuse", "fusion_own", rate, "--adapters", *place.bundles, place.own())


def distilled(place, rate):
    """One adapter that learns from the fusion's answers, and starts from the closest source."""
    if not os.path.exists(place.file("fusion")):
        fusion(place, place.lab.rate("fusion", place.size))
    return place.train("distill", "distilled", place.lab.rate("init", place.size), "--bundle", place.file("fusion"),
                       "--init-from", place.lab.source(place.closest()[0]))


def scalearn(place, rate):
    return place.train("fuse", "scalearn", rate, "--method", "scalearn", "--adapters", *place.bundles)


def average(place, rate):
    return linear(place, "average", "--compose", f"average({', '.join(place.bundles)})")


def joint(place, rate):
    """Each task's batches are drawn alike often, so the target's texts come more often than the others'."""
    folders = [place.task] + [place.lab.tasks.folder("joint", name, place.lab.tasks.source(name, plan.JOINT))
                              for name in place.closest()[:plan.CLOSEST]]
    return place.train("train-multitask", "joint", rate, "--scheduler", "uniform", epochs=plan.JOINT_EPOCHS,
                       tasks=["--tasks", *folders])


def auto(place, rate):
    out = place.file("auto")
    log = place.command.quiet(
        "fuse", "--method", "auto", "--model", plan.MODEL, "--task", place.task, "--adapters", *place.bundles,
        "--seed", place.seed, "--max-length", plan.LENGTH, "--precision", "bf16", "--out", out)
    return out, log


def setfit(place, rate):
    """No bundle: its answers are in the log."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.py")
    model = place.command.run("model", "fetch", plan.MODEL, "--quiet").splitlines()[-1]
    tests = place.lab.tasks.tests[place.target]
    words = [place.lab.a.setfit, script, model, os.path.join(place.task, "train.jsonl"), place.seed,
             plan.REFERENCE_ITERATIONS, plan.LENGTH, place.command.threads]
    output = subprocess.run(list(map(str, words)), input="".join(json.dumps(row["text"]) + "\n" for row in tests), text=True,
                            check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return None, {"right": [int(json.loads(line) == str(row["label"])) for line, row in
                            zip(output[-len(tests):], tests, strict=True)]}


TRAIN = {f.__name__: f for f in (probe, scratch, lora, big, init, fusion, fusion_best, fusion_own, scalearn, average, joint, auto, setfit,
                               distilled)}
# What decides an arm's result beside the target's texts
USES_SOURCES = {"advice", "evidence", "init", "fusion", "fusion_best", "fusion_own", "scalearn", "average", "joint", "auto", "distilled"}


def answers(place, bundle):
    """Which of the target's test texts the bundle gets right."""
    tests = place.lab.tasks.tests[place.target]
    fields = ("text", "text_a", "text_b")
    texts = "".join(json.dumps({name: row[name] for name in fields if name in row}) + "\n" for row in tests)
    found = place.command.run("predict", "--model", plan.MODEL, "--bundle", bundle, "--head", place.target, "--precision",
                              "bf16", "--threads", place.command.threads, "--quiet", stdin=texts).splitlines()
    return [int(json.loads(line)["label"] == str(row["label"])) for line, row in zip(found, tests, strict=True)]
