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
from scipy.linalg.lapack import dpstrf

from bench.core.errors import DataError
from bench.metrics.inputs import finite

ROUTES = ("samples", "covariances")
BLOCK = 8192  # rows centred at a time
SVD_COST, EIGEN_COST = 25, 11  # of n^3 multiply-adds in a matrix product, measured with OpenBLAS on two cores


@dataclass(frozen=True)
class FrechetResult:
    """`value`: the distance, in squared units of the features; `route`: how; `n`: rows of a and b; `d`: width."""

    value: float
    route: str
    n: tuple[int, int]
    d: int


@dataclass(frozen=True, eq=False)
class Moments:
    """All that the distance needs of a set of features: `count`, `mean` [d] and `scatter` [d, d], float64.

    `scatter` is the sum over rows of the outer product of (row - mean), so that sets can be merged.
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> "Moments":
        """The moments of `features` [n, d], n >= 1; DataError for another shape, NaN or infinities."""
        features = _checked(features, what="features", least=1)
        mean = features.mean(axis=0, dtype=np.float64)
        scatter = np.zeros((len(mean), len(mean)))
        for start in range(0, len(features), BLOCK):
            centred = features[start : start + BLOCK] - mean
            scatter += centred.T @ centred
        return cls(len(features), mean, scatter)

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both sets together (Chan, Golub and LeVeque 1983); DataError for unequal d."""
        _same_width(len(self.mean), len(other.mean))
        count, gap = self.count + other.count, other.mean - self.mean
        return Moments(
            count,
            self.mean + gap * (other.count / count),
            self.scatter + other.scatter + np.outer(gap, gap) * (self.count * other.count / count),
        )


def frechet(features_a: np.ndarray, features_b: np.ndarray, *, route: str | None = None) -> FrechetResult:
    """The Fréchet distance of `features_a` [n_a, d] and `features_b` [n_b, d], rows being images.

    `route`: `samples` or `covariances`; None takes the cheaper. Below n of about d the distance is
    biased up, the more so the smaller n: compare at equal n only (methods.md 9.1). DataError for fewer
    than 2 rows, unequal d, NaN or infinities.
    """
    a, b = _checked(features_a, what="features a", least=2), _checked(features_b, what="features b", least=2)
    _same_width(a.shape[1], b.shape[1])
    route = route or cheaper_route(len(a), len(b), d=a.shape[1])
    if route not in ROUTES:
        raise DataError(f"route: expected one of {', '.join(ROUTES)}, got {route!r}")
    if route == "covariances":
        return frechet_from_moments(Moments.of(a), Moments.of(b))
    mean_a, mean_b = a.mean(axis=0, dtype=np.float64), b.mean(axis=0, dtype=np.float64)
    factor_a = (a - mean_a) / (len(a) - 1) ** 0.5
    factor_b = (b - mean_b) / (len(b) - 1) ** 0.5
    overlap = np.linalg.svd(factor_a @ factor_b.T, compute_uv=False).sum()
    spread = np.vdot(factor_a, factor_a) + np.vdot(factor_b, factor_b)
    return _result(mean_a - mean_b, spread, overlap, route="samples", n=(len(a), len(b)))


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """The value of `frechet` alone."""
    return frechet(features_a, features_b).value


def frechet_from_moments(a: Moments, b: Moments) -> FrechetResult:
    """The Fréchet distance of two sets known by their moments; DataError for unequal d or fewer than 2 rows."""
    _same_width(len(a.mean), len(b.mean))
    if min(a.count, b.count) < 2:
        raise DataError(f"moments: expected at least 2 rows on both sides, got {a.count} and {b.count}; add images")
    small, large = (a, b) if a.count <= b.count else (b, a)  # the side of lower rank gives the smaller product
    factor = _factor(small.scatter / (small.count - 1))
    product = factor @ (large.scatter / (large.count - 1)) @ factor.T
    eigenvalues = np.linalg.eigvalsh(product) if len(product) else np.zeros(0)
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    spread = np.trace(a.scatter) / (a.count - 1) + np.trace(b.scatter) / (b.count - 1)
    return _result(a.mean - b.mean, spread, overlap, route="covariances", n=(a.count, b.count))


def cheaper_route(n_a: int, n_b: int, *, d: int) -> str:
    """The route with fewer operations, counted in multiply-adds of a matrix product."""
    few, many = sorted((n_a, n_b))
    samples = few * many * d + SVD_COST * few**2 * many
    covariances = (n_a + n_b) * d**2 + EIGEN_COST * d**3
    return "samples" if samples <= covariances else "covariances"


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F [rank, d] with F^T F = covariance, which may be singular (LAPACK dpstrf, diagonal pivoting)."""
    upper, pivots, rank, _ = dpstrf(covariance)
    factor = np.empty((rank, len(covariance)))
    factor[:, pivots - 1] = np.triu(upper)[:rank]
    return factor


def _result(gap: np.ndarray, spread: float, overlap: float, *, route: str, n: tuple[int, int]) -> FrechetResult:
    """The distance is never negative; rounding below 0 is cut off."""
    value = float(gap @ gap + spread - 2 * overlap)
    return FrechetResult(max(0.0, value), route, n, len(gap))


def _checked(features: np.ndarray, *, what: str, least: int) -> np.ndarray:
    array = np.asarray(features)
    if array.ndim != 2 or array.shape[1] == 0:
        raise DataError(f"{what}: expected shape [n, d], a row an image, got {array.shape}")
    if len(array) < least:
        raise DataError(f"{what}: expected at least {least} rows, got {len(array)}; a covariance needs more images")
    return finite(array, what=what)


def _same_width(d_a: int, d_b: int) -> None:
    if d_a != d_b:
        raise DataError(f"features: expected the same width on both sides, got {d_a} and {d_b}; use one extractor")
