"""COCO's instances layout: one JSON of images, annotations and categories, and a folder of images.

Boxes are x, y, width, height in pixels; `iscrowd` regions are neither hit nor missed. Lin et al. 2014.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.boxes import BoxedImages
from bench.core.errors import DataError
from bench.core.track import BoxLayout
from bench.sources.boxed_folder import Place, Stated, boxed_images, class_index, image_sizes

LARGEST = 2 << 30


def coco_boxes(place: Place, layout: BoxLayout) -> BoxedImages:
    """The set that `layout.file` describes, with images under `layout.images`.

    DataError with file and place for what is not such a file, ids that stand twice or that nobody knows, sizes
    that the images do not have, and boxes as `boxed_images` refuses them.
    """
    path = place.root / (layout.file or "")
    data = _read(path)
    images = _by_id(data, "images", ("file_name",), path)
    categories = _by_id(data, "categories", ("name",), path)
    index = class_index(place)
    labels = {
        number: index(str(one["name"]), f"{path}: categories[{row}]") for number, (row, one) in categories.items()
    }
    known = dict(enumerate(images))
    ids = [f"{layout.images}/{images[number][1]['file_name']}" for number in images]
    for image_id in ids:
        if ".." in Path(image_id).parts or Path(image_id).is_absolute():
            raise DataError(f"{path}: file name {image_id!r} leads out of the folder; correct it")
    sizes = image_sizes([place.root / image_id for image_id in ids])
    _check_sizes(images, sizes, path)
    stated = list(_stated(data["annotations"], {number: row for row, number in known.items()}, labels, path))
    by_class = dict(sorted((label, number) for number, label in reversed(labels.items())))
    whole = not place.single and len(by_class) == len(place.classes)
    return boxed_images(
        place,
        ids,
        sizes,
        stated,
        numbers=tuple(known.values()),
        categories=tuple(by_class.values()) if whole else None,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path}: larger than {LARGEST >> 20} MB; give the annotations of one split")
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"no annotations {path}; put the file there, or name another --data-root") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]}); copy it again") from None
    for key in ("images", "annotations", "categories"):
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            raise DataError(f"{path}: expected COCO instances with a list {key!r}; is it another layout?")
    return data


def _by_id(data: dict[str, Any], key: str, needed: tuple[str, ...], path: Path) -> dict[int, tuple[int, dict]]:
    """id -> (row, entry), in the order of the file."""
    found: dict[int, tuple[int, dict]] = {}
    for row, one in enumerate(data[key]):
        number = one.get("id") if isinstance(one, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            raise DataError(f"{path}: {key}[{row}]: expected a whole number 'id', got {number!r:.40}")
        absent = [name for name in needed if not isinstance(one.get(name), str)]
        if absent:
            raise DataError(f"{path}: {key}[{row}] (id {number}): expected text in {absent[0]!r}")
        if number in found:
            raise DataError(f"{path}: {key}[{row}]: id {number} stands twice; every id must be unique")
        found[number] = (row, one)
    return found


def _check_sizes(images: dict[int, tuple[int, dict]], sizes: np.ndarray, path: Path) -> None:
    for (row, one), (width, height) in zip(images.values(), sizes.tolist(), strict=True):
        said = (one.get("width", width), one.get("height", height))
        if said != (width, height):
            raise DataError(
                f"{path}: images[{row}] ({one['file_name'][:80]}): says {said[0]}x{said[1]} pixels, the file has"
                f" {width}x{height}; boxes would not fit, use the images that were annotated"
            )


def _stated(annotations: list[Any], rows: dict[int, int], labels: dict[int, int], path: Path) -> Iterator[Stated]:
    for at, one in enumerate(annotations):
        where = f"{path}: annotations[{at}]"
        if not isinstance(one, dict):
            raise DataError(f"{where}: expected an annotation, got {one!r:.40}")
        where += f" (id {one['id']!r:.20})" if "id" in one else ""
        if one.get("image_id") not in rows:
            raise DataError(f"{where}: image id {one.get('image_id')!r:.40} is not among the images")
        if one.get("category_id") not in labels:
            raise DataError(f"{where}: category id {one.get('category_id')!r:.40} is not among the categories")
        box = one.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not all(type(part) in (int, float) for part in box):
            raise DataError(f"{where}: expected bbox [x, y, width, height], got {box!r:.60}")
        x, y, width, height = (float(part) for part in box)
        corners = (x, y, x + width, y + height)
        yield Stated(rows[one["image_id"]], corners, labels[one["category_id"]], where, bool(one.get("iscrowd", 0)))
