"""What the Fréchet distance needs of a set of features, streamed and mergeable: count, mean, scatter.

The scatter (the sum over rows of the outer product of (row - mean)) is held as at most d rows whose
Gram matrix it is, and as a d x d matrix from there on: memory is min(n, d) x d, whatever the number of
images, and a class of 50 images costs 50 rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.core.errors import DataError
from bench.metrics.inputs import rows_of, same_width

BLOCK = 8192  # rows centred at a time


@dataclass(frozen=True, eq=False)
class Moments:
    """`count`, `mean` [d], and `spread` in float64: [r, d] with r <= d rows, or the scatter itself where `full`.

    Moments of disjoint sets merge into those of their union; the order changes rounding only.
    """

    count: int
    mean: np.ndarray
    spread: np.ndarray
    full: bool

    @classmethod
    def of(cls, features: np.ndarray) -> "Moments":
        """The moments of `features` [n, d], n >= 1; DataError for another shape, NaN or infinities."""
        features = rows_of(features, what="features", least=1)
        n, d = features.shape
        mean = features.mean(axis=0, dtype=np.float64)
        if n <= d:
            return cls(n, mean, features - mean, False)
        scatter = np.zeros((d, d))
        for start in range(0, n, BLOCK):
            centred = features[start : start + BLOCK] - mean
            scatter += centred.T @ centred
        return cls(n, mean, scatter, True)

    @classmethod
    def streamed(cls, blocks: Iterable[np.ndarray]) -> "Moments":
        """The moments of all rows of `blocks`, one block in memory at a time; DataError where there is none."""
        total = None
        for block in blocks:
            part = cls.of(block)
            total = part if total is None else total.merge(part)
        if total is None:
            raise DataError("features: expected at least one block of images, got none; is the set empty?")
        return total

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both sets together (Chan, Golub and LeVeque 1983); DataError for unequal d."""
        same_width(len(self.mean), len(other.mean))
        count, gap = self.count + other.count, other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        between = gap * (self.count * other.count / count) ** 0.5
        if not (self.full or other.full) and len(self.spread) + len(other.spread) < len(mean):
            return Moments(count, mean, np.vstack([self.spread, other.spread, between]), False)
        return Moments(count, mean, self.scatter + other.scatter + np.outer(between, between), True)

    @property
    def scatter(self) -> np.ndarray:
        """float64 [d, d]."""
        return self.spread if self.full else self.spread.T @ self.spread

    @property
    def covariance(self) -> np.ndarray:
        """float64 [d, d], with n - 1; NaN for one image."""
        return self.scatter / (self.count - 1) if self.count > 1 else np.full(2 * self.mean.shape, np.nan)

    @property
    def variance(self) -> float:
        """The trace of the covariance."""
        total = np.trace(self.spread) if self.full else np.vdot(self.spread, self.spread)
        return float(total / (self.count - 1))


def class_moments(blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict:
    """{class: moments} of blocks of (features [n, d], labels [n]), classes sorted; one block in memory at a time."""
    known: dict = {}
    for features, labels in blocks:
        labels = np.asarray(labels)
        for name in np.unique(labels).tolist():
            part = Moments.of(np.asarray(features)[labels == name])
            known[name] = known[name].merge(part) if name in known else part
    return dict(sorted(known.items()))
