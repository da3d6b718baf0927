"""Naming image sets on the command line: a dataset version, a set of a track, or a folder."""

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet, joined
from bench.core.manifest import Item
from bench.core.registry import unknown
from bench.core.track import Track
from bench.pipelines.tracks import load_track, open_set, open_training_set, track_names
from bench.pipelines.versions.recipes import load_recipe
from bench.store.encoding import decode
from bench.store.versions import open_version

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp", ".bmp", ".tif", ".tiff")
PART = re.compile(r"\?part=(\d+)/(\d+)$")


@dataclass(frozen=True)
class NamedSet:
    """`images` with `classes`, the id of each label, and `names`, shown for it; `items` for a generated version."""

    text: str
    images: ImageSet
    classes: tuple[str, ...]
    names: dict[str, str]
    items: dict[str, Item] | None = None

    @property
    def labels(self) -> np.ndarray:
        """The class id of each image."""
        return np.array(self.classes)[self.images.labels]

    def pick(self, rows: np.ndarray) -> "NamedSet":
        """The images at `rows`."""
        return replace(self, images=self.images.pick(rows))

    def first(self, limit: int | None) -> "NamedSet":
        """At most `limit` images spread evenly over the set; None keeps all."""
        return replace(self, images=self.images.first(limit))


def open_images(text: str, *, data_root: Path) -> NamedSet:
    """`NAME@VERSION[/SPLIT]` (all splits by default), `TRACK/SET`, or a folder with a sub-folder for each class.

    `?part=1/2` at the end takes the first of two parts, every second image by id. UsageError for text that is
    none of these; DataError where the images are absent.
    """
    part = PART.search(text)
    name = text[: part.start()] if part else text
    found = _open(name, data_root)
    if not part:
        return found
    k, parts = int(part[1]), int(part[2])
    if not 1 <= k <= parts <= len(found.images):
        raise UsageError(f"{text}: expected part=K/N with 1 <= K <= N <= {len(found.images)} images")
    order = np.argsort(np.array(found.images.ids), kind="stable")
    return replace(found.pick(order[k - 1 :: parts]), text=text)


def track_images(track: Track, name: str, *, data_root: Path) -> NamedSet:
    """A set of the track, or its `real` or `synthetic` training images."""
    opened = open_training_set if name in ("real", "synthetic") else open_set
    names = {one.id: one.name for one in track.classes}
    return NamedSet(f"{track.name}/{name}", opened(track, name, data_root=data_root), tuple(names), names)


def _open(text: str, data_root: Path) -> NamedSet:
    folder = Path(text).expanduser()
    if folder.is_dir():
        return _folder(text, folder)
    head, slash, rest = text.partition("/")
    if "@" in head:
        return _version(text, head, rest or None, data_root)
    if slash and head in track_names():
        return track_images(load_track(head), rest, data_root=data_root)
    if slash and not text.startswith((".", "/", "~")):
        raise UsageError(f"{text}: {unknown(head, known=track_names(), kind='track')}, and no such folder")
    raise UsageError(f"{text}: expected NAME@VERSION, TRACK/SET such as digits/test, or a folder of images that exists")


def _version(text: str, reference: str, split: str | None, data_root: Path) -> NamedSet:
    recipe, version = load_recipe(reference), open_version(reference, data_root)
    names = {one.id: one.name for one in recipe.classes}
    manifest = version.manifest.split(split) if split else version.manifest
    splits = [split] if split else list(manifest.counts())
    images = joined([version.image_set(one, tuple(names)) for one in splits], text)
    return NamedSet(text, images, tuple(names), names, {item.id: item for item in manifest.items})


def _folder(text: str, folder: Path) -> NamedSet:
    """Every image below `folder`; the class is the first sub-folder, or none."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise DataError(f"{folder}: expected images ({', '.join(SUFFIXES)}), found none")
    ids = tuple(path.relative_to(folder).as_posix() for path in paths)
    kinds = [image_id.partition("/")[0] if "/" in image_id else "" for image_id in ids]
    classes = tuple(sorted(set(kinds)))
    place = {name: index for index, name in enumerate(classes)}

    @cache
    def sha256(index: int) -> str:
        with open(paths[index], "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    images = ImageSet(
        name=folder.name,
        ids=ids,
        labels=np.array([place[kind] for kind in kinds], dtype=np.int64),
        read=lambda index: decode(paths[index].read_bytes(), what=str(paths[index])),
        sha256=sha256,
    )
    return NamedSet(text, images, classes, {name: name for name in classes})
