"""Krippendorff's alpha: do raters agree more than chance would have them?"""

import numpy as np

from bench.core.errors import DataError

LEVELS = ("nominal", "ordinal", "interval")


def krippendorff_alpha(ratings: np.ndarray, *, level: str) -> float | None:
    """1 - observed / expected disagreement of `ratings` [raters, items], NaN where a rater gave none.

    `level`: `nominal`, `ordinal` or `interval` (Krippendorff 2011, sections D to F). 1 is full agreement,
    0 chance. None where alpha is undefined: no item with two ratings, or all ratings equal.
    DataError for another shape or level.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise DataError(f"ratings: expected shape [raters, items], got {table.shape}")
    if level not in LEVELS:
        raise DataError(f"level: expected one of {', '.join(LEVELS)}, got {level!r}")
    values, codes = np.unique(table[~np.isnan(table)], return_inverse=True)
    counts = np.zeros((table.shape[1], len(values)))
    np.add.at(counts, (np.nonzero(~np.isnan(table))[1], codes), 1)
    counts = counts[counts.sum(axis=1) > 1]  # An item with one rating has no pair.
    pairs = counts.sum(axis=1, keepdims=True)
    together = counts.T @ (counts / (pairs - 1)) - np.diag((counts / (pairs - 1)).sum(axis=0))
    totals = together.sum(axis=1)
    apart = _differences(values, totals, level)
    expected = totals @ apart @ totals
    if expected == 0:
        return None
    return float(1 - (totals.sum() - 1) * (together * apart).sum() / expected)


def _differences(values: np.ndarray, totals: np.ndarray, level: str) -> np.ndarray:
    """Squared difference [v, v] of every two values."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return np.square(values[:, None] - values)
    middle = np.cumsum(totals) - totals / 2  # Mean rank of each value.
    return np.square(middle[:, None] - middle)
