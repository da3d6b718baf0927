"""What a finite number of images does to the Fréchet distance: its limit for infinitely many, and an interval.

The distance is biased up by an amount that falls as 1/n, and that differs between extractors and sets:
values at different n, and small gaps at the same n, say nothing without these two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.stats import t as student_t

from bench.core.errors import DataError
from bench.metrics.frechet import frechet_distance, frechet_from_moments
from bench.metrics.inputs import confidence_level, generator, rows_of, same_width
from bench.metrics.moments import Moments

LEAST = 10  # images that the smallest draw of the extrapolation has


@dataclass(frozen=True)
class Extrapolation:
    """`value`: the distance at 1/n = 0; `points`: (n, distance) that the line was fitted to; `r2` of that fit."""

    value: float
    points: tuple[tuple[int, float], ...]
    r2: float


@dataclass(frozen=True)
class JackknifeInterval:
    """`interval` around the distance, `deviation` of it, `corrected`: the jackknife's estimate without bias of 1/n."""

    interval: tuple[float, float]
    deviation: float
    corrected: float


def frechet_infinity(features_a: np.ndarray, features_b: np.ndarray, *, seed: int, points: int = 15) -> Extrapolation:
    """The distance extrapolated to infinitely many images (Chong and Forsyth 2020, section 3).

    `points` sizes evenly from a tenth of n (at least 10, and at least d) to n = min(n_a, n_b); at each,
    that many rows of each side are drawn without replacement; a least-squares line in 1/n, read at 0. It is 0 for a
    set and itself, and can be negative where the truth is near 0. Below n = d the distance is no line in 1/n, so
    that fewer than 2 d rows (or 20) are a DataError.
    """
    a, b = rows_of(features_a, what="features a", least=1), rows_of(features_b, what="features b", least=1)
    same_width(a.shape[1], b.shape[1])
    n, start = min(len(a), len(b)), max(LEAST, a.shape[1])
    if n < 2 * start:
        raise DataError(
            f"extrapolation to infinite n: expected at least {2 * start} images a side for {a.shape[1]} features,"
            f" got {n}; add images or leave it out"
        )
    sizes = np.unique(np.linspace(max(start, n // 10), n, points).round().astype(int))
    shuffled = _shuffled(a, b, seed=seed, times=len(sizes))
    values = np.array([frechet_distance(x[:size], y[:size]) for size, (x, y) in zip(sizes, shuffled, strict=True)])
    slope, value = np.polyfit(1 / sizes, values, 1)
    total = np.square(values - values.mean()).sum()
    unexplained = np.square(values - slope / sizes - value).sum()
    return Extrapolation(
        value=float(value),
        points=tuple((int(size), float(one)) for size, one in zip(sizes, values, strict=True)),
        r2=float(1 - unexplained / total) if total > 0 else 1.0,
    )


def frechet_interval(
    features_a: np.ndarray, features_b: np.ndarray, *, seed: int, groups: int = 20, confidence: float = 0.95
) -> JackknifeInterval:
    """Delete-a-group jackknife over both sides (Quenouille; Shao and Tu 1995, section 2.3).

    Each side is split at random into `groups` groups of (nearly) equal size, or single rows where there
    are fewer; each is left out in turn. The two sides are independent, so variances add; Student's t.
    A bootstrap is not offered: rows drawn twice raise the distance itself. DataError for fewer than 4 rows.
    """
    confidence = confidence_level(confidence)
    a, b = rows_of(features_a, what="features a", least=4), rows_of(features_b, what="features b", least=4)
    same_width(a.shape[1], b.shape[1])
    if groups < 2:
        raise DataError(f"groups: expected at least 2, got {groups}; a jackknife leaves one out")
    whole_a, whole_b = Moments.of(a), Moments.of(b)
    value = frechet_from_moments(whole_a, whole_b).value
    ((a, b),) = _shuffled(a, b, seed=seed, times=1)
    without_a = [frechet_from_moments(part, whole_b).value for part in _leave_out(a, groups)]
    without_b = [frechet_from_moments(whole_a, part).value for part in _leave_out(b, groups)]
    variance, bias = 0.0, 0.0
    for left in (np.array(without_a), np.array(without_b)):
        share = (len(left) - 1) / len(left)
        variance += share * np.square(left - left.mean()).sum()
        bias += (len(left) - 1) * (left.mean() - value)
    deviation = variance**0.5
    half = student_t.ppf((1 + confidence) / 2, min(len(without_a), len(without_b)) - 1) * deviation
    return JackknifeInterval((max(0.0, value - half), value + half), float(deviation), float(value - bias))


def _leave_out(rows: np.ndarray, groups: int) -> list[Moments]:
    parts = np.array_split(np.arange(len(rows)), min(groups, len(rows)))
    return [Moments.of(np.delete(rows, part, axis=0)) for part in parts]


def _shuffled(a: np.ndarray, b: np.ndarray, *, seed, times: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Both sides in an order drawn from their rows and the seed alone: not from how they came, nor which is which."""
    keys = [[blake2b((row + 0.0).tobytes(), digest_size=8).digest() for row in rows] for rows in (a, b)]
    sides = [rows[np.argsort(key)] for rows, key in zip((a, b), keys, strict=True)]
    for one in generator(seed).integers(2**63, size=times):
        first, second = (rows[np.random.default_rng(one).permutation(len(rows))] for rows in sides)
        yield first, second
