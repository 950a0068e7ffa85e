"""How good `advise` is: what the best of its first three sources loses against the best of all."""
import random
import statistics

from . import plan
from .cells import unpacked
from .files import counted

FIRST, SIZE = 3, 128


def section(lab, scores):
    """Both bests are chosen on one half of the test texts and scored on the other, halves swapped."""
    regrets = {name: [] for name in [*plan.ADVICE, "random", "largest source"]}
    groups = set()
    seconds = {"ranking": [], "training": []}
    for target in scores.targets:
        sources = lab.tasks.sources(target)
        size = {name: len(lab.tasks.source(name)) for name in sources}
        for seed in range(plan.SIZES[SIZE]):
            advice = lab.finished("advice", target, SIZE, seed, "advice")
            cells = {s: lab.finished("transfer", target, SIZE, seed, "init", None, s) for s in sources}
            if not advice or None in cells.values():
                continue
            groups.add((target, seed))
            seconds["ranking"].append(advice["seconds"])
            seconds["training"].append(sum(cell["seconds"] for cell in cells.values()))
            right = {s: unpacked(cell["right"]) for s, cell in cells.items()}

            def half(source, part):
                return statistics.fmean(right[source][part::2])

            def regret(first):
                return statistics.fmean(
                    half(max(sources, key=lambda s: half(s, p)), 1 - p) - half(max(first, key=lambda s: half(s, p)), 1 - p)
                    for p in (0, 1))
            for name in plan.ADVICE:
                ranked = sorted(sources, key=lambda s: -advice["scores"].get(s, {}).get(name, float("-inf")))
                regrets[name].append(regret(ranked[:FIRST]))
            draw = random.Random(f"{target} {seed}")
            regrets["random"].append(statistics.fmean(regret(draw.sample(sources, FIRST)) for _ in range(200)))
            regrets["largest source"].append(regret(sorted(sources, key=lambda s: (-size[s], s))[:FIRST]))
    if not groups:
        return []
    body = "\n".join(f"| {name} | {100 * statistics.fmean(values):.2f} |" for name, values in regrets.items() if values)
    return ["## Whether `advise` finds the sources to start from",
            f"{counted(len({t for t, _ in groups}), 'target')}, {SIZE} labels, {counted(len({s for _, s in groups}), 'seed')}. Regret@{FIRST}: the best source by accuracy after "
            f"training, less the best among the first {FIRST} of the ranking, in points. A ranking by all scores took "
            f"{statistics.fmean(seconds['ranking']):.0f} s on average, where starting from every source and testing it took "
            f"{statistics.fmean(seconds['training']) / 60:.1f} min. Gradient similarity is not among the scores: it compares the "
            "task's gradient with that of a source's texts, which a bundle does not have.",
            f"| ranking by | mean Regret@{FIRST} |\n| --- | --- |\n{body}"]
