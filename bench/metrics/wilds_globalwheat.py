"""GlobalWheat's figures as WILDS defines them (Koh et al. 2021, section 4.9; methods.md 19.4): detection accuracy,
averaged over sessions."""

from collections.abc import Sequence

import numpy as np

from bench.core.errors import DataError
from bench.metrics.wilds_means import Mean, group_means, plain_mean

SCORE, OVERLAP = 0.5, 0.5


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
            detection_accuracy(found[odds > SCORE], right)
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


def detection_accuracy(found: np.ndarray, truth: np.ndarray) -> float:
    """TP / (TP + FP + FN) of one image: detections [k, 4] that passed the score, true boxes [m, 4].

    Each detection goes to the true box that it overlaps most, if by at least one half (IoU). A true box that
    several go to counts once; the others are false, as are those that go to none. This is no one-to-one matching
    by score as COCO's is. Without true boxes: 1 without detections, else 0.
    """
    if not len(truth):
        return 0.0 if len(found) else 1.0
    if not len(found):
        return 0.0
    overlaps = overlap(truth, found)
    best = overlaps.argmax(axis=0)
    matched = best[overlaps.max(axis=0) >= np.float32(OVERLAP)]
    hits = len(np.unique(matched))
    false = len(found) - hits
    return float(np.float32(hits) / np.float32(hits + false + len(truth) - hits))


def overlap(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Intersection over union [m, k] of boxes [m, 4] and [k, 4], in single precision as the package has it."""
    a, b = truth.astype(np.float32), found.astype(np.float32)
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    size = np.clip(np.minimum(a[:, None, 2:], b[None, :, 2:]) - corner, 0, None)
    shared = size[..., 0] * size[..., 1]
    return shared / (_areas(a)[:, None] + _areas(b)[None] - shared)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
