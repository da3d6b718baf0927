"""Speed of the Fréchet distance against the two routes in use, and of the paper's whole table, from features.

Both sides are timed in turn, three times each, and the fastest of each counts: other work on the machine
disturbs single timings. Each result is held to a float64 reference that is computed another way.
"""

import time
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.linalg import sqrtm

from bench.metrics.frechet import frechet, frechet_from_moments
from bench.metrics.frechet_classes import class_table
from bench.metrics.moments import Moments
from bench.pipelines.benchmarks.comparison import Comparison, comparison

WIDTH, PER_CLASS, MANY, ROUNDS = 2048, 50, 4096, 3
WITHIN = 1e-7
TABLE_CLASSES, TABLE_SOURCES, TABLE_SETS = 1000, 2, 4


def sqrtm_route(mean_a, covariance_a, mean_b, covariance_b) -> float:
    """As pytorch-fid and clean-fid have it: the matrix square root of the product, its real trace."""
    root = sqrtm(covariance_a.dot(covariance_b))
    gap = mean_a - mean_b
    return float(gap @ gap + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.trace(root).real)


def eigvals_route(mean_a, covariance_a, mean_b, covariance_b) -> float:
    """As torch-fidelity has it: the general eigenvalues of the product."""
    eigenvalues = np.linalg.eigvals(covariance_a.dot(covariance_b)).astype("complex128")
    gap = mean_a - mean_b
    return float(gap @ gap + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.sqrt(eigenvalues).real.sum())


def class_vs_sqrtm() -> Comparison:
    """n = 50 a side, d = 2048, against the matrix square root."""
    return _distances("frechet-class-vs-sqrtm", *_class_vs(sqrtm_route))


def class_vs_eigvals() -> Comparison:
    """n = 50 a side, d = 2048, against general eigenvalues."""
    return _distances("frechet-class-vs-eigvals", *_class_vs(eigvals_route))


def full_vs_sqrtm() -> Comparison:
    """Full rank, d = 2048, against the matrix square root."""
    return _distances("frechet-full-vs-sqrtm", *_full_vs(sqrtm_route))


def full_vs_eigvals() -> Comparison:
    """Full rank, d = 2048, against general eigenvalues."""
    return _distances("frechet-full-vs-eigvals", *_full_vs(eigvals_route))


def table_vs_bar() -> Comparison:
    """The table of 1,000 classes, 2 sources and 4 sets, against two minutes."""
    return _distances("frechet-table-vs-bar", *_table_pace(), unit="tables/s")


def _distances(name: str, ours: float, peer: float, *, unit: str = "distances/s") -> Comparison:
    return comparison(name, ours=ours, peer=peer, unit=unit)


def reference(a: np.ndarray, b: np.ndarray) -> float:
    """|m_a - m_b|^2 + |R_a|^2 + |R_b|^2 - 2 nuclear(R_a R_b^T), R the triangular factors of a QR decomposition.

    No Gram matrix and no covariance is formed; SciPy's QR and one SVD of at most d x d.
    """
    factors = [np.linalg.qr((x - x.mean(axis=0)) / (len(x) - 1) ** 0.5, mode="r") for x in (a, b)]
    gap = a.mean(axis=0) - b.mean(axis=0)
    overlap = np.linalg.svd(factors[0] @ factors[1].T, compute_uv=False).sum()
    return float(gap @ gap + sum(np.vdot(r, r) for r in factors) - 2 * overlap)


def _class_vs(peer: Callable[..., float]) -> tuple[float, float]:
    """(ours, peer's) distances a second for n = 50 a side, both from features."""
    a, b = features(PER_CLASS, 0), features(PER_CLASS, 1)
    _held(frechet(a, b).value, reference(a, b))
    return fastest(lambda: frechet(a, b), lambda: peer(*_statistics(a), *_statistics(b)), ours_each=20)


def _full_vs(peer: Callable[..., float]) -> tuple[float, float]:
    """(ours, peer's) distances a second at full rank, both from means and covariances."""
    a, b = features(MANY, 0), features(MANY, 1)
    one, other = Moments.of(a), Moments.of(b)
    _held(frechet_from_moments(one, other).value, _full_reference())
    pairs = [one.mean, one.covariance, other.mean, other.covariance]
    return fastest(lambda: frechet_from_moments(one, other), lambda: peer(*pairs), ours_each=1)


def _table_pace() -> tuple[float, float]:
    """(ours, the bar) tables a second: 1,000 classes, 2 sources, 4 sets, n = 50; the bar is one in 2 minutes."""
    names = [f"side {k}" for k in range(TABLE_SOURCES + TABLE_SETS)]
    labels = np.repeat(np.arange(TABLE_CLASSES), PER_CLASS)
    sides = {name: (features(TABLE_CLASSES * PER_CLASS, k, kind=np.float32), labels) for k, name in enumerate(names)}
    sources = {name: sides[name] for name in names[:TABLE_SOURCES]}
    sets = {name: sides[name] for name in names[TABLE_SOURCES:]}
    start = time.perf_counter()
    class_table(sources, sets)
    return 1 / (time.perf_counter() - start), 1 / 120


def features(n: int, seed: int, *, kind: type = np.float64) -> np.ndarray:
    """Rows like pooled activations: non-negative, with a spectrum that falls over three decades."""
    random = np.random.default_rng(seed)
    scale = np.exp(-np.arange(WIDTH, dtype=kind) / 300)
    return np.abs(
        random.normal(size=(n, 1)).astype(kind) * 0.1 + random.standard_normal((n, WIDTH), dtype=kind) * scale
    )


def fastest(ours: Callable[[], object], peer: Callable[[], object], *, ours_each: int) -> tuple[float, float]:
    """(ours, peer's) runs a second: interleaved rounds, the fastest of each."""
    best = [np.inf, np.inf]
    for _ in range(ROUNDS):
        for side, (run, count) in enumerate(((ours, ours_each), (peer, 1))):
            for _ in range(count):
                start = time.perf_counter()
                run()
                best[side] = min(best[side], time.perf_counter() - start)
    return 1 / best[0], 1 / best[1]


@cache
def _full_reference() -> float:
    return reference(features(MANY, 0), features(MANY, 1))


def _statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x.mean(axis=0), np.cov(x, rowvar=False)


def _held(value: float, wanted: float) -> None:
    if abs(value - wanted) > WITHIN * wanted:
        raise AssertionError(f"distance {value!r} is off the reference {wanted!r} by more than {WITHIN:g}")
