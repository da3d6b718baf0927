"""What a finite number of images does to the Fréchet distance: its limit for infinitely many, and an interval.

The distance is biased up by an amount that falls as 1/n, and that differs between extractors and sets:
values at different n, and small gaps at the same n, say nothing without these two.
"""

from dataclasses import dataclass

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
    that many rows of each side are drawn without replacement; a least-squares line in 1/n, read at 0. It can
    be negative where the truth is near 0. Below n = d the distance is no line in 1/n, so that fewer than 2 d
    rows (or 20) are a DataError.
    """
    a, b = rows_of(features_a, what="features a", least=1), rows_of(features_b, what="features b", least=1)
    same_width(a.shape[1], b.shape[1])
    random = generator(seed)
    n, start = min(len(a), len(b)), max(LEAST, a.shape[1])
    if n < 2 * start:
        raise DataError(
            f"extrapolation to infinite n: expected at least {2 * start} images a side for {a.shape[1]} features,"
            f" got {n}; add images or leave it out"
        )
    sizes = np.unique(np.linspace(max(start, n // 10), n, points).round().astype(int))
    drawn = [(_draw(a, int(size), random), _draw(b, int(size), random)) for size in sizes]
    values = np.array([frechet_distance(one, other) for one, other in drawn])
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
    random = generator(seed)
    whole_a, whole_b = Moments.of(a), Moments.of(b)
    value = frechet_from_moments(whole_a, whole_b).value
    without_a = [frechet_from_moments(part, whole_b).value for part in _leave_out(a, groups, random)]
    without_b = [frechet_from_moments(whole_a, part).value for part in _leave_out(b, groups, random)]
    variance, bias = 0.0, 0.0
    for left in (np.array(without_a), np.array(without_b)):
        share = (len(left) - 1) / len(left)
        variance += share * np.square(left - left.mean()).sum()
        bias += (len(left) - 1) * (left.mean() - value)
    deviation = variance**0.5
    half = student_t.ppf((1 + confidence) / 2, min(len(without_a), len(without_b)) - 1) * deviation
    return JackknifeInterval((max(0.0, value - half), value + half), float(deviation), float(value - bias))


def _leave_out(rows: np.ndarray, groups: int, random: np.random.Generator) -> list[Moments]:
    order = random.permutation(len(rows))
    parts = np.array_split(order, min(groups, len(rows)))
    return [Moments.of(rows[np.setdiff1d(order, part)]) for part in parts]


def _draw(rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    return rows[random.choice(len(rows), count, replace=False)]
