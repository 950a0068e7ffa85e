"""The report: what was measured, in tables, pictures and plain words."""
import itertools
import os
import statistics

from . import advice, auto, charts, distill, plan
from .files import counted, say, write
from .scores import Scores

# Gain of a linear probe from which on a source counts as related
RELATED = 0.08
FOLDER = os.path.join("Examples", "reports", "composition")


def write_report(lab, root):
    scores = Scores(lab)
    pictures = {}
    parts = [head(lab, scores), *words(scores, auto.records(lab)), *tables(scores), *reference(scores), *curves(scores, pictures), *transfer(lab, scores, pictures),
             *distill.section(lab, scores), *advice.section(lab, scores), *auto.section(lab, scores), *settings(lab)]
    for folder in [os.path.join(lab.a.out, "report")] + ([os.path.join(root, FOLDER)] if lab.a.commit else []):
        write(os.path.join(folder, "report.md"), "\n\n".join(parts) + "\n")
        for name, picture in pictures.items():
            write(os.path.join(folder, name), picture)
        say(f"written: {os.path.join(folder, 'report.md')}")


def head(lab, scores):
    seeds = ", ".join(f"{counted(scores.seeds[size], 'seed')} with {size:,} labels" for size in plan.SIZES if scores.seeds[size])
    return f"""# When does composition pay?

`Examples/composition/run` wrote this report. It trains tasks with few labels on {plan.MODEL} in every way that Amalgam knows, and
compares them. The targets are {", ".join(lab.tasks.targets)}; all other tasks ({", ".join(lab.tasks.all)}) are the sources, with at
most {plan.SOURCE:,} texts each, none of them a test text of any target. Each score is the accuracy on at most {plan.TEST} test
texts, the mean over {seeds}; a seed draws the labels and starts the training. No arm sees a dev split. Intervals are 95 %, over seeds and test texts, with these targets fixed."""


def number(value):
    return f"{value:.3f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.3f}"


def points(found):
    mean, (low, high) = found
    return f"{100 * mean:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def table(header, body):
    return "\n".join(["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |",
                      *("| " + " | ".join(row) + " |" for row in body)])


def words(scores, records):
    lines = []
    for size in plan.SIZES:
        arms, targets = scores.arms(size), scores.targets
        sources = [arm for arm in arms if arm in ("init", "fusion", "fusion_own", "scalearn", "average")]
        if not sources:
            continue
        clear = {arm: [t for t in targets if scores.gain(size, arm, "scratch", [t])[1][0] > 0] for arm in sources}
        worse = {arm: [t for t in targets if scores.gain(size, arm, "scratch", [t])[1][1] < 0] for arm in sources}
        best = max(sources, key=lambda arm: scores.average(size, arm, targets))
        lines.append(
            f"- **{size:,} labels.** On average over {len(targets)} targets, the best use of the sources is: {plan.LABELS[best]}, "
            f"{points(scores.gain(size, best, 'scratch', targets))} points against an adapter from scratch. It is clearly better on "
            f"{listed(clear[best])}, and clearly worse on {listed(worse[best])}.")
    if lines and (related := relatedness(records)):
        lines.append(related)
    return ["## In words", "\n".join(lines)] if lines else []


def relatedness(records):
    """What the sources are worth where they are related to the task, and elsewhere."""
    parts = []
    for size in plan.SIZES:
        gains = {True: [], False: []}
        for record in records:
            if record["size"] == size:
                own = record["scores"]
                gains[record["evidence"]["relatedness"] >= RELATED].append(
                    {name: own[name] - own["adapter"] for name in ("init_from", "fusion")})
        if all(gains.values()):
            (near, far) = ({name: points_of(statistics.fmean(g[name] for g in gains[kind])) for name in gains[kind][0]}
                           for kind in (True, False))
            parts.append(
                f"with {size:,} labels, starting from it gains {near['init_from']} points and fusing {near['fusion']} "
                f"({counted(len(gains[True]), 'training')} of each), elsewhere {far['init_from']} and {far['fusion']} "
                f"({len(gains[False])})")
    if not parts:
        return ""
    return (f"- **Relatedness decides.** Where a linear probe on the features of the closest source beats one on the bare model's by "
            f"{100 * RELATED:.0f} points or more in cross-validation (`amalgam advise` shows both), the sources help: " + "; ".join(parts)
            + ". Gains are against an adapter from scratch.")


def points_of(value):
    return f"{100 * value:+.1f}"


def listed(names):
    return ", ".join(names) if names else "no target"


