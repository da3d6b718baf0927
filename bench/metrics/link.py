"""Is a smaller distance followed by a larger gain? Correlation with its interval, over arms and sets."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level, finite

LEAST = 4  # points; Fisher's interval divides by n - 3


@dataclass(frozen=True)
class Correlation:
    """Pearson `r` with its `interval`, Spearman `rho`, and `n` points; None where a side does not vary."""

    r: float | None
    interval: tuple[float, float] | None
    rho: float | None
    n: int


def correlation(x: np.ndarray, y: np.ndarray, *, confidence: float = 0.95) -> Correlation:
    """Correlation of `x` [n] and `y` [n]; the interval is Fisher's (1921), which takes points as independent.

    Points of one arm or one set are not, so the true interval is wider. DataError for fewer than 4 points.
    """
    confidence = confidence_level(confidence)
    x, y = finite(x, what="x"), finite(y, what="y")
    if x.ndim != 1 or x.shape != y.shape:
        raise DataError(f"x and y: expected two lists of equal length, got {x.shape} and {y.shape}")
    if len(x) < LEAST:
        raise DataError(f"points: expected at least {LEAST}, got {len(x)}; add arms or sets")
    if not (np.ptp(x) and np.ptp(y)):
        return Correlation(None, None, None, len(x))
    r = float(stats.pearsonr(x, y).statistic)
    half = stats.norm.ppf((1 + confidence) / 2) / (len(x) - 3) ** 0.5
    middle = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    low, high = np.tanh([middle - half, middle + half])
    return Correlation(r, (float(low), float(high)), float(stats.spearmanr(x, y).statistic), len(x))
