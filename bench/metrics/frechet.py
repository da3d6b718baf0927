"""The Fréchet distance (FID) of two sets of features, exact in float64.

    |mean_a - mean_b|^2 + Tr S_a + Tr S_b - 2 Tr (S_a S_b)^(1/2)

Dowson and Landau 1982; Heusel et al. 2017, equation 6; methods.md 9.1. S is the covariance with n - 1.
The last trace equals the nuclear norm (the sum of singular values) of F_a F_b^T for any F with
F^T F = S. Two routes follow, and the cheaper one is taken:

- `samples`: F is the centred features over sqrt(n - 1). The product is n_a x n_b, no d x d matrix is
  formed, and rank deficiency (n <= d) costs no accuracy.
- `covariances`: F_a from a pivoted Cholesky factorisation of S_a; the singular values are the square
  roots of the eigenvalues of the symmetric F_a S_b F_a^T.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import dgemm, dtrmm
from scipy.linalg.lapack import dpstrf

from bench.core.errors import DataError
from bench.metrics.inputs import rows_of, same_width
from bench.metrics.moments import Moments

ROUTES = ("samples", "covariances")
SVD_COST, EIGEN_COST = 25, 11  # of n^3 multiply-adds in a matrix product, measured with OpenBLAS on two cores


@dataclass(frozen=True)
class FrechetResult:
    """`value`: the distance, in squared units of the features; `route`: how; `n`: rows of a and b; `d`: width."""

    value: float
    route: str
    n: tuple[int, int]
    d: int


def frechet(features_a: np.ndarray, features_b: np.ndarray, *, route: str | None = None) -> FrechetResult:
    """The Fréchet distance of `features_a` [n_a, d] and `features_b` [n_b, d], rows being images.

    `route`: `samples` or `covariances`; None takes the cheaper. Below n of about d the distance is
    biased up, the more so the smaller n: compare at equal n only (methods.md 9.1). DataError for fewer
    than 2 rows, unequal d, NaN or infinities.
    """
    a, b = rows_of(features_a, what="features a", least=2), rows_of(features_b, what="features b", least=2)
    same_width(a.shape[1], b.shape[1])
    route = route or cheaper_route(len(a), len(b), d=a.shape[1])
    if route not in ROUTES:
        raise DataError(f"route: expected one of {', '.join(ROUTES)}, got {route!r}")
    if route == "covariances":
        return _by_covariances(Moments.of(a), Moments.of(b))
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    return _by_samples(Moments(len(a), mean_a, a - mean_a, False), Moments(len(b), mean_b, b - mean_b, False))


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """The value of `frechet` alone."""
    return frechet(features_a, features_b).value


def frechet_from_moments(a: Moments, b: Moments) -> FrechetResult:
    """The Fréchet distance of two sets known by their moments; DataError for unequal d or fewer than 2 rows."""
    same_width(len(a.mean), len(b.mean))
    if min(a.count, b.count) < 2:
        raise DataError(f"moments: expected at least 2 rows on both sides, got {a.count} and {b.count}; add images")
    rows = not (a.full or b.full)
    if rows and cheaper_route(len(a.spread), len(b.spread), d=len(a.mean)) == "samples":
        return _by_samples(a, b)
    return _by_covariances(a, b)


def cheaper_route(n_a: int, n_b: int, *, d: int) -> str:
    """The route with fewer operations, counted in multiply-adds of a matrix product."""
    few, many = sorted((n_a, n_b))
    samples = few * many * d + SVD_COST * few**2 * many
    covariances = (n_a + n_b) * d**2 + EIGEN_COST * d**3
    return "samples" if samples <= covariances else "covariances"


def _by_samples(a: Moments, b: Moments) -> FrechetResult:
    product = a.spread @ b.spread.T
    overlap = np.linalg.svd(product, compute_uv=False).sum() / ((a.count - 1) * (b.count - 1)) ** 0.5
    return _result(a, b, overlap, route="samples")


def _by_covariances(a: Moments, b: Moments) -> FrechetResult:
    small, large = (a, b) if a.count <= b.count else (b, a)  # the side of lower rank gives the smaller product
    upper, order, rank, _ = dpstrf(small.scatter)
    upper, order = np.asfortranarray(np.triu(upper)), order - 1
    middle = np.asfortranarray(large.scatter[np.ix_(order, order)])
    if rank == len(order):  # triangular products cost half of full ones
        product = dtrmm(1.0, upper, dtrmm(1.0, upper, middle), side=1, trans_a=1)
    else:
        product = dgemm(1.0, dgemm(1.0, upper[:rank], middle), upper[:rank], trans_b=1)
    eigenvalues = np.linalg.eigvalsh(product) if rank else np.zeros(0)
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum() / ((a.count - 1) * (b.count - 1)) ** 0.5
    return _result(a, b, overlap, route="covariances")


def _result(a: Moments, b: Moments, overlap: float, *, route: str) -> FrechetResult:
    """The distance is never negative; rounding below 0 is cut off."""
    gap = a.mean - b.mean
    value = float(gap @ gap + a.variance + b.variance - 2 * overlap)
    return FrechetResult(max(0.0, value), route, (a.count, b.count), len(gap))
