"""What a fusion loses when one adapter is distilled from it."""
import random
import statistics

from . import plan
from .cells import unpacked
from .files import counted
from .scores import interval


def section(lab, scores):
    size = plan.DISTILLED_SIZE
    found = {}
    for target in scores.targets:
        for seed in range(plan.SIZES[size]):
            cells = [lab.finished("distill", target, size, seed, arm) for arm in plan.DISTILLED]
            if None not in cells:
                found.setdefault(target, []).append([unpacked(cell["right"]) for cell in cells])
    if not found:
        return []
    rows = []
    for target, seeds in found.items():
        fusion, distilled = (statistics.fmean(statistics.fmean(seed[i]) for seed in seeds) for i in (0, 1))
        rows.append(f"| {target} | {fusion:.3f} | {distilled:.3f} | {100 * (fusion - distilled):+.1f} |")
    tables = [[[a - b for a, b in zip(*seed)] for seed in seeds] for seeds in found.values()]
    loss = statistics.fmean(statistics.fmean(statistics.fmean(seed) for seed in table) for table in tables)
    low, high = interval(tables, random.Random("distill"))
    seeds = min(map(len, found.values()))
    return ["## A fusion as one adapter",
            f"`amalgam distill` trains one adapter, which starts from the closest source, on the answers of the fusion of all sources: "
            f"{counted(len(found), 'target')}, {size:,} labels, {counted(seeds, 'seed')}. The mean loss is {100 * loss:.1f} points "
            f"[{100 * low:.1f}, {100 * high:.1f}]; the adapter costs what one adapter costs.",
            "| target | fusion | distilled adapter | loss in points |\n| --- | --- | --- | --- |\n" + "\n".join(rows)]
