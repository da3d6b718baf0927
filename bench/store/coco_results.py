"""COCO's results layout: a JSON list of {image_id, category_id, bbox: [x, y, width, height], score}, in and out."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.boxes import BoxedImages, Boxes
from bench.core.detections import MOST_PER_IMAGE, Detections
from bench.core.errors import DataError
from bench.store.atomic import write_text

JSON = ".json"
LARGEST = 1 << 30


def write_coco_results(path: Path, found: Detections, images: BoxedImages) -> None:
    """`found` with the numbers that stand for images and classes in the set's own COCO files."""
    write_text(path, json.dumps(coco_results(found, images), indent=0) + "\n")


def coco_results(found: Detections, images: BoxedImages) -> list[dict[str, Any]]:
    """The list of results; images are in the order of their numbers, boxes by descending score."""
    number = dict(zip(images.ids, images.coco_numbers, strict=True))
    boxes, score = found.boxes, found.boxes.score
    assert score is not None
    numbers = np.array([number[image_id] for image_id in found.image_ids])[boxes.image]
    sizes = boxes.corners[:, 2:] - boxes.corners[:, :2]
    return [
        {
            "image_id": int(numbers[row]),
            "category_id": _category(images, int(boxes.label[row])),
            "bbox": [*boxes.corners[row, :2].tolist(), *sizes[row].tolist()],
            "score": float(score[row]),
        }
        for row in np.lexsort((-score, numbers))
    ]


def read_coco_results(path: Path, images: BoxedImages, *, classes: int) -> Boxes:
    """The boxes in a results file; `image` is a row of `images`, which all count as answered.

    DataError with the place in the list for what is not such a list, for images and categories that the set does not
    have, and for boxes without area or outside their image. One that reaches over the edge is left as it is.
    """
    data = _read(path)
    rows = {number: row for row, number in enumerate(images.coco_numbers)}
    labels = {_category(images, label): label for label in range(classes)}
    image, corners, label, score = [], [], [], []
    for at, one in enumerate(data):
        where = f"{path}: [{at}]"
        if not isinstance(one, dict):
            raise DataError(f"{where}: expected a result with image_id, category_id, bbox, score, got {one!r:.40}")
        if one.get("image_id") not in rows:
            raise DataError(f"{where}: image id {one.get('image_id')!r:.40} is not in the set {images.name}")
        if one.get("category_id") not in labels:
            known = ", ".join(map(str, list(labels)[:8]))
            raise DataError(f"{where}: category id {one.get('category_id')!r:.40} is not one of {known}")
        image.append(rows[one["image_id"]])
        corners.append(_corners(one.get("bbox"), images.sizes[image[-1]], where))
        if type(one.get("score")) not in (int, float) or not 0 <= one["score"] <= 1:
            raise DataError(f"{where}: expected a number from 0 to 1 in score, got {one.get('score')!r:.40}")
        label.append(labels[one["category_id"]])
        score.append(one["score"])
    return Boxes(
        np.array(image, dtype=np.int64),
        np.array(corners, dtype=np.float64).reshape(-1, 4),
        np.array(label, dtype=np.int64),
        np.array(score, dtype=np.float32),
    )


def _corners(box: Any, size: np.ndarray, where: str) -> tuple[float, float, float, float]:
    if not isinstance(box, list) or [type(part) in (int, float) for part in box] != [True] * 4:
        raise DataError(f"{where}: expected bbox [x, y, width, height], got {box!r:.60}")
    if not np.isfinite(box).all():
        raise DataError(f"{where}: box {box!r:.80} has a number that is not finite")
    x, y, width, height = box
    if width <= 0 or height <= 0:
        raise DataError(f"{where}: box {box!r:.80} has no area, or a negative width or height")
    if x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0:
        raise DataError(f"{where}: box {box!r:.80} lies outside its image of {size[0]}x{size[1]} pixels")
    return x, y, x + width, y + height


def _read(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path}: larger than {LARGEST >> 20} MB; keep at most {MOST_PER_IMAGE} boxes an image")
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such prediction file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]}); write it again") from None
    if not isinstance(data, list):
        raise DataError(f"{path}: expected COCO results, a list of boxes, got {type(data).__name__}")
    return data


def _category(images: BoxedImages, label: int) -> int:
    return images.categories[label] if images.categories is not None else label + 1
