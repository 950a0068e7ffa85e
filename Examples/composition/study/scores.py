"""Scores of the finished cells and their intervals: seeds and test texts are drawn again, the targets stay."""
import itertools
import random
import statistics

from . import plan
from .cells import unpacked

RESAMPLES = 2000


def interval(tables, draw):
    """95 %, of the mean over tables; a table has the values of each text for each seed. Seeds and texts are drawn again."""
    values = []
    for _ in range(RESAMPLES):
        total = 0
        for table in tables:
            texts = draw.choices(range(len(table[0])), k=len(table[0]))
            seeds = draw.choices(table, k=len(table))
            total += statistics.fmean(sum(map(seed.__getitem__, texts)) / len(texts) for seed in seeds)
        values.append(total / len(tables))
    values.sort()
    return values[int(0.025 * RESAMPLES)], values[-1 - int(0.025 * RESAMPLES)]


class Scores:
    """Answers of each arm: by target and size a list of seeds, each a list of right answers."""

    def __init__(self, lab):
        self.targets = [target for target in lab.tasks.targets]
        self.right = {}
        for target in self.targets:
            for size, seeds in plan.SIZES.items():
                for arm in [*plan.LABELS, plan.REFERENCE]:
                    found = [lab.finished("arms", target, size, seed, arm) for seed in range(seeds)]
                    found = list(itertools.takewhile(bool, found))
                    if found:
                        self.right[target, size, arm] = [unpacked(cell["right"]) for cell in found]
        # Seeds that all targets have; an arm with fewer counts as not finished
        self.seeds = {size: min(self.count(target, size, "scratch") for target in self.targets) for size in plan.SIZES}
        self.right = {key: seeds[:self.seeds[key[1]]] for key, seeds in self.right.items()}

    def count(self, target, size, arm):
        return len(self.right.get((target, size, arm), []))

    def has(self, arm, size, targets=None):
        """Whether it is finished on all targets."""
        return 0 < self.seeds[size] and all(self.count(t, size, arm) == self.seeds[size] for t in targets or self.targets)

    def arms(self, size, targets=None):
        return [arm for arm in plan.LABELS if self.has(arm, size, targets)]

    def mean(self, target, size, arm):
        return statistics.fmean(statistics.fmean(seed) for seed in self.right[target, size, arm])

    def average(self, size, arm, targets):
        return statistics.fmean(self.mean(t, size, arm) for t in targets)

    def interval(self, size, weights, targets):
        """Of Σ weight · score of the arm, averaged over targets. The arms of a target share the drawn seeds and texts."""
        draw = random.Random(f"{size} {sorted(weights.items())}")
        tables = []
        for target in targets:
            arms = [self.right[target, size, arm] for arm in weights]
            count = min(map(len, arms))
            # For each seed: the weighted sum of the arms' answers to each text
            tables.append([[sum(w * seeds[s][i] for w, seeds in zip(weights.values(), arms))
                            for i in range(len(arms[0][s]))] for s in range(count)])
        return interval(tables, draw)

    def gain(self, size, arm, other, targets):
        """How much better an arm is than another one, with its interval."""
        mean = self.average(size, arm, targets) - self.average(size, other, targets)
        return mean, self.interval(size, {arm: 1, other: -1}, targets)
