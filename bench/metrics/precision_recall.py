"""Precision and recall of a generated set: how much of it looks real, how much of the real it can show."""

from dataclasses import dataclass

import numpy as np

from bench.metrics.inputs import rows_of, same_width
from bench.metrics.neighbours import distance_blocks, radii

K = 3


@dataclass(frozen=True)
class PrecisionRecall:
    """`precision` and `recall`, fractions, with the `k` of the neighbourhoods and n (generated, real)."""

    precision: float
    recall: float
    k: int
    n: tuple[int, int]


def precision_recall(generated: np.ndarray, real: np.ndarray, *, k: int = K) -> PrecisionRecall:
    """Shares of rows inside the other side's manifold (Kynkäänniemi et al. 2019, equations 1 and 2).

    A manifold is the union of balls around its rows that reach to their k-th nearest other row.
    Both depend on n: compare at equal n. Swapping the sides swaps the two. DataError for k rows or fewer.
    """
    a, b = rows_of(generated, what="generated", least=2), rows_of(real, what="real", least=2)
    same_width(a.shape[1], b.shape[1])
    return PrecisionRecall(
        precision=_inside(a, b, radii(b, k, what="real")),
        recall=_inside(b, a, radii(a, k, what="generated")),
        k=k,
        n=(len(a), len(b)),
    )


def _inside(points: np.ndarray, centres: np.ndarray, reach: np.ndarray) -> float:
    hits = sum(int((distances <= reach).any(axis=1).sum()) for _, distances in distance_blocks(points, centres))
    return hits / len(points)