def tables(scores):
    parts = []
    for size in plan.SIZES:
        arms, targets = scores.arms(size), scores.targets
        if not arms:
            continue
        body = []
        for arm in arms:
            gain = "" if arm == "scratch" else points(scores.gain(size, arm, "scratch", targets))
            body.append([plan.LABELS[arm], *(number(scores.mean(t, size, arm)) for t in targets),
                         number(scores.average(size, arm, targets)), gain])
        parts += [f"## {size:,} labels", table(["arm", *targets, "mean", "points against the adapter from scratch"], body)]
    return parts


def reference(scores):
    """SetFit beside the arms, on the seeds that it has."""
    size, name = plan.REFERENCE_SIZE, plan.REFERENCE
    targets = [t for t in scores.targets if scores.count(t, size, name)]
    if not targets or not scores.seeds[size]:
        return []
    seeds = min(scores.count(t, size, name) for t in targets)

    def means(arm):
        return [statistics.fmean(map(statistics.fmean, scores.right[t, size, arm][:seeds])) for t in targets]
    body = []
    for arm in [name, *(arm for arm in plan.ARMS if scores.has(arm, size, targets))]:
        own = means(arm)
        gain = "" if arm == name else points((statistics.fmean(own) - statistics.fmean(means(name)),
                                              scores.interval(size, {arm: 1, name: -1}, targets)))
        body.append([plan.LABELS.get(arm, "SetFit"), *map(number, own), number(statistics.fmean(own)), gain])
    return [f"## SetFit with {size} labels",
            f"The authors' Python package with its own defaults and {plan.REFERENCE_ITERATIONS} iterations, on the same labels and "
            f"texts: {counted(seeds, 'seed')}.",
            table(["arm", *targets, "mean", "points against SetFit"], body)]


def curves(scores, pictures):
    def series(targets):
        found = []
        for arm in plan.LABELS:
            points = {size: (scores.average(size, arm, targets), *scores.interval(size, {arm: 1}, targets))
                      for size in sizes if scores.has(arm, size)}
            if points:
                found.append((plan.LABELS[arm], points))
        return found
    sizes, targets = [size for size in plan.SIZES if scores.seeds[size]], scores.targets
    if not sizes:
        return []
    pictures["curves.svg"] = charts.curves(f"Mean over {len(targets)} targets", series(targets), sizes)
    parts = ["## Curves", "![Accuracy against labels, mean over the targets](curves.svg)"]
    for target in targets:
        name = f"curves-{target}.svg"
        pictures[name] = charts.curves(target, series([target]), sizes)
        parts.append(f"![Accuracy against labels: {target}]({name})")
    return parts


def transfer(lab, scores, pictures):
    values = {}
    for target in scores.targets:
        for source in lab.tasks.sources(target):
            found = [lab.finished("transfer", target, 128, seed, "init", None, source) for seed in range(scores.seeds[128])]
            found = list(itertools.takewhile(bool, found))
            if found:
                base = scores.right[target, 128, "scratch"][:len(found)]
                values[target, source] = 100 * (statistics.fmean(cell["accuracy"] for cell in found)
                                                - statistics.fmean(map(statistics.fmean, base)))
    if not values:
        return []
    rows = [t for t in scores.targets if any(row == t for row, _ in values)]
    columns = [s for s in lab.tasks.all if any(column == s for _, column in values)]
    pictures["transfer.svg"] = charts.heat(
        "Gain from starting at a source, 128 labels", rows, columns, values,
        "Points of accuracy against an adapter from scratch. Rows: targets; columns: sources.")
    return ["## Which source helps which target", "![Task by task transfer](transfer.svg)"]


def settings(lab):
    body = []
    for arm in plan.GRIDS:
        rates = []
        for size in plan.TUNING_SIZES:
            means = {rate: lab.tuning_mean(arm, size, rate) for rate in plan.GRIDS[arm]}
            rates.append("not measured" if None in means.values() else lab.rate(arm, size))
        body.append([plan.LABELS[arm], ", ".join(plan.GRIDS[arm]), *rates])
    passes = ", ".join(f"{plan.EPOCHS[n]} passes in batches of {plan.BATCH[n]} with {n:,} labels" for n in plan.SIZES)
    return ["## Settings",
            f"Texts are cut at {plan.LENGTH} tokens, products are bf16. Target trainings: {passes}. `field` and `game` choose the "
            "learning rates; 1,000 labels use those of 128.",
            table(["arm", "grid", *(f"chosen with {size} labels" for size in plan.TUNING_SIZES)], body)]
