"""Top-k accuracy, mean-per-class accuracy, and the interval of a share."""

import numpy as np
from scipy.special import betaincinv, ndtri

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level


def top_k_correct(topk_class: np.ndarray, labels: np.ndarray, *, k: int) -> np.ndarray:
    """bool [n]: is the label of image i among its first `k` answers?

    `topk_class`: int [n, >= k], class ids, best first; `labels`: int [n], ids of the same class list.
    DataError for other shapes or types, no images, a negative id, a class answered twice for one
    image, or fewer than `k` answers.
    """
    answers = _class_ids(topk_class, what="answers", ndim=2)
    labels = _class_ids(labels, what="labels", ndim=1)
    if len(answers) != len(labels):
        raise DataError(
            f"answers: expected one row a label ({len(labels)}), got {len(answers)}; align them by image id"
        )
    if not 1 <= k <= answers.shape[1]:
        raise DataError(
            f"top-{k}: expected at least {max(k, 1)} answers an image, got {answers.shape[1]}; predict more"
        )
    twice = (np.diff(np.sort(answers, axis=1), axis=1) == 0).any(axis=1)
    if twice.any():
        raise DataError(f"answers: row {int(np.argmax(twice))} names a class twice; give k different classes")
    return (answers[:, :k] == labels[:, None]).any(axis=1)


def top1(topk_class: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose best answer is right, a fraction; arguments and errors of `top_k_correct`."""
    return float(top_k_correct(topk_class, labels, k=1).mean())


def top5(topk_class: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose five best answers hold the right one, a fraction; as `top_k_correct`."""
    return float(top_k_correct(topk_class, labels, k=5).mean())


def mean_per_class_accuracy(correct: np.ndarray, labels: np.ndarray) -> float:
    """Unweighted mean, over the classes that occur in `labels`, of the share answered right: a fraction.

    `correct`: bool [n]; `labels`: int [n]. Equals scikit-learn's balanced_accuracy_score. DataError
    for other shapes or types, or no images.
    """
    labels = _class_ids(labels, what="labels", ndim=1)
    correct = np.asarray(correct)
    if correct.dtype != bool or correct.shape != labels.shape:
        raise DataError(
            f"correct: expected bool of shape {labels.shape}, got {correct.dtype} of {correct.shape};"
            " pass what top_k_correct returns"
        )
    _, index, count = np.unique(labels, return_inverse=True, return_counts=True)
    return float((np.bincount(index, weights=correct) / count).mean())


def proportion_interval(successes, n, *, confidence: float = 0.95, method: str = "wilson") -> tuple:
    """(low, high), the two-sided interval of a share, as fractions; floats, or arrays for arrays.

    `successes` and `n`: whole numbers, broadcast against each other. `wilson`: Wilson 1927 (score
    interval, no continuity correction), average coverage near nominal; `clopper-pearson`: Clopper
    and Pearson 1934, coverage at least nominal, used by the ImageNet testbed (methods.md 8.2).
    DataError for n < 1, successes outside 0..n, shares in place of counts, or another method.
    """
    if method not in INTERVALS:
        raise DataError(f"interval method: expected one of {', '.join(INTERVALS)}, got {method!r}")
    alpha = 1 - confidence_level(confidence)
    k, n = _counts(successes, n)
    low, high = INTERVALS[method](k, n, alpha)
    low, high = np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def _wilson(k: np.ndarray, n: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    z2 = ndtri(1 - alpha / 2) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    return centre - half, centre + half


def _clopper_pearson(k: np.ndarray, n: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    low = betaincinv(np.maximum(k, 1), n - k + 1, alpha / 2)
    high = betaincinv(k + 1, np.maximum(n - k, 1), 1 - alpha / 2)
    return low, high


INTERVALS = {"wilson": _wilson, "clopper-pearson": _clopper_pearson}


def _counts(successes, n) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 of one shape, with 0 <= successes <= n and n >= 1."""
    k, n = np.asarray(successes), np.asarray(n)
    if k.dtype.kind not in "iu" or n.dtype.kind not in "iu":
        raise DataError(f"counts: expected whole numbers, got {k.dtype} of {n.dtype}; pass counts, not shares")
    k, n = np.broadcast_arrays(k.astype(np.float64), n.astype(np.float64))
    bad = (n < 1) | (k < 0) | (k > n)
    if bad.any():
        raise DataError(
            f"counts: expected 0 <= successes <= n with n >= 1, got {k[bad].flat[0]:.0f} of {n[bad].flat[0]:.0f}"
        )
    return k, n


def _class_ids(values, *, what: str, ndim: int) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != ndim or array.dtype.kind not in "iu" or array.size == 0:
        raise DataError(
            f"{what}: expected class ids, a non-empty {ndim}-d integer array, got {array.dtype} of {array.shape}"
        )
    if array.min() < 0:
        raise DataError(f"{what}: expected class ids of 0 or more, got {array.min()}; leave unlabelled images out")
    return array
