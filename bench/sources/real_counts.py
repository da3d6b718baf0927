"""How many images a real set has of each class: counted where the images are, checked against what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import DataError

IMAGE_SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")


@dataclass(frozen=True)
class Known:
    """What everybody knows of a real set, so that an incomplete copy is not taken for it."""

    classes: str
    images: int
    least: int
    most: int


REAL_SETS = {"imagenet-1k-train": Known(classes="imagenet-1k", images=1_281_167, least=732, most=1300)}
"""Name -> what is known of it; ILSVRC 2012's training split (Russakovsky et al., 2015, table 2)."""


def count_images(folder: Path) -> dict[str, int]:
    """Images in each folder of `folder`, by its name; DataError where there are none."""
    counts = {
        path.name: sum(file.suffix.lower() in IMAGE_SUFFIXES for file in path.iterdir())
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if path.is_dir()
    }
    if not counts:
        raise DataError(f"{folder}: expected one folder of images for each class, found none")
    return counts


def check_counts(name: str, known: Known, counts: Mapping[str, int], *, class_ids: set[str], where: str) -> None:
    """DataError, with what is missing, where `counts` are not those of the whole set."""
    odd = sorted(set(counts) ^ class_ids)
    if odd:
        raise DataError(
            f"{where}: not {name}: expected {len(class_ids)} classes, got {len(counts)}; look at {odd[0]!r}"
        )
    found = (sum(counts.values()), min(counts.values()), max(counts.values()))
    if found != (known.images, known.least, known.most):
        raise DataError(
            f"{where}: not the whole of {name}: expected {known.images} images, {known.least} to {known.most} a class,"
            f" got {found[0]}, {found[1]} to {found[2]}"
        )
