"""What every layout of boxes on folders shares: images by path, boxes held to them, one line for what is wrong."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from bench.core.boxes import BoxedImages, Boxes
from bench.core.classes import ClassName
from bench.core.errors import DataError
from bench.sources.image_folder import SUFFIXES, HashFile, HashFiles, ReadFile

SLACK = 1.0  # pixels that a box may reach over the edge: annotation tools round


@dataclass(frozen=True)
class Place:
    """Where a set lies and what its classes are: `single` takes every class of the files for the only one."""

    name: str
    root: Path
    classes: tuple[ClassName, ...]
    hash_files: HashFiles
    single: bool = False


@dataclass(frozen=True)
class Stated:
    """One box as a file states it: the row of its image, corners in pixels, and `where` it stands."""

    image: int
    corners: tuple[float, float, float, float]
    label: int
    where: str
    crowd: bool = False


def boxed_images(
    place: Place,
    ids: Sequence[str],
    sizes: np.ndarray,
    stated: Sequence[Stated],
    *,
    numbers: tuple[int, ...] | None = None,
    categories: tuple[int, ...] | None = None,
) -> BoxedImages:
    """The set of the images `ids` (paths under the root) with the boxes `stated`, cut at the edges.

    DataError, naming file and row, for a box that is not finite, has no area, or reaches out of its image, and
    for a set without images or without any box.
    """
    if not len(ids):
        raise DataError(f"{place.name} ({place.root}): no images; complete the copy")
    rows = [(one.image, _inside(one, sizes[one.image]), one.label) for one in stated]
    if not rows:
        raise DataError(
            f"{place.name} ({place.root}): no boxes at all on {len(ids)} images; are the annotations where the track"
            " says?"
        )
    truth = Boxes.of(rows, crowd=[one.crowd for one in stated])
    order = np.argsort(np.array(ids), kind="stable")
    whole = BoxedImages(
        name=place.name,
        ids=tuple(ids),
        sizes=sizes,
        truth=truth,
        read=ReadFile(place.root, tuple(ids), 0),
        sha256=HashFile(place.root, tuple(ids), 0, place.hash_files),
        numbers=numbers,
        categories=categories,
    )
    return whole if (order == np.arange(len(ids))).all() else whole.pick(order)


def image_sizes(paths: Sequence[Path]) -> np.ndarray:
    """int64 [n, 2]: width and height of each image, from its header; DataError for one that is none."""
    with ThreadPoolExecutor(8) as pool:
        return np.array(list(pool.map(_size, paths)), dtype=np.int64).reshape(-1, 2)


def images_in(folder: Path) -> list[str]:
    """The names of the images in a folder, sorted; DataError where it is absent."""
    if not folder.is_dir():
        raise DataError(f"no folder {folder}; put or link the images there, or name another --data-root")
    return sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def class_index(place: Place) -> Callable[[str, str], int]:
    """A function of a class's name and of where it stands: its index in the track's list, by id or by name."""
    known = {one.name.casefold(): index for index, one in enumerate(place.classes)}
    known |= {one.id.casefold(): index for index, one in enumerate(place.classes)}

    def index(name: str, where: str) -> int:
        found = 0 if place.single else known.get(name.casefold())
        if found is None:
            shown = ", ".join(one.name for one in place.classes[:8])
            raise DataError(f"{where}: class {name[:60]!r} is not in the track, which has {shown}; correct either")
        return found

    return index


def _inside(one: Stated, size: np.ndarray) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = one.corners
    shown = f"box [{x1:g}, {y1:g}, {x2:g}, {y2:g}]"
    if not np.isfinite(one.corners).all():
        raise DataError(f"{one.where}: {shown} has a number that is not finite; correct or remove it")
    if x2 <= x1 or y2 <= y1:
        raise DataError(f"{one.where}: {shown} has no area, or a negative width or height; correct or remove it")
    width, height = (float(side) for side in size)
    if min(x1, y1) < -SLACK or x2 > width + SLACK or y2 > height + SLACK or min(x2, y2) <= 0:
        raise DataError(f"{one.where}: {shown} reaches outside its image of {width:g}x{height:g} pixels; correct it")
    cut = max(0.0, x1), max(0.0, y1), min(width, x2), min(height, y2)
    if cut[2] <= cut[0] or cut[3] <= cut[1]:
        raise DataError(f"{one.where}: {shown} lies outside its image of {width:g}x{height:g} pixels; correct it")
    return cut


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except FileNotFoundError:
        raise DataError(f"{path}: no such image; complete the copy") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        what = getattr(error, "strerror", None) or "damaged, or another format"
        raise DataError(f"{path}: not a readable image ({what}); copy it again") from None
