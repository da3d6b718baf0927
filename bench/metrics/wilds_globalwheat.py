"""GlobalWheat's figures as WILDS defines them (Koh et al. 2021, section 4.9; methods.md 19.4): detection accuracy,
averaged over sessions."""

from collections.abc import Sequence

import numpy as np

from bench.core.errors import DataError
from bench.metrics.detection_accuracy import detection_accuracy
from bench.metrics.wilds_means import Mean, group_means, plain_mean


def globalwheat(
    boxes: Sequence[np.ndarray],
    scores: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    *,
    sessions: np.ndarray,
    names: Sequence[str],
    mean: Mean = plain_mean,
) -> dict[str, float]:
    """Accuracy of detections (`boxes[i]` float32 [k, 4], `scores[i]` [k]) against `truth[i]` int [m, 4].

    Boxes are xmin, ymin, xmax, ymax in pixels; `sessions` int [n] index `names`. Keys as the package has them:
    `detection_acc_avg_dom`, the plain mean over the sessions that have images, `detection_acc_avg` over images,
    `detection_acc_wg` of the worst session, and `detection_acc_session:NAME`, `count_session:NAME` of each.
    """
    if not len(boxes) == len(scores) == len(truth) == len(sessions) or not len(truth):
        raise DataError(f"globalwheat: expected detections for {len(truth)} images, at least one, got {len(boxes)}")
    each = np.array(
        [
            detection_accuracy(right, found, scores=odds)
            for found, odds, right in zip(boxes, scores, truth, strict=True)
        ],
        dtype=np.float32,
    )
    means, sizes = group_means(each, sessions, len(names))
    present = sizes > 0
    found = {"detection_acc_avg": mean(each)}
    for name, value, size in zip(names, means, sizes, strict=True):
        found[f"detection_acc_session:{name}"] = float(value)
        found[f"count_session:{name}"] = float(size)
    found["detection_acc_wg"] = float(means[present].min())
    found["detection_acc_avg_dom"] = float(means[present].astype(np.float64).mean())
    return found
