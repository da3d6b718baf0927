"""Training arms over seeds: the mean with its t interval, and the paired difference of two arms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level, finite


@dataclass(frozen=True)
class SeedSummary:
    """`mean` of `n` seeds, in the unit of the values; `sd` (n - 1 in the denominator) and the t
    `interval` are None for one seed, where nothing can be said about the spread.
    """

    mean: float
    n: int
    sd: float | None
    interval: tuple[float, float] | None


def mean_over_seeds(values: np.ndarray, *, confidence: float = 0.95) -> SeedSummary:
    """Mean, standard deviation and Student-t interval (Student 1908) of one number a seed.

    `values` [n], any unit, n >= 1. The interval speaks of seeds drawn anew, not of images drawn anew.
    DataError for no values, another shape, NaN or infinities.
    """
    values = finite(values, what="values over seeds")
    if values.ndim != 1 or values.size == 0:
        raise DataError(f"values over seeds: expected one number a seed, at least one, got shape {values.shape}")
    level = confidence_level(confidence)
    values = np.sort(values)
    n, mean = len(values), float(values.mean())
    if n < 2:
        return SeedSummary(mean=mean, n=n, sd=None, interval=None)
    sd = float(values.std(ddof=1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * sd / n**0.5
    return SeedSummary(mean=mean, n=n, sd=sd, interval=(mean - half, mean + half))


def paired_difference(
    a: np.ndarray, b: np.ndarray, *, seeds_a: Sequence[int], seeds_b: Sequence[int], confidence: float = 0.95
) -> SeedSummary:
    """Mean of a - b over the seeds of both arms, matched by seed, with the paired t interval.

    `a`, `b` [n], one number a seed, of one unit; `seeds_a`, `seeds_b` [n], in any order. DataError if
    the two sets of seeds differ, a seed stands twice, or a value is missing or not finite.
    """
    first, second = _by_seed(a, seeds_a, what="arm a"), _by_seed(b, seeds_b, what="arm b")
    if first.keys() != second.keys():
        only_a, only_b = sorted(first.keys() - second.keys()), sorted(second.keys() - first.keys())
        raise DataError(
            f"paired difference: expected the same seeds in both arms, got {only_a} only in a, {only_b} only in b;"
            " run the missing ones or leave them out of both"
        )
    return mean_over_seeds(np.array([first[seed] - second[seed] for seed in first]), confidence=confidence)


def _by_seed(values: np.ndarray, seeds: Sequence[int], *, what: str) -> dict[int, float]:
    values, seeds = finite(values, what=what), [int(seed) for seed in seeds]
    if values.shape != (len(seeds),):
        raise DataError(f"{what}: expected one value for each of {len(seeds)} seeds, got shape {values.shape}")
    if len(set(seeds)) != len(seeds):
        raise DataError(f"{what}: expected different seeds, got {seeds}; keep one run a seed")
    return dict(zip(seeds, values.tolist(), strict=True))
