"""Nearest neighbours in feature space and by perceptual hash, exact and some rows at a time.

What the manifold metrics (precision, recall, density, coverage), authenticity and the search for memorised images
share. Memory grows with the rows compared to, not with the pairs.
"""

from collections.abc import Iterator

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

    Both are features [m, d] and [n, d] of one float type. `itself`: the two are the same rows, and none is its own
    neighbour. Among equally near ones the first counts.
    """
    _check(len(queries), len(references), itself)
    index = np.empty(len(queries), np.int64)
    for rows, squares in _squared_blocks(queries, references):
        if itself:
            np.fill_diagonal(squares[:, rows], np.inf)
        index[rows] = squares.argmin(axis=1)
    return distances(queries, references[index]), index


def radii(rows: np.ndarray, k: int, *, what: str) -> np.ndarray:
    """Distance float64 [n] of each row to its k-th nearest other row; DataError where there are not k others."""
    if not 1 <= k < len(rows):
        raise DataError(f"{what}: expected more than k = {k} rows (and k at least 1), got {len(rows)}; add images")
    index = np.empty(len(rows), np.int64)
    for part, squares in _squared_blocks(rows, rows):
        np.fill_diagonal(squares[:, part], np.inf)
        index[part] = squares.argpartition(k - 1, axis=1)[:, k - 1]
    return distances(rows, rows[index])


def distance_blocks(left: np.ndarray, right: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows of left, their Euclidean distances [rows, n] to every row of right) block by block."""
    centre = right.mean(axis=0)  # Smaller numbers cancel less.
    for rows, squares in _squared_blocks(left - centre, right - centre):
        yield rows, np.sqrt(np.maximum(squares, 0))


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float64 [n]: the Euclidean distance of each row of one to the same row of the other.

    As a difference, because the expansion of the square loses what tells near copies apart.
    """
    return np.sqrt(((left - right) ** 2).sum(axis=1, dtype=np.float64))


def nearest_hashes(
    queries: np.ndarray, references: np.ndarray, *, itself: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The same by 64-bit perceptual hashes uint64 [m] and [n]: bits that differ uint8 [m], and index int64 [m]."""
    _check(len(queries), len(references), itself)
    bits, index = np.empty(len(queries), np.uint8), np.empty(len(queries), np.int64)
    for rows in _parts(len(queries), len(references)):
        apart = np.bitwise_count(queries[rows, None] ^ references[None])
        if itself:
            np.fill_diagonal(apart[:, rows], 65)
        index[rows] = apart.argmin(axis=1)
        bits[rows] = apart.min(axis=1)
    return bits, index


def _squared_blocks(left: np.ndarray, right: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances, up to rounding, which can bring small ones below 0."""
    lengths = np.square(right).sum(axis=1)
    for rows in _parts(len(left), len(right)):
        yield rows, np.square(left[rows]).sum(axis=1)[:, None] + lengths - 2 * left[rows] @ right.T


def _parts(rows: int, references: int) -> list[slice]:
    step = max(1, CELLS // max(references, 1))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def _check(queries: int, references: int, itself: bool) -> None:
    least = 2 if itself else 1
    if references < least or queries < 1:
        raise DataError(f"nearest neighbours: {queries} images among {references}; expected at least {least}")
