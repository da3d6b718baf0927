"""YOLO's text layout, as Roboflow exports it: data.yaml, and beside every folder `images` a folder `labels`.

A label file has a line a box, `class x y width height`: centre and size as fractions of the image. A line of
more numbers is a polygon `class x1 y1 x2 y2 …`, of which the enclosing box is taken, as YOLO's own loader does.
No label file, or an empty one: nothing is on the image.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bench.core.boxes import BoxedImages
from bench.core.errors import DataError
from bench.core.track import BoxLayout
from bench.sources.boxed_folder import Place, Stated, boxed_images, class_index, image_sizes, images_in

SLACK = 1e-3
_SPLITS = {"val": ("val", "valid"), "valid": ("val", "valid")}


def yolo_boxes(place: Place, layout: BoxLayout) -> BoxedImages:
    """The images of `layout.split` and their boxes.

    DataError with file and line for text that is no such line, classes outside the list, labels without an image,
    and boxes as `boxed_images` refuses them.
    """
    path = place.root / (layout.file or "data.yaml")
    said = _read(path)
    names = _names(said, path)
    index = class_index(place)
    labels = [index(name, f"{path}: names[{row}]") for row, name in enumerate(names)]
    folder = _images(said, layout.split or "", path)
    ids = [(folder / name).relative_to(place.root).as_posix() for name in images_in(folder)]
    _check_labels(place.root, folder, ids)
    sizes = image_sizes([place.root / image_id for image_id in ids])
    stated = [one for row, image_id in enumerate(ids) for one in _lines(place.root, image_id, row, sizes[row], labels)]
    return boxed_images(place, ids, sizes, stated)


def labels_of(image: Path) -> Path:
    """The label file of an image: the last folder `images` of its path becomes `labels`."""
    parts = list(image.parts)
    at = len(parts) - 1 - parts[::-1].index("images") if "images" in parts else None
    if at is not None:
        parts[at] = "labels"
    return Path(*parts).with_suffix(".txt")


def _check_labels(root: Path, folder: Path, ids: list[str]) -> None:
    """DataError for a label file whose image is not here: boxes would be missing without a word."""
    known = {labels_of(root / image_id) for image_id in ids}
    for path in sorted(labels_of(folder / "any").parent.rglob("*.txt")) if "images" in folder.parts else ():
        # Annotation programs keep the names of the classes beside the labels.
        if path not in known and path.name != "classes.txt":
            raise DataError(f"{path}: there is no image for this label file; complete the copy, or remove it")


def _read(path: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"no {path}; put the export's folder there, or name another --data-root") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{path}: not YAML ({' '.join(str(error).split())[:80]}); copy it again") from None
    if not isinstance(said, dict):
        raise DataError(f"{path}: expected names: and a path for each split, got {type(said).__name__}")
    return said


def _names(said: dict[str, Any], path: Path) -> list[str]:
    names = said.get("names")
    if isinstance(names, dict):
        if sorted(names) != list(range(len(names))):
            raise DataError(f"{path}: names: expected the numbers 0 to {len(names) - 1}, got {sorted(names)!r:.60}")
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise DataError(f"{path}: expected names: with one name a class")
    if said.get("nc", len(names)) != len(names):
        raise DataError(f"{path}: nc says {said['nc']} classes, names has {len(names)}; correct either")
    return [str(name) for name in names]


def _images(said: dict[str, Any], split: str, path: Path) -> Path:
    """The folder of a split's images. Roboflow writes `../train/images` for a folder that lies beside data.yaml."""
    root = path.parent
    given = [said[key] for key in _SPLITS.get(split, (split,)) if isinstance(said.get(key), str)]
    for text in given:
        for folder in (root / text, root / str(said.get("path", ".")) / text, root / text.removeprefix("../")):
            if folder.is_dir() and folder.resolve().is_relative_to(root.resolve()):
                return root / folder.resolve().relative_to(root.resolve())
    for key in _SPLITS.get(split, (split,)):
        if (root / key / "images").is_dir():
            return root / key / "images"
    told = f"; data.yaml says {given[0]!r}" if given else ""
    raise DataError(f"{path}: no folder of images for the split {split!r}{told}; complete the copy")


def _lines(root: Path, image_id: str, row: int, size: np.ndarray, labels: list[int]) -> Iterator[Stated]:
    path = labels_of(root / image_id)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise DataError(f"{path}: cannot be read as text; copy it again") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"{path}, line {number}"
            label, points = _numbers(line, where, len(labels))
            corners = _corners(points, where)
            x1, y1, x2, y2 = (float(one) for one in corners * np.tile(size, 2))
            yield Stated(row, (x1, y1, x2, y2), labels[label], where)


def _numbers(line: str, where: str, classes: int) -> tuple[int, np.ndarray]:
    cells = line.split()
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        raise DataError(f"{where}: expected numbers, class x y width height, got {line.strip()[:60]!r}") from None
    if len(cells) != 5 and (len(cells) < 7 or len(cells) % 2 == 0):
        raise DataError(f"{where}: expected class x y width height, or a polygon, got {len(cells)} numbers")
    if not np.isfinite(numbers).all():
        raise DataError(f"{where}: a number is not finite: {line.strip()[:60]!r}")
    if numbers[0] != int(numbers[0]) or not 0 <= numbers[0] < classes:
        raise DataError(f"{where}: class {cells[0][:20]} is outside 0..{classes - 1} of data.yaml")
    return int(numbers[0]), np.array(numbers[1:])


def _corners(points: np.ndarray, where: str) -> np.ndarray:
    """x1, y1, x2, y2 as fractions of the image."""
    if len(points) == 4:
        if (points[2:] <= 0).any():
            raise DataError(f"{where}: width and height {points[2]:g} {points[3]:g}: expected both above 0")
        corners = np.concatenate([points[:2] - points[2:] / 2, points[:2] + points[2:] / 2])
    else:
        corners = np.concatenate([points.reshape(-1, 2).min(axis=0), points.reshape(-1, 2).max(axis=0)])
    if corners.min() < -SLACK or corners.max() > 1 + SLACK:
        hint = "are these pixels?" if corners.max() > 2 else "correct it"
        raise DataError(
            f"{where}: the box reaches from {corners[0]:g}, {corners[1]:g} to {corners[2]:g}, {corners[3]:g}, outside"
            f" its image (0 to 1); {hint}"
        )
    return np.clip(corners, 0, 1)
