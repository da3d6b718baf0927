"""The Vendi score: how many different images a set is worth."""

import numpy as np

from bench.metrics.inputs import unit_rows


def vendi_score(features: np.ndarray) -> float:
    """exp of the entropy of the eigenvalues of K / n, K the cosine similarities (Friedman and Dieng 2023, eq. 2).

    From 1 (all alike) to n (all orthogonal); grows with n, so compare at equal n. The smaller of K / n and
    the d x d matrix with the same eigenvalues is taken. DataError for a row of zeros.
    """
    rows = unit_rows(features, what="features")
    gram = (rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows) / len(rows)
    shares = np.linalg.eigvalsh(gram)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))
