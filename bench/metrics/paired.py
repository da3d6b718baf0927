"""Are two models different? Paired comparison on the same images, from which of them each one named correctly.

Every number here follows from two counts a set: the images that only A, and that only B, got right. McNemar
1947; the exact conditional test, since it is valid at any count; intervals after Bonett and Price 2012.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, ndtr, ndtri

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level, generator


@dataclass(frozen=True)
class Pair:
    """Two models on one set of `n` images: `a_only` and `b_only` were named correctly by one of them alone."""

    n: int
    a_only: int
    b_only: int

    @classmethod
    def of(cls, a: np.ndarray, b: np.ndarray) -> "Pair":
        """From correctness bits, bool [n] each, in one order of images; DataError for other shapes or types."""
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype != bool or b.dtype != bool or a.ndim != 1 or a.shape != b.shape or not a.size:
            raise DataError(
                f"pair: expected two bool arrays over the same images, got {a.dtype} {a.shape} and {b.dtype} {b.shape}"
            )
        return cls(n=a.size, a_only=int((a & ~b).sum()), b_only=int((b & ~a).sum()))

    @property
    def difference(self) -> float:
        """Accuracy of A less that of B, a fraction."""
        return (self.a_only - self.b_only) / self.n


def mcnemar(a_only, b_only):
    """Two-sided p of the exact McNemar test: of the images that divide the two, half would fall to each by chance.

    Whole numbers or arrays of them; 1 where nothing divides the two. Equals a binomial test of `a_only`
    among both at 1/2.
    """
    a, b = np.asarray(a_only, dtype=np.float64), np.asarray(b_only, dtype=np.float64)
    low, total = np.minimum(a, b), a + b
    tail = betainc(np.maximum(total - low, 1), low + 1, 0.5)  # P(X <= low), X binomial(total, 1/2)
    p = np.where(total == 0, 1.0, np.minimum(1.0, 2 * tail))
    return p.item() if p.ndim == 0 else p


def adjusted_variance(a_only, b_only, n):
    """Variance of the difference of two paired accuracies, with a half count added to each kind of image.

    One image is added to each of the two that divide the models (Bonett and Price 2012), so that it is never 0:
    identical answers on few images do not prove models equal. Numbers or arrays of one shape.
    """
    disagree, difference = (a_only + b_only + 2) / (n + 2), (a_only - b_only) / (n + 2)
    return (disagree - difference * difference) / (n + 2)


@dataclass(frozen=True)
class Comparison:
    """`difference` = A - B as a fraction, its interval, and the two-sided `p` of no difference."""

    difference: float
    interval: tuple[float, float]
    p: float


def compare_on_set(pair: Pair, *, confidence: float = 0.95) -> Comparison:
    """One set: the difference with its Bonett-Price interval, and the exact McNemar p."""
    z = float(ndtri((1 + confidence_level(confidence)) / 2))
    centre = (pair.a_only - pair.b_only) / (pair.n + 2)
    half = z * float(adjusted_variance(pair.a_only, pair.b_only, pair.n)) ** 0.5
    interval = (max(-1.0, centre - half), min(1.0, centre + half))
    return Comparison(pair.difference, interval, mcnemar(pair.a_only, pair.b_only))


def compare_means(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Comparison:
    """The unweighted mean over sets: its difference, with a normal interval and p.

    The sets' images are different ones, so their paired variances add; within a set the pairing is kept. For
    one set, `compare_on_set`, whose p is exact. DataError for no set.
    """
    if not pairs:
        raise DataError("comparison: expected at least one set that both models answered, got none")
    if len(pairs) == 1:
        return compare_on_set(pairs[0], confidence=confidence)
    difference = float(np.mean([pair.difference for pair in pairs]))
    variance = sum(adjusted_variance(pair.a_only, pair.b_only, pair.n) for pair in pairs) / len(pairs) ** 2
    z, error = float(ndtri((1 + confidence_level(confidence)) / 2)), float(variance) ** 0.5
    interval = (max(-1.0, difference - z * error), min(1.0, difference + z * error))
    return Comparison(difference, interval, float(2 * ndtr(-abs(difference) / error)))


def paired_bootstrap(
    pairs: Sequence[Pair], *, resamples: int, seed: int | np.random.Generator, confidence: float = 0.95
) -> tuple[float, float]:
    """(low, high): the percentile interval of the mean difference when each set's images are drawn anew.

    Stratified by set, paired within it. Drawing n images with replacement and counting those that only A or only
    B got right is a multinomial draw of the counts, which is what is drawn.
    """
    if resamples < 1 or not pairs:
        raise DataError(f"paired bootstrap: expected sets and resamples, got {len(pairs)} and {resamples}")
    rng, tail = generator(seed), (1 - confidence_level(confidence)) / 2
    total = np.zeros(resamples)
    for pair in pairs:
        kinds = np.array([pair.a_only, pair.b_only, pair.n - pair.a_only - pair.b_only]) / pair.n
        drawn = rng.multinomial(pair.n, kinds, size=resamples)
        total += (drawn[:, 0] - drawn[:, 1]) / pair.n
    low, high = np.quantile(total / len(pairs), [tail, 1 - tail])
    return float(low), float(high)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values adjusted so that all are right together (Holm 1979): the family-wise error of `p` [tests]."""
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    adjusted = np.empty_like(steps)
    adjusted[order] = steps
    return adjusted
