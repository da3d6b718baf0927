"""Detection sets as folders that other software reads: COCO's instances, and YOLO's text with data.yaml."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import yaml

from bench.core.boxes import BoxedImages
from bench.core.classes import ClassName


def write_coco(folder: Path, images: BoxedImages, classes: Sequence[ClassName], split: str) -> None:
    """`annotations/instances_<split>.json` and `<split>/*.png`; numbers are those of the set's COCO results."""
    names = _save(folder / split, images)
    categories = images.categories or tuple(range(1, len(classes) + 1))
    truth = images.truth
    crowd = np.zeros(len(truth), dtype=bool) if truth.crowd is None else truth.crowd
    sizes = truth.corners[:, 2:] - truth.corners[:, :2]
    document = {
        "info": {"description": images.name, "version": images.digest},
        "images": [
            {"id": number, "file_name": name, "width": int(width), "height": int(height)}
            for number, name, (width, height) in zip(images.coco_numbers, names, images.sizes, strict=True)
        ],
        "categories": [{"id": number, "name": one.name} for number, one in zip(categories, classes, strict=True)],
        "annotations": [
            {
                "id": row + 1,
                "image_id": images.coco_numbers[truth.image[row]],
                "category_id": categories[truth.label[row]],
                "bbox": [*truth.corners[row, :2].tolist(), *sizes[row].tolist()],
                "area": float(sizes[row].prod()),
                "iscrowd": int(crowd[row]),
            }
            for row in range(len(truth))
        ],
    }
    (folder / "annotations").mkdir()
    (folder / "annotations" / f"instances_{split}.json").write_text(json.dumps(document, indent=0) + "\n")


def write_yolo(folder: Path, images: BoxedImages, classes: Sequence[ClassName], split: str) -> None:
    """`data.yaml`, `<split>/images/*.png` and `<split>/labels/*.txt`; crowds, which the layout lacks, are left out."""
    names = _save(folder / split / "images", images)
    (folder / split / "labels").mkdir()
    for row, name in enumerate(names):
        boxes = images.truth.on(row)
        boxes = boxes if boxes.crowd is None else boxes.rows(~boxes.crowd)
        middle = (boxes.corners[:, :2] + boxes.corners[:, 2:]) / 2 / images.sizes[row]
        size = (boxes.corners[:, 2:] - boxes.corners[:, :2]) / images.sizes[row]
        lines = [
            f"{label} {' '.join(map(repr, (*at, *of)))}\n"
            for label, at, of in zip(boxes.label.tolist(), middle.tolist(), size.tolist(), strict=True)
        ]
        (folder / split / "labels" / Path(name).with_suffix(".txt")).write_text("".join(lines))
    key = "val" if split == "valid" else split
    said = {key: f"{split}/images", "nc": len(classes), "names": [one.name for one in classes]}
    (folder / "data.yaml").write_text(yaml.safe_dump(said, sort_keys=False))


WRITERS: dict[str, Callable[[Path, BoxedImages, Sequence[ClassName], str], None]] = {
    "coco": write_coco,
    "yolo": write_yolo,
}


def _save(folder: Path, images: BoxedImages) -> list[str]:
    """The images as PNG, which keeps every pixel; their names, after their ids."""
    folder.mkdir(parents=True)
    names = [f"{image_id.replace('/', '-').rsplit('.', 1)[0]}.png" for image_id in images.ids]
    if len(set(names)) != len(names):
        names = [f"{row:06d}-{name}" for row, name in enumerate(names)]
    for row, name in enumerate(names):
        images.read(row).save(folder / name)
    return names
