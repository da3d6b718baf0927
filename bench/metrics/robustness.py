"""Effective robustness: accuracy under shift, less what the line of standard models predicts.

Taori et al. 2020, "Measuring Robustness to Natural Distribution Shifts in Image Classification", and
methods.md section 8. The line is a declared instrument: its transform, population and range are part of
every number read off it. Who belongs to the population is the caller's choice; the model under test
does not (methods.md 8.6).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from bench.core.errors import DataError
from bench.metrics.inputs import fractions, image_count

TRANSFORMS = {
    "linear": (lambda a: a, lambda t: t),
    "logit": (logit, expit),
    "probit": (ndtri, ndtr),
}


@dataclass(frozen=True)
class RobustnessFit:
    """T(y) = slope * T(x) + intercept over `n` models; x, y are accuracies in and out of distribution.

    `r`: Pearson correlation of T(x) and T(y), None where all y are equal. `x_range`: the least and
    greatest x of the population, fractions. `clip`: for x and y the least distance kept from 0 and 1
    before the transform, None where nothing is clipped.
    """

    transform: str
    slope: float
    intercept: float
    r: float | None
    n: int
    x_range: tuple[float, float]
    clip: tuple[float | None, float | None]

    def predict(self, x):
        """The accuracy under shift of a standard model with accuracy `x` in distribution.

        Fractions of the same shape as `x` (a float for a float); the linear line may leave [0, 1].
        DataError for x that is no fraction, or 0 or 1 where the line is not clipped and not linear.
        """
        forward = to_line(fractions(x, what="x"), transform=self.transform, clip=self.clip[0], what="x")
        return _plain(TRANSFORMS[self.transform][1](self.slope * forward + self.intercept))


@dataclass(frozen=True)
class EffectiveRobustness:
    """`value` = y - `predicted`, as fractions; `extrapolated`: x lies outside the range of the fit."""

    value: float
    predicted: float
    extrapolated: bool


def fit_line(
    x: np.ndarray, y: np.ndarray, *, transform: str, n_x: int | None = None, n_y: int | None = None
) -> RobustnessFit:
    """Ordinary least squares of T(y) on T(x) over a population of models (methods.md 8.1, 8.2).

    `x`, `y` [models]: accuracies in and out of distribution, fractions. `transform`: `linear`, `logit`
    or `probit`. `n_x`, `n_y`: number of images behind each accuracy; where given, logit and probit clip
    to [1/(2n), 1 - 1/(2n)]. DataError for fewer than 3 models, NaN, percent, all x equal, and for
    accuracies of 0 or 1 under logit or probit where the number of images is not given.
    """
    if np.ndim(x) != 1 or np.ndim(y) != 1:
        raise DataError(f"fit: expected x and y of shape [models], got {np.shape(x)} and {np.shape(y)}")
    clip = clips(transform, n_x=n_x, n_y=n_y)
    tx, ty = population(x, y, transform=transform, clip=clip)
    slope, intercept, variance = (part.item() for part in least_squares(np.ones((1, len(tx))), tx, ty))
    sd_y = float(ty.std())
    return RobustnessFit(
        transform=transform,
        slope=slope,
        intercept=intercept,
        r=min(1.0, max(-1.0, slope * variance**0.5 / sd_y)) if sd_y > 0 else None,
        n=len(tx),
        x_range=(float(np.min(x)), float(np.max(x))),
        clip=clip,
    )


def effective_robustness(fit: RobustnessFit, x, y) -> EffectiveRobustness:
    """How far the accuracy `y` under shift lies above the line at `x`, for one model or arrays of them.

    `x`, `y`: fractions of one shape; the fields of the result have that shape. DataError as `predict`.
    """
    x, y = fractions(x, what="x"), fractions(y, what="y")
    if x.shape != y.shape:
        raise DataError(f"effective robustness: expected x and y of one shape, got {x.shape} and {y.shape}")
    predicted = fit.predict(x)
    outside = (x < fit.x_range[0]) | (x > fit.x_range[1])
    return EffectiveRobustness(value=_plain(y - predicted), predicted=predicted, extrapolated=_plain(outside))


def clips(transform: str, *, n_x: int | None, n_y: int | None) -> tuple[float | None, float | None]:
    """The clip of x and y, 1/(2n) (methods.md 8.6); None for the linear fit, or where n is not given."""
    if transform not in TRANSFORMS:
        raise DataError(f"transform: expected one of {', '.join(TRANSFORMS)}, got {transform!r}")
    sizes = [None if n is None else image_count(n, what=what) for n, what in ((n_x, "n_x"), (n_y, "n_y"))]
    return tuple(None if n is None or transform == "linear" else 1 / (2 * n) for n in sizes)


def to_line(values: np.ndarray, *, transform: str, clip: float | None, what: str) -> np.ndarray:
    """T of fractions; refuses 0 and 1 under logit and probit unless `clip` keeps away from them."""
    if transform != "linear":
        if clip is not None:
            values = np.clip(values, clip, 1 - clip)
        elif ((values == 0) | (values == 1)).any():
            raise DataError(
                f"{what}: the {transform} of an accuracy of exactly 0 or 1 is infinite; give its number of images"
                " (n_x, n_y), so that it is clipped to [1/(2n), 1 - 1/(2n)], or fit linear"
            )
    return TRANSFORMS[transform][0](values)


def population(
    x: np.ndarray, y: np.ndarray, *, transform: str, clip: tuple[float | None, float | None]
) -> tuple[np.ndarray, np.ndarray]:
    """T(x) and T(y), checked, both [models, shifts], in canonical order.

    `x`, `y`: [models] or [models, shifts]; an x of [models] serves every shift. The order is that of the
    values, so that no result depends on the order in which the models came.
    """
    x, y = fractions(x, what="population x"), fractions(y, what="population y")
    if y.ndim not in (1, 2) or x.shape not in (y.shape, y.shape[:1]):
        raise DataError(f"population: expected an x and a y for every model, got shapes {x.shape} and {y.shape}")
    if len(y) < 3:
        raise DataError(f"population: expected at least 3 models, got {len(y)}; a line through fewer says nothing")
    y = y.reshape(len(y), -1)
    x = np.broadcast_to(x.reshape(len(y), -1), y.shape)
    if (np.ptp(x, axis=0) == 0).any():
        raise DataError(f"population x: expected models of different accuracy, got {x[0, 0]:g} for all; add others")
    tx = to_line(x, transform=transform, clip=clip[0], what="population x")
    ty = to_line(y, transform=transform, clip=clip[1], what="population y")
    order = np.lexsort(np.hstack([ty, tx]).T)
    return tx[order], ty[order]


def least_squares(weights: np.ndarray, tx: np.ndarray, ty: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted least-squares lines of ty on tx, for many weightings at once, as one matrix product.

    `weights` [b, models]; `tx`, `ty` [models, shifts]. Returns slope, intercept and the weighted variance
    of tx, each [b, shifts]; where that variance is 0 the slope is not finite.
    """
    at_x, at_y = tx.mean(axis=0), ty.mean(axis=0)
    u, v = tx - at_x, ty - at_y
    sums = weights @ np.hstack([u, v, u * u, u * v]) / weights.sum(axis=1, keepdims=True)
    mean_u, mean_v, uu, uv = np.split(sums, 4, axis=1)
    variance = uu - mean_u**2
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (uv - mean_u * mean_v) / variance
        intercept = at_y + mean_v - slope * (at_x + mean_u)
    return slope, intercept, variance


def _plain(array):
    """A Python scalar for a 0-d array, else the array."""
    array = np.asarray(array)
    return array.item() if array.ndim == 0 else array
