"""Means over rated items: each item counts once, however many raters saw it."""

import numpy as np
from scipy.stats import t as student_t

from bench.core.errors import DataError


def item_mean(ratings: np.ndarray, *, confidence: float = 0.95) -> tuple[float, tuple[float, float] | None, int]:
    """(mean, interval, n) of `ratings` [raters, items], NaN where there is none.

    The mean over items of their means over raters, with Student's t interval over the n items that were
    rated; None for one item. DataError where nothing was rated.
    """
    table = np.asarray(ratings, dtype=np.float64)
    rated = table[:, ~np.isnan(table).all(axis=0)] if table.ndim == 2 else table
    if table.ndim != 2 or not rated.size:
        raise DataError(f"ratings: expected [raters, items] with at least one answer, got shape {table.shape}")
    each = np.nanmean(rated, axis=0)
    mean, n = float(each.mean()), len(each)
    if n < 2:
        return mean, None, n
    half = float(student_t.ppf((1 + confidence) / 2, n - 1) * each.std(ddof=1) / n**0.5)
    return mean, (mean - half, mean + half), n
