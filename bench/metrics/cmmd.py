"""CMMD: a maximum mean discrepancy of CLIP embeddings under a Gaussian kernel."""

import numpy as np

from bench.metrics.inputs import unit_rows
from bench.metrics.mmd import Discrepancy, discrepancy

SIGMA, SCALE = 10.0, 1000.0


def clip_discrepancy(features_a: np.ndarray, features_b: np.ndarray) -> Discrepancy:
    """1000 x MMD^2 under exp(-|x - y|^2 / (2 sigma^2)), sigma 10, of rows of unit length (Jayasumana et al. 2024).

    The biased estimate, as the authors' code has it: 0 for a set and itself, never negative. The numbers
    of the paper are those of CLIP ViT-L/14 at 336 px; rows are scaled to unit length here.
    DataError for a row of zeros, fewer than 3 rows, unequal d, NaN.
    """
    a, b = unit_rows(features_a, what="features a"), unit_rows(features_b, what="features b")
    found = discrepancy(a, b, _gaussian, unbiased=False)
    low, high = found.interval
    return Discrepancy(
        value=max(0.0, SCALE * found.value),
        interval=(SCALE * low, SCALE * high),
        deviation=SCALE * found.deviation,
        n=found.n,
    )


def _gaussian(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    squared = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * x @ y.T
    return np.exp(-np.maximum(squared, 0) / (2 * SIGMA**2))
