"""Intervals by drawing the images of a set again: for figures that are no mean over images."""

import numpy as np

from bench.core.errors import DataError
from bench.metrics.inputs import finite


def image_weights(images: int, *, resamples: int, seed: int) -> np.ndarray:
    """int64 [resamples, images]: how often each image is drawn when as many are drawn as there are (Efron 1979)."""
    if images < 1 or resamples < 2:
        raise DataError(f"bootstrap: expected images and 2 or more resamples, got {images} and {resamples}")
    return np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)


def drawn_interval(value: float, drawn: np.ndarray) -> tuple[float, float]:
    """(low, high): the 2.5 and 97.5 percentiles of `drawn` [resamples], moved by their mean's distance from `value`.

    A best value over confidences, and precision at its highest from a recall on, come out too high on resamples,
    which hold the same images several times; that much is taken off. Fractions stay in [0, 1].
    """
    drawn = finite(drawn, what="resamples")
    low, high = np.percentile(drawn, [2.5, 97.5]) - (drawn.mean() - value)
    return max(0.0, min(float(low), value)), min(1.0, max(float(high), value))
