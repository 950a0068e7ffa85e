"""Runs the cells, side by side and until the time is over."""
import concurrent.futures
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

from . import arms, auto, plan
from .cells import Cells, packed
from .command import Command
from .files import say
from .tasks import Tasks, digest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class OutOfTime(Exception):
    pass


class NotTuned(Exception):
    """The learning rate of an arm has not been chosen."""


class Lab:
    def __init__(self, a):
        self.a = a
        self.deadline = time.monotonic() + 60 * a.minutes
        self.command = Command(a.amalgam or build("amalgam"), max(1, (os.cpu_count() or 1) // a.jobs))
        self.benchmark = a.benchmark or build("amalgam-benchmark")
        source = a.debian or os.path.join(a.out, "data")
        if not os.path.exists(os.path.join(source, "SOURCE.json")):
            self.command.run("data", "debian", "--languages", "en", "--out", source)
        self.tasks = Tasks(source, a.data, a.out)
        self.cells = Cells(a.out, a.fresh)
        self.seconds = {}
        self.locks = {name: threading.Lock() for name in self.tasks.all}

    # Sources

    def source(self, name):
        """The bundle of a source; trained if it is missing."""
        with self.locks[name]:
            out = os.path.join(self.a.out, "sources", f"{name}.{self.tasks.source_digest(name)}.h5")
            if not os.path.exists(out):
                say(f"source {name}")
                folder = self.tasks.folder("source", name, self.tasks.source(name))
                os.makedirs(os.path.dirname(out), exist_ok=True)
                self.command.quiet("train-adapter", "--model", plan.MODEL, "--task", folder, "--lr", plan.SOURCE_RATE,
                                   "--epochs", plan.SOURCE_EPOCHS, "--max-length", plan.LENGTH, "--precision", "bf16",
                                   "--keep", "last", "--name", name, "--out", out)
            return out

    def train_sources(self):
        with concurrent.futures.ThreadPoolExecutor(self.a.jobs) as pool:
            list(pool.map(self.source, self.tasks.all))

    def sources_key(self, target):
        """What the sources of a target are made of."""
        return digest([[name, self.tasks.source_digest(name), plan.SOURCE_EPOCHS, plan.SOURCE_RATE]
                       for name in self.tasks.sources(target)])

    # Cells

    def key(self, step, target, size, seed, arm, rate=None, source=None):
        key = {"form": plan.FORM, "step": step, "target": target, "size": size, "seed": seed, "arm": arm,
               "train": self.tasks.train_digest(target, size, seed), "test": self.tasks.test_digest(target)}
        if arm in plan.GRIDS:
            key["rate"] = rate or self.rate(arm, size)
        if arm in arms.USES_SOURCES:
            key["sources"] = self.sources_key(target)
        if source:
            key["source"] = source
        return key

    def rate(self, arm, size):
        """The learning rate that the tuning tasks have chosen; the largest size has that of the one below it."""
        size = min(size, max(plan.TUNING_SIZES))
        means = {rate: self.tuning_mean(arm, size, rate) for rate in plan.GRIDS[arm]}
        if None in means.values():
            raise NotTuned(f"{arm} at {size} labels: the learning rate has not been chosen; run the step rates")
        return max(means, key=lambda rate: (means[rate], -float(rate)))

    def tuning_mean(self, arm, size, rate):
        found = [self.cells.find(self.key("rates", target, size, seed, arm, rate))
                 for target in plan.TUNING for seed in range(plan.TUNING_SEEDS)]
        return None if None in found else statistics.fmean(cell["accuracy"] for cell in found)

    def ranking(self, place):
        """The sources of a place by `advise`, whose scores are kept as a cell."""
        key = self.key("advice", place.target, place.size, place.seed, "advice")
        if not (cell := self.cells.find(key)):
            found = place.command.quiet("advise", "--model", plan.MODEL, "--task", place.task, "--adapters", *place.bundles,
                                        "--max-length", plan.LENGTH, "--texts", plan.ADVICE_TEXTS, "--precision", "bf16")
            names = {self.source(name): name for name in place.sources}
            scores = {names[entry["bundle"]]: {n: v for n, v in entry.items() if n in plan.ADVICE}
                      for entry in found["ranking"]}
            base = {n: v for n, v in found["base"].items() if n in plan.ADVICE}
            cell = self.cells.add(key, {"scores": scores, "base": base, "seconds": found["seconds"]})
        return sorted(cell["scores"], key=lambda name: -cell["scores"][name].get(plan.ADVISOR, float("-inf")))

    def finished(self, *what):
        """A finished cell of a step, or None; None too while its learning rate is not tuned."""
        try:
            return self.cells.find(self.key(*what))
        except NotTuned:
            return None

    def measure(self, key, place, train):
        """A cell, unless it is finished."""
        if found := self.cells.find(key):
            return found
        kind = (key["arm"], key["size"])
        self.check_time(kind)
        started = time.monotonic()
        bundle, log = train(place)
        right = arms.answers(place, bundle) if bundle else log["right"]
        seconds = time.monotonic() - started
        self.seconds.setdefault(kind, []).append(seconds)
        cell = self.cells.add(key, {
            "accuracy": round(statistics.fmean(right), 5), "right": packed(right), "seconds": round(seconds, 1),
            **{name: log[name] for name in ("trainable_parameters", "verdict", "source") if name in log}})
        say(f"{key['step']} {key['target']} {key['size']}.{key['seed']} {key['arm']}"
            f"{' ' + key['rate'] if 'rate' in key else ''}{' ' + key['source'] if 'source' in key else ''}: "
            f"{cell['accuracy']:.3f}, {seconds:.1f} s")
        return cell

    def gather(self, key, place):
        """The evidence of a place, unless it is finished."""
        if self.cells.find(key):
            return
        self.check_time((key["arm"], key["size"]))
        started = time.monotonic()
        found = auto.evidence(place)
        seconds = time.monotonic() - started
        self.seconds.setdefault((key["arm"], key["size"]), []).append(seconds)
        self.cells.add(key, {**found, "seconds": round(seconds, 1)})
        say(f"evidence {key['target']} {key['size']}.{key['seed']}: {seconds:.1f} s")

    def check_time(self, kind):
        if time.monotonic() + max(self.seconds.get(kind, [0])) > self.deadline:
            raise OutOfTime

    def place(self, target, size, seed):
        folder = tempfile.mkdtemp(dir=os.path.join(self.a.out))
        return arms.Place(self, self.command, target, size, seed, folder)

    def group(self, step, target, size, seed, wanted):
        """Cells that share a place. wanted: (arm, rate or None, source or None). True if all are finished."""
        missing = [w for w in wanted if not self.finished(step, target, size, seed, *w)]
        if not missing:
            return True
        place = self.place(target, size, seed)
        try:
            for arm, rate, source in missing:
                key = self.key(step, target, size, seed, arm, rate, source)
                if step == "evidence":
                    self.gather(key, place)
                elif source:
                    self.measure(key, place, lambda p: arms.init_from(p, key["rate"], source))
                else:
                    self.measure(key, place, lambda p: arms.TRAIN[arm](p, key.get("rate")))
            return True
        except OutOfTime:
            return False
        finally:
            shutil.rmtree(place.folder)

    def step(self, step):
        """Runs a step's cells; the number of groups that the time did not suffice for."""
        wanted = [arm for arm in plan.ARMS if not self.a.arms or arm in self.a.arms]
        if step == "rates":
            # The fusion with the own adapter needs that adapter's rate
            late = ["fusion_own"]
            return sum(self.run(self.groups(step, [arm for arm in wanted if (arm in late) == second]))
                       for second in (False, True))
        return self.run(self.groups(step, wanted))

    def run(self, groups):
        """Runs groups side by side; the number of those that the time did not suffice for."""
        with concurrent.futures.ThreadPoolExecutor(self.a.jobs) as pool:
            parts = [pool.submit(self.group, *group) for group in groups]
            try:
                return sum(not part.result() for part in concurrent.futures.as_completed(parts))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    # Steps

    def groups(self, step, wanted):
        """In the order in which they are run: the small sizes first."""
        if step == "rates":
            for size in plan.TUNING_SIZES:
                for target in plan.TUNING:
                    for seed in range(plan.TUNING_SEEDS):
                        yield step, target, size, seed, [
                            (arm, rate, None) for arm in wanted for rate in plan.GRIDS.get(arm, [])]
        elif step == "evidence":
            for size, seeds in plan.SIZES.items():
                for seed in range(min(seeds, self.a.seeds or seeds)):
                    for target in self.targets:
                        if not self.a.sizes or size in self.a.sizes:
                            yield step, target, size, seed, [("evidence", None, None)]
        elif step == "transfer":
            for seed in range(min(plan.SIZES[128], self.a.seeds or plan.SIZES[128])):
                for target in self.targets:
                    yield step, target, 128, seed, [("init", None, source) for source in self.tasks.sources(target)]
        elif step == "distill":
            for seed in range(min(plan.SIZES[plan.DISTILLED_SIZE], self.a.seeds or plan.SIZES[plan.DISTILLED_SIZE])):
                for target in self.targets:
                    yield step, target, plan.DISTILLED_SIZE, seed, [(arm, None, None) for arm in plan.DISTILLED]
        elif step == plan.REFERENCE:
            for seed in range(min(plan.REFERENCE_SEEDS, self.a.seeds or plan.REFERENCE_SEEDS)):
                for target in self.targets:
                    yield "arms", target, plan.REFERENCE_SIZE, seed, [(plan.REFERENCE, None, None)]
        else:
            for size, seeds in plan.SIZES.items():
                for seed in range(min(seeds, self.a.seeds or seeds)):
                    for target in self.targets:
                        if not self.a.sizes or size in self.a.sizes:
                            yield step, target, size, seed, [(arm, None, None) for arm in plan.arms(size) if arm in wanted]

    @property
    def targets(self):
        return [name for name in self.tasks.targets if not self.a.targets or name in self.a.targets]


def build(product):
    subprocess.run(["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True)
    folder = subprocess.run(["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    return os.path.join(folder, product)
