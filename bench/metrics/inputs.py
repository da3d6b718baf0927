"""What every yardstick refuses: the checks that several metrics share, each raising DataError in one line."""

import numpy as np

from bench.core.errors import DataError


def fractions(values, *, what: str) -> np.ndarray:
    """`values` as float64 of the same shape, each a fraction in [0, 1].

    Refuses NaN, infinities, negative values, and anything above 1 (a percentage: never rescaled).
    """
    array = finite(values, what=what)
    if array.size and array.max() > 1:
        raise DataError(
            f"{what}: expected fractions in [0, 1], got {array.max():g}, which looks like percent; divide by 100"
        )
    if array.size and array.min() < 0:
        raise DataError(f"{what}: expected fractions in [0, 1], got {array.min():g}; remove or recompute that value")
    return array


def finite(values, *, what: str) -> np.ndarray:
    """`values` as float64 of the same shape; refuses what is not a real number, NaN and infinities."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{what}: expected real numbers, got {array.dtype}; pass a numeric array")
    bad = ~np.isfinite(array)
    if bad.any():
        raise DataError(
            f"{what}: expected finite numbers, got {array[bad].flat[0]} at index {np.argwhere(bad)[0].tolist()}"
            f" ({int(bad.sum())} of {array.size}); drop what was not measured"
        )
    return array.astype(np.float64, copy=False)


def rows_of(features: np.ndarray, *, what: str, least: int) -> np.ndarray:
    """`features` as finite float64 [n, d] with at least `least` rows; DataError for anything else."""
    array = np.asarray(features)
    if array.ndim != 2 or array.shape[1] == 0:
        raise DataError(f"{what}: expected shape [n, d], a row an image, got {array.shape}")
    if len(array) < least:
        raise DataError(f"{what}: expected at least {least} rows, got {len(array)}; add images")
    return finite(array, what=what)


def same_width(d_a: int, d_b: int) -> None:
    """DataError where two sets have features of different width."""
    if d_a != d_b:
        raise DataError(f"features: expected the same width on both sides, got {d_a} and {d_b}; use one extractor")


def unit_rows(features: np.ndarray, *, what: str, least: int = 1) -> np.ndarray:
    """Rows of `features` [n, d] at unit length; DataError for a row of zeros, which has no direction."""
    rows = rows_of(features, what=what, least=least)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise DataError(f"{what}: row {int(np.argmin(lengths))} is all zeros and has no direction; leave it out")
    return rows / lengths


def image_count(n, *, what: str) -> int:
    """`n` as an int of at least 1: how many images an accuracy was measured on."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise DataError(f"{what}: expected a whole number of images, at least 1, got {n!r}; pass the size of the set")
    return int(n)


def confidence_level(confidence: float) -> float:
    """`confidence` strictly between 0 and 1 (0.95, not 95)."""
    if not 0 < confidence < 1:
        raise DataError(f"confidence: expected a fraction between 0 and 1, got {confidence!r}; pass 0.95 for 95 %")
    return float(confidence)


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """The Generator to draw from; None is refused, since an unseeded number cannot be repeated."""
    if seed is None:
        raise DataError(
            "seed: expected an integer or a numpy Generator, got None; pass one, so that it can be repeated"
        )
    return np.random.default_rng(seed)
