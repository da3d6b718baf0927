"""Average precision as COCO has it: precision interpolated at 101 recalls, of a set or of many resamples of it.

Which predictions are hits does not change when images are drawn again; only how often each image counts
does. So a bootstrap over images is a matrix of whole-number weights, and all resamples are counted at once.
"""

import numpy as np

from bench.metrics.box_matches import OVERLAPS, Matches

RECALLS = np.linspace(0, 1, 101)
BLOCK = 2_000_000  # numbers at once


def average_precision(matches: Matches, *, overlap: float, weights: np.ndarray | None = None) -> np.ndarray:
    """float64 [classes], or [resamples, classes] with `weights` int [resamples, images]; NaN where a class has
    no truth box. `overlap` is one of OVERLAPS. The published figure is the mean over the classes that have one.
    """
    n, classes = matches.truth.shape
    given = np.ones((1, n), dtype=np.int64) if weights is None else weights
    found = np.full((len(given), classes), np.nan)
    for label in range(classes):
        one = matches.of_class(label)
        step = max(1, BLOCK // max(len(one.image), 1))
        for start in range(0, len(given), step):
            part = given[start : start + step]
            envelope, reached = _interpolated(one, label, overlap, part)
            total = (envelope * np.diff(reached, axis=1, prepend=0)).sum(axis=1) / len(RECALLS)
            has = part @ matches.truth[:, label] > 0
            found[start : start + step, label] = np.where(has, total, np.nan)
    return found[0] if weights is None else found


def precision_at_recall(matches: Matches, *, overlap: float) -> np.ndarray:
    """float64 [101]: the interpolated precision at RECALLS, mean over the classes that have a truth box."""
    n, classes = matches.truth.shape
    curves = []
    for label in range(classes):
        if matches.truth[:, label].any():
            one = matches.of_class(label)
            envelope, reached = _interpolated(one, label, overlap, np.ones((1, n), dtype=np.int64))
            places = np.searchsorted(reached[0], np.arange(1, len(RECALLS) + 1))
            curves.append(np.append(envelope[0], 0.0)[places])
    return np.mean(curves, axis=0) if curves else np.zeros(len(RECALLS))


def _interpolated(one: Matches, label: int, overlap: float, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For one class, at each of its hits [resamples, hits]: the highest precision from there on, and how many of
    RECALLS are reached there. Between hits precision only falls, so that no more places are needed."""
    level = OVERLAPS.index(overlap)
    counts = np.where(one.ignored[level], 0, weights[:, one.image])
    places = np.flatnonzero(one.hit[level])
    told = np.cumsum(counts, axis=1)[:, places]
    hits = np.cumsum(counts[:, places], axis=1)
    truth = np.maximum(weights @ one.truth[:, label], 1)[:, None]
    precision = hits / (told + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return envelope, np.searchsorted(RECALLS, hits / truth, side="right")
