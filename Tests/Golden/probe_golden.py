#!/usr/bin/env python3
"""Makes Tests/Golden/probe/{probe,transferability}.json: linear probes of scikit-learn, and scores of features by their formulas.

    python3 -m venv .venv && .venv/bin/pip install scikit-learn==1.9.1
    .venv/bin/python Tests/Golden/probe_golden.py [--seed 1] [--out Tests/Golden/probe]
"""
import argparse
import json
import pathlib

import numpy
import sklearn
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

GRID = [0.001, 0.01, 0.1, 1, 10]


def features(rng, classes, rows, columns, spread=1.0):
    """Correlated columns of different means and deviations, as float32 has them; class means lie apart."""
    labels = rng.integers(0, classes, rows)
    labels[:classes] = range(classes)
    mix = rng.normal(size=(columns, columns)) / numpy.sqrt(columns)
    x = rng.normal(size=(rows, columns)) + spread * rng.normal(size=(classes, columns))[labels]
    x = (x @ mix) * numpy.exp(rng.normal(size=columns)) + 3 * rng.normal(size=columns)
    return x.astype(numpy.float32).astype(numpy.float64), labels


def listed(array):
    return numpy.asarray(array, dtype=numpy.float64).tolist()


def probe_case(rng, name, classes, rows, columns, constant=False):
    x, y = features(rng, classes, rows, columns)
    if constant:
        x[:, 0] = 2.5
    train = rows * 3 // 4
    scaler = StandardScaler().fit(x[:train])
    probabilities = []
    for strength in GRID:
        model = LogisticRegression(C=strength, tol=1e-10, max_iter=100000)
        model.fit(scaler.transform(x[:train]), y[:train])
        all_classes = numpy.zeros((rows - train, classes))
        all_classes[:, model.classes_] = model.predict_proba(scaler.transform(x[train:]))
        probabilities.append(numpy.round(all_classes, 9).tolist())
    return {"name": name, "classes": classes, "columns": columns, "train": train, "features": listed(x.ravel()),
            "labels": y.tolist(), "probabilities": probabilities}


def ridge_case(rng, rows, columns):
    x, _ = features(rng, 2, rows, columns)
    y = (x @ rng.normal(size=columns) + rng.normal(size=rows) + 7).astype(numpy.float32).astype(numpy.float64)
    train = rows * 3 // 4
    scaler = StandardScaler().fit(x[:train])
    predictions = [
        listed(Ridge(alpha=1 / strength).fit(scaler.transform(x[:train]), y[:train]).predict(
            scaler.transform(x[train:]))) for strength in GRID]
    return {"columns": columns, "train": train, "features": listed(x.ravel()), "targets": listed(y),
            "predictions": predictions}


def logme(f, targets):
    """You et al. 2021, algorithm 2 and appendix; at most 11 iterations, as the authors' code has it."""
    rows, _ = f.shape
    u, s, _ = numpy.linalg.svd(f, full_matrices=False)
    sigma = s**2
    evidences = []
    for y in targets:
        x2 = (u.T @ y) ** 2
        rest = (y**2).sum() - x2.sum()
        t = 1.0
        for _ in range(11):
            gamma = (sigma / (sigma + t)).sum()
            m2 = (sigma * x2 / (t + sigma) ** 2).sum()
            res2 = (x2 / (1 + sigma / t) ** 2).sum() + rest
            alpha, beta = gamma / (m2 + 1e-5), (rows - gamma) / (res2 + 1e-5)
            last, t = t, alpha / beta
            evidence = (rows / 2 * numpy.log(beta) - 0.5 * numpy.log(1 + sigma / t).sum() - beta / 2 * res2
                        - alpha / 2 * m2 - rows / 2 * numpy.log(2 * numpy.pi)) / rows
            if abs(t - last) / last <= 1e-3:
                break
        evidences.append(evidence)
    return float(numpy.mean(evidences))


def h_score(f, y):
    """Bao et al. 2019 with the shrinkage of Ibrahim et al. 2021: tr(Σ_α⁻¹ (1 − α) Σ_B)."""
    shrunk = LedoitWolf().fit(f)
    means = numpy.zeros_like(f)
    for c in numpy.unique(y):
        means[y == c] = (f - f.mean(0))[y == c].mean(0)
    return float(numpy.trace(numpy.linalg.solve(
        shrunk.covariance_, (1 - shrunk.shrinkage_) * numpy.cov(means, rowvar=False))))


def nearest_centroid(f, y):
    right = 0
    for i in range(len(y)):
        rest = numpy.arange(len(y)) != i
        own = numpy.unique(y[rest])
        distances = [((f[i] - f[rest & (y == c)].mean(0)) ** 2).sum() for c in own]
        right += own[int(numpy.argmin(distances))] == y[i]
    return right / len(y)


def leep(source, y):
    """Nguyen et al. 2020, eq. 2 and 3."""
    joint = numpy.array([source[y == c].sum(0) for c in range(y.max() + 1)]) / len(y)
    conditional = joint / joint.sum(0)
    return float(numpy.log((conditional[y] * source).sum(1)).mean())


def scores_case(rng, name, classes, rows, columns, sources):
    x, y = features(rng, classes, rows, columns, spread=0.7)
    source = rng.dirichlet(numpy.ones(sources) * 0.5, rows).astype(numpy.float32).astype(numpy.float64)
    numbers = (x @ rng.normal(size=columns) + 5 * rng.normal(size=rows)).astype(numpy.float32).astype(numpy.float64)
    return {
        "name": name, "classes": classes, "columns": columns, "sources": sources, "features": listed(x.ravel()),
        "labels": y.tolist(), "source": listed(source.ravel()), "numbers": listed(numbers),
        "logme": logme(x, [(y == c).astype(float) for c in range(classes)]), "logme_numbers": logme(x, [numbers]),
        "h_score": h_score(x, y), "centroid": nearest_centroid(x, y), "leep": leep(source, y),
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "probe")
    given = arguments.parse_args()
    rng = numpy.random.default_rng(given.seed)
    made = {"seed": given.seed, "scikit-learn": sklearn.__version__, "numpy": numpy.__version__}
    probe = made | {"grid": GRID, "cases": [
        probe_case(rng, "four classes", 4, 120, 12),
        probe_case(rng, "two classes", 2, 100, 9),
        probe_case(rng, "more columns than rows, one constant", 3, 60, 50, constant=True),
    ], "ridge": ridge_case(rng, 80, 11)}
    scores = made | {"cases": [
        scores_case(rng, "more rows", 4, 90, 12, 3),
        scores_case(rng, "more columns", 3, 30, 45, 5),
        scores_case(rng, "two classes", 2, 50, 7, 2),
    ]}
    given.out.mkdir(parents=True, exist_ok=True)
    for name, content in [("probe", probe), ("transferability", scores)]:
        (given.out / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
