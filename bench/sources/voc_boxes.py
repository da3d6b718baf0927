"""Pascal VOC's layout: JPEGImages, Annotations (one XML an image), ImageSets/Main/<split>.txt.

Corners count pixels from 1 and include the last one; `difficult` objects are neither hit nor missed.
Everingham et al. 2010.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.core.boxes import BoxedImages
from bench.core.errors import DataError
from bench.core.track import BoxLayout
from bench.sources.boxed_folder import Place, Stated, boxed_images, class_index, image_sizes
from bench.sources.image_folder import SUFFIXES

LARGEST = 16 << 20
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def voc_boxes(place: Place, layout: BoxLayout) -> BoxedImages:
    """The images that the list of `layout.split` names, and their objects.

    DataError with file and object for an image without annotation, text that is no such XML, unknown classes, a
    size that the image does not have, and boxes as `boxed_images` refuses them.
    """
    index = class_index(place)
    stems = _stems(place.root / "ImageSets" / "Main" / f"{layout.split}.txt")
    ids = [_image(place.root, stem) for stem in stems]
    sizes = image_sizes([place.root / image_id for image_id in ids])
    stated = [
        one
        for row, stem in enumerate(stems)
        for one in _objects(place.root / "Annotations" / f"{stem}.xml", row, sizes[row], index)
    ]
    return boxed_images(place, ids, sizes, stated)


def _stems(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"no list of images {path}; put it there, or name another split") from None
    stems = [line.split()[0] for line in lines if line.strip()]
    seen: set[str] = set()
    for number, stem in enumerate(stems, start=1):
        if "/" in stem or stem.startswith("."):
            raise DataError(f"{path}, line {number}: expected the name of an image, got {stem[:60]!r}")
        if stem in seen:
            raise DataError(f"{path}, line {number}: image {stem[:60]!r} stands twice; keep one line an image")
        seen.add(stem)
    return stems


def _image(root: Path, stem: str) -> str:
    for suffix in (".jpg", *SUFFIXES):
        if (root / "JPEGImages" / f"{stem}{suffix}").is_file():
            return f"JPEGImages/{stem}{suffix}"
    raise DataError(f"{root / 'JPEGImages'}: no image {stem!r}; complete the copy")


def _objects(path: Path, row: int, size: np.ndarray, index) -> Iterator[Stated]:
    tree = _parsed(path)
    if tree.find("size") is not None:
        said = tuple(_number(tree, f"size/{side}", f"{path}: size") for side in ("width", "height"))
        if said != tuple(size.tolist()):
            raise DataError(
                f"{path}: says {said[0]:g}x{said[1]:g} pixels, the image has {size[0]}x{size[1]}; use the image that"
                " was annotated"
            )
    for number, one in enumerate(tree.findall("object"), start=1):
        where = f"{path}, object {number}"
        label = index((one.findtext("name") or "").strip(), where)
        x1, y1, x2, y2 = (_number(one, f"bndbox/{corner}", where) for corner in _CORNERS)
        crowd = (one.findtext("difficult") or "0").strip() == "1"
        yield Stated(row, (x1 - 1, y1 - 1, x2, y2), label, where, crowd)


def _parsed(path: Path) -> ET.Element:
    try:
        data = path.read_bytes()
        if len(data) > LARGEST or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise DataError(f"{path}: too large, or with a document type, which annotations do not have; remove it")
        return ET.fromstring(data)  # noqa: S314
    except FileNotFoundError:
        raise DataError(f"{path}: no such annotation; complete the copy") from None
    except (OSError, ET.ParseError, ValueError) as error:
        raise DataError(f"{path}: not XML ({str(error)[:80]}); copy it again") from None


def _number(element: ET.Element, place: str, where: str) -> float:
    text = element.findtext(place)
    try:
        return float(text or "")
    except ValueError:
        raise DataError(f"{where}: expected a number in {place}, got {text!r:.40}") from None
