"""iWildCam's figures as WILDS defines them (Koh et al. 2021, section 4.1; methods.md 19.2): macro F1 first."""

import numpy as np

from bench.core.errors import DataError


def iwildcam(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """`acc_avg`, `recall-macro_all` and `F1-macro_all` of classes int [n] against labels int [n], as fractions.

    The macro averages are over the classes that occur in `truth`: an answer that names another class costs the
    recall of the right one and makes no class of its own. Rounded to single precision, as the package has them.
    """
    if len(predicted) != len(truth) or not len(truth):
        raise DataError(f"iwildcam: expected as many predictions as labels, at least one, got {len(predicted)}")
    size = int(max(truth.max(), predicted.max())) + 1
    right = predicted == truth
    hits = np.bincount(truth[right], minlength=size)
    occurs, named = np.bincount(truth, minlength=size), np.bincount(predicted, minlength=size)
    present = occurs > 0
    recall = hits[present] / occurs[present]
    f1 = 2 * hits[present] / (occurs + named)[present]
    return {
        "acc_avg": float(np.float32(right.sum()) / np.float32(len(truth))),
        "recall-macro_all": float(np.float32(recall.mean())),
        "F1-macro_all": float(np.float32(f1.mean())),
    }
