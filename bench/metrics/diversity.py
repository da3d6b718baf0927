"""Mean pairwise distance: how different two images of a set are from each other."""

import numpy as np

from bench.metrics.inputs import unit_rows


def mean_pairwise_distance(features: np.ndarray) -> float:
    """Mean of 1 - cosine over all pairs of different rows of [n, d], from 0 (all alike) up to n / (n - 1).

    Unbiased in n. methods.md 9.2. DataError for a row of zeros or fewer than 2 rows.
    """
    rows = unit_rows(features, what="features", least=2)
    total, n = rows.sum(axis=0), len(rows)
    return float(max(0.0, 1 - (total @ total - n) / (n * (n - 1))))
