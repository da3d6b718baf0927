"""F1 against the confidence from which predictions count, as YOLO's training and test scripts have it.

Precision and recall at an overlap of 0.5 are interpolated on 1,000 confidences from 0 to 1; F1 is averaged over the
classes that have a truth box, and its best value is the published one (methods.md 16.5). Hits are COCO's
(`box_matches.py`); YOLO takes pairs by overlap instead of by score, which differs where boxes crowd.
"""

import numpy as np

from bench.metrics.box_matches import Matches

CONFIDENCES = np.linspace(0, 1, 1000)
FIXED = 0.25  # what YOLO's scripts draw boxes from, unless told otherwise
TINY = 1e-16


def mean_f1(matches: Matches, *, weights: np.ndarray) -> np.ndarray:
    """float64 [resamples, 1000]: F1 at CONFIDENCES, mean over the classes that have a truth box in that resample.

    `weights` int [resamples, images] says how often each image counts. 0 where no class has a truth box.
    """
    total, having = np.zeros((len(weights), len(CONFIDENCES))), np.zeros((len(weights), 1))
    for label in range(matches.truth.shape[1]):
        has = (weights @ matches.truth[:, label] > 0)[:, None]
        total += np.where(has, f1_of_class(matches, label, weights=weights), 0)
        having += has
    return total / np.maximum(having, 1)


def f1_of_class(matches: Matches, label: int, *, weights: np.ndarray) -> np.ndarray:
    """float64 [resamples, 1000]: F1 of one class at CONFIDENCES."""
    one = matches.of_class(label)
    if not len(one.image):
        return np.zeros((len(weights), len(CONFIDENCES)))
    counts = weights[:, one.image]
    hits = np.cumsum(counts * one.hit[0], axis=1)
    told = np.cumsum(counts * ~one.ignored[0], axis=1)
    truth = np.maximum(weights @ one.truth[:, label], 1)[:, None]
    recall = _at_confidences(hits / truth, one.score, above=0.0)
    precision = _at_confidences(np.where(told > 0, hits / np.maximum(told, 1), 1.0), one.score, above=1.0)
    return np.asarray(2 * precision * recall / (precision + recall + TINY))


def best_f1(curve: np.ndarray) -> tuple[float, float]:
    """(F1, confidence) at the top of a curve float64 [1000]; of equal ones the lowest confidence."""
    place = int(np.argmax(curve))
    return float(curve[place]), float(CONFIDENCES[place])


def _at_confidences(values: np.ndarray, scores: np.ndarray, *, above: float) -> np.ndarray:
    """`values` [resamples, m], given at `scores` [m] (best first), linear between them; `above` beyond the best."""
    place = np.searchsorted(-scores, -CONFIDENCES, side="right")
    left, right = np.maximum(place - 1, 0), np.minimum(place, len(scores) - 1)
    gap = scores[left] - scores[right]
    share = np.divide(scores[left] - CONFIDENCES, gap, out=np.zeros_like(gap), where=gap > 0)
    between = values[:, left] + share * (values[:, right] - values[:, left])
    return np.where(place == 0, above, np.where(place == len(scores), values[:, -1:], between))
