"""Detection accuracy as WILDS has it for GlobalWheat: TP / (TP + FP + FN) of one image, class-blind.

Not COCO's matching: every prediction goes to the truth box that it overlaps most, not one to one by score.
Source: methods.md 19.4; David et al. 2020.
"""

import numpy as np

from bench.core.errors import DataError

SCORE_ABOVE = 0.5
LEAST_OVERLAP = 0.5


def detection_accuracy(
    truth: np.ndarray,
    found: np.ndarray,
    *,
    scores: np.ndarray,
    score_above: float = SCORE_ABOVE,
    least_overlap: float = LEAST_OVERLAP,
) -> float:
    """The accuracy of one image, a fraction; 1 where there is neither truth nor prediction.

    `truth` [n, 4] and `found` [m, 4]: corners x1, y1, x2, y2 in pixels; `scores` [m]. Predictions count whose
    score lies strictly above `score_above`. One that overlaps its best truth box by `least_overlap` (IoU) or
    more is matched to it; the first match of a truth box is a TP, further ones and unmatched ones are FP, and
    truth boxes without a match FN. DataError for other shapes and for numbers that are not finite.
    """
    truth, found = _corners(truth, what="truth"), _corners(found, what="found")
    scores = np.asarray(scores)
    if scores.shape != (len(found),) or not np.isfinite(scores).all():
        raise DataError(f"scores: expected {len(found)} finite numbers, one a box, got an array of {scores.shape}")
    found = found[scores > score_above]
    if not len(truth) or not len(found):
        return float(len(truth) == len(found))
    overlap = overlaps(truth, found)
    matched = np.where(overlap.max(axis=0) >= np.float32(least_overlap), overlap.argmax(axis=0), -1)
    hits = len(np.unique(matched[matched >= 0]))
    # Every prediction is a TP or an FP, so that TP + FP + FN is predictions + truth - TP.
    return float(np.float32(hits) / np.float32(len(found) + len(truth) - hits))


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes [n, 4] and [m, 4] (corners): float32 [n, m]; 0 where both are empty.

    float32, as torchvision's `box_iou` has it, because at a threshold the last digit decides.
    """
    a, b = np.asarray(a, dtype=np.float32), np.asarray(b, dtype=np.float32)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    union = _areas(a)[:, None] + _areas(b)[None, :] - inside
    return np.divide(inside, union, out=np.zeros_like(inside), where=union > 0)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _corners(boxes: np.ndarray, *, what: str) -> np.ndarray:
    array = np.asarray(boxes)
    array = array.reshape(-1, 4) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 4 or not np.isfinite(array).all():
        raise DataError(f"{what}: expected corners [n, 4] of finite numbers, got an array of {np.shape(boxes)}")
    return array
