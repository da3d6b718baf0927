"""Every model of the population judged by the line of the others, all at once.

A model must not take part in the line that judges it (methods.md 8.6). Leaving each one out in turn gives as many
lines, and with the bootstrap as many times 1,000; both follow from sums that are shared between them.
"""

from dataclasses import dataclass

import numpy as np

from bench.metrics.inputs import confidence_level, fractions, generator
from bench.metrics.robustness import TRANSFORMS, clips, least_squares, population, to_line
from bench.metrics.robustness_bootstrap import CHUNK, resample_counts


@dataclass(frozen=True, eq=False)
class LeftOutLines:
    """`slopes`, `intercepts` [shifts, models, resamples]: entry i of `models` is drawn from all models but i."""

    transform: str
    slopes: np.ndarray
    intercepts: np.ndarray
    clip: tuple[float | None, float | None]

    def intervals(
        self, shift: int, x: np.ndarray, y: np.ndarray, *, confidence: float = 0.95
    ) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) [models]: percentile intervals of effective robustness on one shift.

        `x`, `y` [models, 1] as measured, or [models, resamples] drawn from what the images leave possible.
        """
        tail = (1 - confidence_level(confidence)) / 2
        at = to_line(fractions(x, what="x"), transform=self.transform, clip=self.clip[0], what="x")
        above = y - TRANSFORMS[self.transform][1](self.slopes[shift] * at + self.intercepts[shift])
        quantile = np.nanquantile if np.isnan(above).any() else np.quantile
        low, high = quantile(above, [tail, 1 - tail], axis=1)
        return low, high


def left_out_predictions(
    x: np.ndarray, y: np.ndarray, *, transform: str, n_x: int | None = None, n_y: int | None = None
) -> np.ndarray:
    """Accuracy under shift [models] that the line of the other models predicts; arguments of `fit_line`.

    Equals `fit_line` on the others, and `predict` at the one left out. NaN where all others have one x.
    """
    clip = clips(transform, n_x=n_x, n_y=n_y)
    order, tx, ty = _sorted(x, y, transform=transform, clip=clip)
    slope, intercept, variance = least_squares(1 - np.eye(len(tx)), tx, ty)
    slope = np.where(variance > 1e-12 * tx.var(axis=0), slope, np.nan)
    predicted = np.empty(len(tx))
    predicted[order] = TRANSFORMS[transform][1](slope * tx + intercept)[:, 0]
    return predicted


def left_out_lines(
    x: np.ndarray,
    y: np.ndarray,
    *,
    transform: str,
    resamples: int,
    seed: int | np.random.Generator,
    n_x: int | None = None,
    n_y: int | None = None,
) -> LeftOutLines:
    """The bootstrap of every line that leaves one model out; arguments and errors of `bootstrap_lines`.

    `x` [models], `y` [models] or [models, shifts], at least 4 models. The lines that leave out i equal
    `bootstrap_lines` on the others with this seed, with NaN where a resample has no line. One draw serves all: the
    counts meet the models below i as they stand and the next ones from i on, so that moving from i to i + 1
    changes the sums by one term, and a cumulative sum gives them all.
    """
    clip, rng = clips(transform, n_x=n_x, n_y=n_y), generator(seed)
    order, tx, ty = _sorted(x, y, transform=transform, clip=clip)
    n, shifts = ty.shape
    at_x, at_y = tx[:, 0].mean(), ty.mean(axis=0)
    u, v, least = tx[:, 0] - at_x, (ty - at_y).T, 1e-12 * tx[:, 0].var()
    slopes, intercepts = np.empty((2, shifts, n, resamples))
    for start in range(0, resamples, CHUNK):
        here = slice(start, min(start + CHUNK, resamples))
        counts = resample_counts(rng, models=n - 1, resamples=here.stop - start).T / (n - 1)
        mean_u = _without_each(counts, u)
        variance = _without_each(counts, u * u) - mean_u**2
        variance[variance <= least] = np.nan
        for shift in range(shifts):
            mean_v = _without_each(counts, v[shift])
            slope = (_without_each(counts, u * v[shift]) - mean_u * mean_v) / variance
            slopes[shift, order, here] = slope
            intercepts[shift, order, here] = at_y[shift] + mean_v - slope * (at_x + mean_u)
    return LeftOutLines(transform, slopes, intercepts, clip)


def _sorted(x, y, *, transform: str, clip) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each model of the canonical order came from, and T(x), T(y) [models, shifts] in that order."""
    tx, ty = population(x, y, transform=transform, clip=clip)
    raw_x = to_line(fractions(x, what="population x"), transform=transform, clip=clip[0], what="population x")
    raw_y = to_line(fractions(y, what="population y"), transform=transform, clip=clip[1], what="population y")
    return np.lexsort(np.column_stack([raw_y, raw_x]).T), tx, ty


def _without_each(counts: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """[models, resamples]: sums of `counts` [models - 1, resamples] times the moments of all models but the i-th."""
    sums = np.empty((len(moment), counts.shape[1]))
    sums[0] = np.einsum("m,mr->r", moment[1:], counts)
    np.multiply(counts, (moment[:-1] - moment[1:])[:, None], out=sums[1:])
    # Row by row, which is a third of the time of a cumulative sum down the columns.
    for i in range(1, len(sums)):
        sums[i] += sums[i - 1]
    return sums
