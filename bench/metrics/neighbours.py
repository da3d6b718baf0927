"""Nearest neighbours of many images among many, some at a time: by features and by perceptual hash."""

import numpy as np

from bench.core.errors import DataError

# Comparisons held in memory at a time.
CELLS = 2**24


def unit(features: np.ndarray) -> np.ndarray:
    """float32 [n, d] of length 1; a row of zeros stays one. NaN is a DataError."""
    if features.ndim != 2 or not np.isfinite(features).all():
        raise DataError(f"features: expected finite numbers [n, d], got {features.shape} with NaN or infinity")
    length = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    return np.divide(features, length, out=np.zeros(features.shape, np.float32), where=length > 0, casting="unsafe")


def nearest(queries: np.ndarray, references: np.ndarray, *, itself: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """For each query the Euclidean distance float64 [m] to its nearest reference, and its index int64 [m].

    Both are unit features float32 [m, d] and [n, d]. `itself`: the two are the same rows, and none is its own
    neighbour. Memory grows with n, not with m times n. Among equally near ones the first counts.
    """
    _check(len(queries), len(references), itself)
    index, chunk = np.empty(len(queries), np.int64), _rows_at_a_time(references)
    for start in range(0, len(queries), chunk):
        likeness = queries[start : start + chunk] @ references.T
        if itself:
            rows = np.arange(len(likeness))
            likeness[rows, start + rows] = -np.inf
        index[start : start + chunk] = likeness.argmax(axis=1)
    return distances(queries, references[index]), index


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float64 [n]: the Euclidean distance of each row of one to the same row of the other.

    As a difference, because 2 - 2 cos loses what tells near copies apart.
    """
    return np.sqrt(((left - right) ** 2).sum(axis=1, dtype=np.float64))


def nearest_hashes(
    queries: np.ndarray, references: np.ndarray, *, itself: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The same by 64-bit perceptual hashes uint64 [m] and [n]: bits that differ uint8 [m], and index int64 [m]."""
    _check(len(queries), len(references), itself)
    bits, index = np.empty(len(queries), np.uint8), np.empty(len(queries), np.int64)
    chunk = _rows_at_a_time(references)
    for start in range(0, len(queries), chunk):
        apart = np.bitwise_count(queries[start : start + chunk, None] ^ references[None])
        if itself:
            rows = np.arange(len(apart))
            apart[rows, start + rows] = 65
        index[start : start + chunk] = apart.argmin(axis=1)
        bits[start : start + chunk] = apart.min(axis=1)
    return bits, index


def mean_distance(features: np.ndarray) -> float | None:
    """Mean over pairs of 1 - cosine between the rows of unit features [n, d]; None for fewer than two rows.

    From the length of their sum, in one pass: the cosines of all pairs add up to (|sum|^2 - n) / 2.
    """
    count = len(features)
    if count < 2:
        return None
    total = features.sum(axis=0, dtype=np.float64)
    squares = float((features.astype(np.float64) ** 2).sum())
    return float(1 - (total @ total - squares) / (count * (count - 1)))


def _rows_at_a_time(references: np.ndarray) -> int:
    return max(1, CELLS // max(len(references), 1))


def _check(queries: int, references: int, itself: bool) -> None:
    least = 2 if itself else 1
    if references < least or queries < 1:
        raise DataError(f"nearest neighbours: {queries} images among {references}; expected at least {least}")
