"""The noun `Detections`: the boxes that a model found on one set, keyed by image id; no truth inside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.boxes import Boxes
from bench.core.errors import DataError
from bench.core.predictions import PredictionHeader

MOST_PER_IMAGE = 1000


@dataclass(frozen=True)
class Detections:
    """`boxes`, whose `image` is a row of `image_ids`; an image without a box is among the ids all the same."""

    header: PredictionHeader
    image_ids: tuple[str, ...]
    boxes: Boxes

    def aligned(self, ids: Sequence[str], *, sizes: np.ndarray, classes: int) -> Boxes:
        """The boxes with `image` as a row of `ids`, cut to the images' `sizes` (int [n, 2]).

        Refuses (DataError, naming image and row) missing, duplicate or foreign ids, numbers that are not
        finite, classes outside the list, scores outside [0, 1], boxes without area, boxes wholly outside
        their image, and more than `MOST_PER_IMAGE` on one. A box that reaches over the edge is cut at it.
        """
        where = f"predictions of {self.header.model} on {self.header.set}"
        place = {image_id: row for row, image_id in enumerate(ids)}
        self._check_ids(place, where)
        self._check_boxes(classes, where)
        boxes = self.boxes.renumbered(np.array([place[one] for one in self.image_ids], dtype=np.int64))
        if not len(boxes):
            return boxes
        limit = np.tile(sizes[boxes.image], 2).astype(np.float64)
        cut = np.clip(boxes.corners, 0, limit)
        gone = ~_has_area(cut)
        if gone.any():
            row = int(np.argmax(gone))
            width, height = sizes[boxes.image[row]]
            raise DataError(
                f"{where}: image {ids[boxes.image[row]]!r}: box {_shown(boxes.corners[row])} lies outside its"
                f" {width}x{height} pixels; give corners in pixels of the image itself"
            )
        return Boxes(boxes.image, cut, boxes.label, boxes.score)

    def _check_ids(self, place: dict[str, int], where: str) -> None:
        seen: set[str] = set()
        for image_id in self.image_ids:
            if image_id in seen:
                raise DataError(f"{where}: image {image_id!r} is answered twice; keep one row an image")
            if image_id not in place:
                raise DataError(f"{where}: image {image_id!r} is not in the set; predict the set of this digest")
            seen.add(image_id)
        absent = next((one for one in place if one not in seen), None)
        if absent is not None:
            raise DataError(
                f"{where}: image {absent!r} has no answer ({len(seen)} of {len(place)} images answered); an image"
                " where nothing was found has a row too, with empty lists"
            )

    def _check_boxes(self, classes: int, where: str) -> None:
        boxes = self.boxes
        if boxes.score is None:
            raise DataError(f"{where}: boxes without scores; give one score a box")
        problems = {
            "a corner is not a finite number": ~np.isfinite(boxes.corners).all(axis=1),
            "a score is not a finite number in [0, 1]": ~((boxes.score >= 0) & (boxes.score <= 1)),
            f"a class is outside 0..{classes - 1}": (boxes.label < 0) | (boxes.label >= classes),
            "a box has no area; expected x1 < x2 and y1 < y2": ~_has_area(boxes.corners),
        }
        for said, bad in problems.items():
            if bad.any():
                row = int(np.argmax(bad))
                image_id, nth = self.image_ids[boxes.image[row]], int((boxes.image[:row] == boxes.image[row]).sum())
                raise DataError(f"{where}: image {image_id!r}, box {nth} {_shown(boxes.corners[row])}: {said}")
        counts = np.bincount(boxes.image, minlength=1)
        if counts.max() > MOST_PER_IMAGE:
            raise DataError(
                f"{where}: image {self.image_ids[int(counts.argmax())]!r}: {counts.max():,} boxes, at most"
                f" {MOST_PER_IMAGE:,} are read; keep the best"
            )


def _has_area(corners: np.ndarray) -> np.ndarray:
    return np.asarray((corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1]))


def _shown(corners: np.ndarray) -> str:
    return "[" + ", ".join(f"{one:g}" for one in corners) + "]"
