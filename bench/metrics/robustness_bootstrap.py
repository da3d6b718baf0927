"""How sure is the line of effective robustness? Bootstrap over the models of its population.

Models are resampled with replacement and the line is fitted anew (the testbed's band: 1,000 resamples,
95 %, methods.md 8.2). All fits come from weighted moments: counts [resamples, models] times
(x, y, xx, xy) [models, 4] is one matrix product.
"""

from dataclasses import dataclass

import numpy as np

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level, fractions, generator, image_count
from bench.metrics.robustness import TRANSFORMS, clips, least_squares, population, to_line

CHUNK = 256  # resamples drawn at a time: counts stay in the cache, and part of what a seed means


@dataclass(frozen=True, eq=False)
class BootstrapLines:
    """One line a resample: `slopes`, `intercepts` [b], or [b, shifts] for several shifts at once.

    b is the number of resamples that have a line: those in which all x are equal are left out.
    `transform`, `clip`: as in RobustnessFit.
    """

    transform: str
    slopes: np.ndarray
    intercepts: np.ndarray
    clip: tuple[float | None, float | None]

    def shift(self, index: int) -> "BootstrapLines":
        """The lines [b] of one of several shifts."""
        return BootstrapLines(self.transform, self.slopes[:, index], self.intercepts[:, index], self.clip)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Accuracies [b, points] read off every line at `x` [points] or [b, points]; fractions."""
        if self.slopes.ndim != 1:
            raise DataError(f"lines: expected one shift, got {self.slopes.shape[1]}; choose one with .shift(index)")
        forward = to_line(np.atleast_1d(x), transform=self.transform, clip=self.clip[0], what="x")
        return TRANSFORMS[self.transform][1](self.slopes[:, None] * forward + self.intercepts[:, None])


def bootstrap_lines(
    x: np.ndarray,
    y: np.ndarray,
    *,
    transform: str,
    resamples: int,
    seed: int | np.random.Generator,
    n_x: int | None = None,
    n_y: int | None = None,
) -> BootstrapLines:
    """The lines of `resamples` populations drawn with replacement; arguments and errors of `fit_line`.

    `y` may be [models, shifts] and `x` [models] or [models, shifts]: one draw then serves every shift.
    The result depends on the values, the seed and nothing else; DataError if no resample has a line.
    """
    if resamples < 1:
        raise DataError(f"resamples: expected at least 1, got {resamples}; 1000 is usual")
    clip, rng = clips(transform, n_x=n_x, n_y=n_y), generator(seed)
    tx, ty = population(x, y, transform=transform, clip=clip)
    least = 1e-12 * tx.var(axis=0)
    parts = []
    for start in range(0, resamples, CHUNK):
        counts = resample_counts(rng, models=len(tx), resamples=min(CHUNK, resamples - start))
        slope, intercept, variance = least_squares(counts, tx, ty)
        fitted = (variance > least).all(axis=1)
        parts.append((slope[fitted], intercept[fitted]))
    slopes, intercepts = (np.concatenate(part) for part in zip(*parts, strict=True))
    if not len(slopes):
        raise DataError(f"resamples: expected models of different accuracy in some, got none in {resamples}; draw more")
    if np.ndim(y) == 1:
        slopes, intercepts = slopes[:, 0], intercepts[:, 0]
    return BootstrapLines(transform, slopes, intercepts, clip)


def line_band(lines: BootstrapLines, x: np.ndarray, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) [points]: the pointwise percentile band of the line at `x` [points]; fractions."""
    return _percentiles(lines.predict(fractions(x, what="x")), confidence)


def robustness_interval(
    lines: BootstrapLines,
    x,
    y,
    *,
    seed: int | np.random.Generator,
    n_x: int | None = None,
    n_y: int | None = None,
    confidence: float = 0.95,
) -> tuple:
    """(low, high), the percentile interval of effective robustness of one model, or arrays for arrays.

    `x`, `y`: its accuracies in and out of distribution, fractions. The lines carry the choice of the
    population. With `n_x` and `n_y`, the numbers of images, each resample also draws both accuracies
    from their Jeffreys posterior, Beta(hits + 1/2, misses + 1/2) (Brown, Cai and DasGupta 2001): the
    binomial error, which unlike a binomial draw does not vanish at 0 and 1. DataError if only one of
    the two is given, and as `effective_robustness`.
    """
    x, y, rng = fractions(x, what="x"), fractions(y, what="y"), generator(seed)
    if x.shape != y.shape or x.ndim > 1:
        raise DataError(f"interval: expected x and y of one shape, [] or [models], got {x.shape} and {y.shape}")
    if (n_x is None) != (n_y is None):
        raise DataError(f"interval: expected both n_x and n_y, or neither, got {n_x} and {n_y}")
    drawn_x, drawn_y = np.atleast_1d(x), np.atleast_1d(y)
    if n_x is not None:
        draws = len(lines.slopes)
        drawn_x = accuracy_draws(rng, drawn_x, n=image_count(n_x, what="n_x"), draws=draws)
        drawn_y = accuracy_draws(rng, drawn_y, n=image_count(n_y, what="n_y"), draws=draws)
    low, high = above_lines(lines, drawn_x, drawn_y, confidence=confidence)
    return (float(low[0]), float(high[0])) if x.ndim == 0 else (low, high)


def above_lines(
    lines: BootstrapLines, drawn_x: np.ndarray, drawn_y: np.ndarray, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) [points]: percentile interval of how far accuracies [points] or [b, points] lie above the lines.

    Of more draws than there are lines, which happens where a resample had none, the first are used.
    """
    b = len(lines.slopes)
    drawn_x, drawn_y = (drawn[:b] if drawn.ndim == 2 else drawn for drawn in (drawn_x, drawn_y))
    return _percentiles(drawn_y - lines.predict(drawn_x), confidence)


def resample_counts(rng: np.random.Generator, *, models: int, resamples: int) -> np.ndarray:
    """float64 [resamples, models]: how often each model was drawn; each row is multinomial, with sum `models`."""
    drawn = rng.integers(models, size=(resamples, models), dtype=np.int32)
    drawn += (np.arange(resamples, dtype=np.int32) * models)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * models).reshape(resamples, models).astype(np.float64)


def accuracy_draws(rng: np.random.Generator, accuracy: np.ndarray, *, n: int, draws: int) -> np.ndarray:
    """float64 [draws, points] strictly between 0 and 1: draws of the accuracy that `n` images leave possible."""
    posterior = rng.beta(accuracy * n + 0.5, (1 - accuracy) * n + 0.5, size=(draws, len(accuracy)))
    return np.clip(posterior, 1e-12, 1 - 1e-12)


def _percentiles(values: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    tail = (1 - confidence_level(confidence)) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return low, high
