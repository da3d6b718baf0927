"""Density and coverage: precision and recall that one outlier cannot move."""

from dataclasses import dataclass

import numpy as np

from bench.metrics.inputs import rows_of, same_width
from bench.metrics.neighbours import distance_blocks, radii

K = 5


@dataclass(frozen=True)
class DensityCoverage:
    """`density` (1 where generated rows lie as densely as real ones; can exceed 1), `coverage` (a fraction)."""

    density: float
    coverage: float
    k: int
    n: tuple[int, int]


def density_coverage(generated: np.ndarray, real: np.ndarray, *, k: int = K) -> DensityCoverage:
    """How many real neighbourhoods hold a generated row, and how many rows each (Naeem et al. 2020, eq. 3 and 4).

    A real neighbourhood is the open ball that reaches to the k-th nearest other real row. At equal n, coverage
    of a set by another draw from the same distribution is about 1 - 2^-k. DataError for k rows or fewer.
    """
    a, b = rows_of(generated, what="generated", least=1), rows_of(real, what="real", least=2)
    same_width(a.shape[1], b.shape[1])
    reach = radii(b, k, what="real")
    inside, covered = 0, np.zeros(len(b), dtype=bool)
    for _, distances in distance_blocks(a, b):
        hits = distances < reach
        inside += int(hits.sum())
        covered |= hits.any(axis=0)
    return DensityCoverage(inside / (k * len(a)), float(covered.mean()), k, (len(a), len(b)))
