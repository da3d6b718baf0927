"""The squared maximum mean discrepancy of two sets of features under a kernel, with a jackknife deviation.

Gretton et al. 2012, equations 3 (unbiased) and 5 (biased). KID and CMMD differ in kernel and estimator only.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from bench.metrics.inputs import rows_of, same_width

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
BLOCK = 2048  # rows of the kernel matrix in memory at a time


@dataclass(frozen=True)
class Discrepancy:
    """`value` with `interval` (95 %, normal, from the jackknife `deviation`) and `n` rows of a and b."""

    value: float
    interval: tuple[float, float]
    deviation: float
    n: tuple[int, int]


def discrepancy(features_a: np.ndarray, features_b: np.ndarray, kernel: Kernel, *, unbiased: bool) -> Discrepancy:
    """MMD^2 of `features_a` [n_a, d] and `features_b` [n_b, d] under `kernel` (blocks [m, d], [k, d] to [m, k]).

    The unbiased estimate leaves out the diagonals and can be below 0. The jackknife leaves out one row of
    either side at a time, exactly, from the row sums. DataError for fewer than 3 rows, unequal d, NaN.
    """
    a, b = rows_of(features_a, what="features a", least=3), rows_of(features_b, what="features b", least=3)
    same_width(a.shape[1], b.shape[1])
    across, to_a = _row_sums(a, b, kernel)
    within = [_row_sums(side, side, kernel)[0] for side in (a, b)]
    diagonal = [_diagonal(side, kernel) for side in (a, b)]
    n, total = (len(a), len(b)), across.sum()
    means = [_mean(row.sum(), diag.sum(), len(row), unbiased) for row, diag in zip(within, diagonal, strict=True)]
    value = means[0] + means[1] - 2 * total / (n[0] * n[1])
    variance = 0.0
    for side, sums in enumerate((across, to_a)):
        m, other = n[side], n[1 - side]
        left = _mean(
            within[side].sum() - 2 * within[side] + diagonal[side],
            diagonal[side].sum() - diagonal[side],
            m - 1,
            unbiased,
        )
        without = left + means[1 - side] - 2 * (total - sums) / ((m - 1) * other)
        variance += (m - 1) / m * np.square(without - without.mean()).sum()
    half = norm.ppf(0.975) * variance**0.5
    return Discrepancy(float(value), (float(value - half), float(value + half)), float(variance**0.5), n)


def _mean(total, diagonal, n: int, unbiased: bool):
    """Mean of a kernel matrix with `total` sum and `diagonal` sum, without its diagonal where unbiased."""
    return (total - diagonal) / (n * (n - 1)) if unbiased else total / n**2


def _row_sums(a: np.ndarray, b: np.ndarray, kernel: Kernel) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the kernel matrix over its columns [n_a] and over its rows [n_b], block by block."""
    by_row, by_column = np.zeros(len(a)), np.zeros(len(b))
    for start in range(0, len(a), BLOCK):
        for other in range(0, len(b), BLOCK):
            block = kernel(a[start : start + BLOCK], b[other : other + BLOCK])
            by_row[start : start + BLOCK] += block.sum(axis=1)
            by_column[other : other + BLOCK] += block.sum(axis=0)
    return by_row, by_column


def _diagonal(rows: np.ndarray, kernel: Kernel) -> np.ndarray:
    pieces = [np.diag(kernel(rows[i : i + 64], rows[i : i + 64])) for i in range(0, len(rows), 64)]
    return np.concatenate(pieces)
