"""Which predicted boxes are hits: COCO's matching, by pycocotools, at several overlaps at once.

Within an image and a class, predictions are taken by descending score; each takes the free truth box that it
overlaps most, if by the threshold or more. Crowds are neither hit nor missed. Lin et al. 2014.
"""

import contextlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.core.boxes import Boxes
from bench.core.errors import DataError

OVERLAPS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
PER_IMAGE = 100  # of a class, as in COCO's protocol


@dataclass(frozen=True, eq=False)
class Matches:
    """The predictions of a set by class and, within it, by score, best first.

    `image`, `label` int64 [m]; `score` float64 [m]; `row` int64 [m]: which box of `found`; at OVERLAPS `target`
    int64 [overlaps, m]: which box of the truth it takes, -1 for none, and `ignored` bool [overlaps, m]. `truth`
    int64 [images, classes]: boxes to be found.
    """

    image: np.ndarray
    label: np.ndarray
    score: np.ndarray
    row: np.ndarray
    target: np.ndarray
    ignored: np.ndarray
    truth: np.ndarray

    @property
    def hit(self) -> np.ndarray:
        """bool [overlaps, m]."""
        return (self.target >= 0) & ~self.ignored

    def of_class(self, label: int) -> "Matches":
        """The predictions of one class."""
        rows = self.label == label
        columns = (self.image[rows], self.label[rows], self.score[rows], self.row[rows])
        return Matches(*columns, self.target[:, rows], self.ignored[:, rows], self.truth)


def box_matches(truth: Boxes, found: Boxes, *, images: int, classes: int) -> Matches:
    """The matches of `found` (with scores) to `truth` on `images` images; at most `PER_IMAGE` of a class and image.

    DataError for no images, and for predictions without scores.
    """
    if images < 1:
        raise DataError("boxes: expected at least one image, got 0; open a set that has images")
    if found.score is None:
        raise DataError("boxes: predictions without scores; give one score a box")
    crowd = truth.crowd if truth.crowd is not None else np.zeros(len(truth), dtype=bool)
    counted = np.zeros((images, classes), dtype=np.int64)
    np.add.at(counted, (truth.image[~crowd], truth.label[~crowd]), 1)
    told = _evaluated(truth, found, crowd, images, classes)
    columns = [_of_class([one for one in told[c * images : (c + 1) * images] if one], c) for c in range(classes)]
    return Matches(*(np.concatenate(parts, axis=-1) for parts in zip(*columns, strict=True)), truth=counted)


def _of_class(told: list[dict[str, Any]], label: int) -> tuple[np.ndarray, ...]:
    """image, label, score, row, target and ignored of one class, best first; a tie goes to the earlier image."""
    told = [one for one in told if len(one["dtScores"])]
    if not told:
        nobody = np.zeros(0, dtype=np.int64)
        none = np.zeros((len(OVERLAPS), 0), dtype=np.int64)
        return nobody, nobody, np.zeros(0), nobody, none, none.astype(bool)
    score = np.concatenate([one["dtScores"] for one in told])
    order = np.argsort(-score, kind="stable")
    image = np.concatenate([np.full(len(one["dtScores"]), one["image_id"] - 1) for one in told])[order]
    row = np.concatenate([one["dtIds"] for one in told]).astype(np.int64)[order] - 1
    target = np.hstack([one["dtMatches"] for one in told])[:, order].astype(np.int64) - 1
    ignored = np.hstack([one["dtIgnore"] for one in told])[:, order].astype(bool)
    return image, np.full(len(order), label), score[order], row, target, ignored


def _evaluated(truth: Boxes, found: Boxes, crowd: np.ndarray, images: int, classes: int) -> list[Any]:
    """pycocotools' account of every class and image, class by class."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        raise DataError('boxes are matched by pycocotools: pip install "imagenet-g-bench[detection]"') from None

    # Its functions print what they do.
    with contextlib.redirect_stdout(io.StringIO()):
        peer = COCOeval(_indexed(COCO(), truth, crowd, images, classes), COCO(), "bbox")
        peer.cocoDt = _indexed(COCO(), found, np.zeros(len(found), dtype=bool), images, classes)
        peer.params.imgIds = list(range(1, images + 1))
        peer.params.catIds = list(range(1, classes + 1))
        peer.params.areaRng, peer.params.areaRngLbl = [[0, 1e10]], ["all"]
        peer.params.maxDets = [PER_IMAGE]
        peer.params.iouThrs = np.array(OVERLAPS)
        peer.evaluate()
    return list(peer.evalImgs)


def _indexed(coco: Any, boxes: Boxes, crowd: np.ndarray, images: int, classes: int) -> Any:
    """COCO's own form of `boxes`; images, classes and boxes are counted from 1, because 0 means nothing to it."""
    size = boxes.corners[:, 2:] - boxes.corners[:, :2]
    score = boxes.score if boxes.score is not None else np.ones(len(boxes))
    coco.dataset = {
        "images": [{"id": i + 1} for i in range(images)],
        "categories": [{"id": c + 1} for c in range(classes)],
        "annotations": [
            {
                "id": row + 1,
                "image_id": int(boxes.image[row]) + 1,
                "category_id": int(boxes.label[row]) + 1,
                "bbox": [*boxes.corners[row, :2].tolist(), *size[row].tolist()],
                "area": float(size[row].prod()),
                "iscrowd": int(crowd[row]),
                "score": float(score[row]),
            }
            for row in range(len(boxes))
        ],
    }
    coco.createIndex()
    return coco
