"""Nearest neighbours in feature space, exact and in blocks: what manifold metrics and memorisation share."""

from collections.abc import Iterator

import numpy as np

from bench.core.errors import DataError

BLOCK = 1024  # rows compared at a time


def distance_blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows of a, Euclidean distances [rows, n_b]) block by block, of float64 [n_a, d] and [n_b, d]."""
    centre = b.mean(axis=0)  # Smaller numbers cancel less.
    a, b = a - centre, b - centre
    squares = np.square(b).sum(axis=1)
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        block = np.square(a[rows]).sum(axis=1)[:, None] + squares - 2 * a[rows] @ b.T
        yield rows, np.sqrt(np.maximum(block, 0))


def radii(rows: np.ndarray, k: int, *, what: str) -> np.ndarray:
    """Distance [n] of each row to its k-th nearest other row; DataError where there are not k others."""
    if not 1 <= k < len(rows):
        raise DataError(f"{what}: expected more than k = {k} rows (and k at least 1), got {len(rows)}; add images")
    found = np.empty(len(rows))
    for part, distances in distance_blocks(rows, rows):
        own = np.arange(len(rows))[part]
        distances[np.arange(len(own)), own] = 0  # Exactly, so that no copy comes before the row itself.
        found[part] = np.partition(distances, k, axis=1)[:, k]
    return found


def nearest(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(index in b, distance) of the nearest row of b for each row of a."""
    index, distance = np.empty(len(a), dtype=np.int64), np.empty(len(a))
    for part, distances in distance_blocks(a, b):
        index[part] = distances.argmin(axis=1)
        distance[part] = distances.min(axis=1)
    return index, distance
