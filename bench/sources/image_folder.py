"""Trees of images, one folder a class: every real ImageNet set, and users' own.

An image's id is `folder/file name`, its classes are those that the declared map gives its folder; the order
of folders and files on the disk means nothing. Reading is lazy: an image set holds paths, not pixels.
"""

import hashlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.label_map import LabelMap, check_folders, folder_key

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")
"""Compared without regard to case; ImageNet has `.JPEG`."""
MOST_PIXELS = 100_000_000
HIDDEN = (".", "__MACOSX", "@eaDir", "lost+found")

HashFiles = Callable[[Sequence[Path]], Sequence[str]]


@dataclass(frozen=True)
class Tree:
    """`files`: folder name -> sorted names of its images; `others`: how many files are no images."""

    root: Path
    files: Mapping[str, tuple[str, ...]]
    others: int


def list_tree(root: Path) -> Tree:
    """The folders under `root` and their images; an absent folder, or one without folders, is a DataError."""
    try:
        with os.scandir(root) as entries:
            folders = sorted(one.name for one in entries if one.is_dir() and not one.name.startswith(HIDDEN))
    except FileNotFoundError:
        raise DataError(f"no folder {root}; put or link the images there, or name another --data-root") from None
    except OSError as error:
        raise DataError(f"{root}: cannot be listed: {error.strerror}") from None
    if not folders:
        raise DataError(f"{root}: expected a folder of images for each class, found none")
    files, others = {}, 0
    for folder in folders:
        with os.scandir(root / folder) as entries:
            names = [one.name for one in entries if not one.name.startswith(HIDDEN)]
        images = tuple(sorted(name for name in names if name.lower().endswith(SUFFIXES)))
        files[folder], others = images, others + len(names) - len(images)
    return Tree(root, files, others)


@dataclass(frozen=True)
class Judged:
    """How a tree's images are judged: `classes` of each mapped folder (indices, the first is the label), the
    `entries` that they were resolved from, and the fields of the same names of a track's set."""

    classes: Mapping[str, tuple[int, ...]]
    entries: LabelMap
    subset: bool = False
    restrict: bool = False
    crop: int = 0


def tree_set(name: str, tree: Tree, judged: Judged, *, hash_files: HashFiles) -> ImageSet:
    """The images of the mapped folders, by id. `hash_files`: sha256 hex of files.

    DataError for a mapped folder that is absent or empty, and (unless `subset`) for one that is not mapped.
    """
    where = f"{name} ({tree.root})"
    check_folders(judged.classes, tree.files, entries=judged.entries, subset=judged.subset, where=where)
    mapped = {folder: judged.classes.get(folder_key(folder, judged.entries)) for folder in tree.files}
    chosen = {folder: classes for folder, classes in mapped.items() if classes}
    empty = [folder for folder in chosen if not tree.files[folder]]
    if empty:
        raise DataError(f"{where}: {len(empty)} folders have no images, such as {empty[0]!r}; complete the copy")
    rows = sorted((f"{folder}/{file}", classes) for folder, classes in chosen.items() for file in tree.files[folder])
    ids = tuple(image_id for image_id, _ in rows)
    accepted = tuple(classes for _, classes in rows)
    return ImageSet(
        name=name,
        ids=ids,
        labels=np.array([classes[0] for classes in accepted], dtype=np.int64),
        read=ReadFile(tree.root, ids, judged.crop),
        sha256=HashFile(tree.root, ids, judged.crop, hash_files),
        accepted=None if all(len(classes) == 1 for classes in accepted) else accepted,
        kept=tuple(sorted({one for classes in judged.classes.values() for one in classes}))
        if judged.restrict
        else None,
        origin=f"{tree.root} crop={judged.crop}",
    )


@dataclass(frozen=True)
class ReadFile:
    """The i-th image, decoded; it can be pickled, so that other processes can read."""

    root: Path
    ids: tuple[str, ...]
    crop: int

    def __call__(self, i: int) -> Image.Image:
        image = open_image(self.root / self.ids[i])
        return ImageOps.crop(image, self.crop) if self.crop else image


@dataclass
class HashFile:
    """The sha256 of the i-th image: of its file, and of the crop where there is one. All files are hashed at once."""

    root: Path
    ids: tuple[str, ...]
    crop: int
    hash_files: HashFiles

    def __call__(self, i: int) -> str:
        if not self.crop:
            return self._files[i]
        return hashlib.sha256(f"{self._files[i]} crop={self.crop}".encode()).hexdigest()

    @cached_property
    def _files(self) -> Sequence[str]:
        return self.hash_files([self.root / image_id for image_id in self.ids])


def open_image(path: Path) -> Image.Image:
    """The decoded image in `path`; a damaged, truncated or enormous one is a DataError of one line."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images and of odd metadata; the limit here is ours, the pixels are whole.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise DataError(f"{path}: {width}x{height} pixels, at most {MOST_PIXELS:,} are read; remove it")
                image.load()
                return image
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        what = getattr(error, "strerror", None) or str(error).replace(str(path), "file")
        raise DataError(f"{path}: not a readable image ({what[:80]}); copy it again") from None
