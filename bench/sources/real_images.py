"""Real images for methods that start from one: on the user's disk, `<folder>/<split>/<class id>/*`, or a real set."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.real_images import Conditioning
from bench.core.registry import look_up
from bench.sources import SOURCES
from bench.sources.real_counts import IMAGE_SUFFIXES

INK, INK_LEVEL = "ink", 64


def open_real_images(data_root: Path, conditioning: Conditioning) -> "RealImages | NamedImages":
    """The images that a recipe's `conditioning` names."""
    return (NamedImages if conditioning.source else RealImages)(data_root, conditioning)


class NamedImages:
    """Real sets by name: `<source>-<real split>` of `bench.sources`; class id "3" is label 3 there."""

    def __init__(self, data_root: Path, conditioning: Conditioning) -> None:
        self._data_root, self._conditioning = data_root, conditioning
        self._sets = lru_cache(maxsize=4)(self._open)
        self.sources = lru_cache(maxsize=64)(self._sources)

    def check(self) -> None:
        """UsageError for a set that nobody knows, DataError for one that is not here."""
        for real in self._conditioning.splits.values():
            self._sets(real)

    def source(self, split: str, class_id: str, slot: int, *, needed: int) -> str:
        """`<real split>/<class id>/<image id>@<sha256>` of a slot; slots past the last image go round.

        DataError where fewer than `needed` images are there.
        """
        sources = self.sources(split, class_id)
        if len(sources) < needed:
            raise DataError(
                f"{self._conditioning.source}-{self._conditioning.splits[split]}: expected at least {needed} images of"
                f" class {class_id!r} for split {split!r}, found {len(sources)}; ask for fewer images"
            )
        return sources[slot % len(sources)]

    def _sources(self, split: str, class_id: str) -> list[str]:
        """All sources of a class, in the order of its slots."""
        real = self._conditioning.splits[split]
        images = self._sets(real)
        rows = [row for row, label in enumerate(images.labels) if str(label) == class_id]
        chosen = self._conditioning.chosen(len(rows), class_id)
        return [f"{real}/{class_id}/{images.ids[rows[i]]}@{images.sha256(rows[i])}" for i in chosen]

    def read(self, source: str) -> Image.Image:
        """The image of a `source`; DataError where it is not in the set."""
        name, _, sha256 = source.rpartition("@")
        real, _, image_id = name.split("/", 2)
        images = self._sets(real)
        row = images.ids.index(image_id) if image_id in images.ids else None
        if row is None or images.sha256(row) != sha256:
            raise DataError(f"{self._conditioning.source}-{real} has no image {image_id!r} of sha256 {sha256}")
        image: Image.Image = images.read(row)
        return image

    def mask(self, source: str) -> Image.Image | None:
        """Where the object is, white on black; None where the recipe has no masks."""
        return _ink(self.read(source)) if self._conditioning.masks else None

    def _open(self, real: str) -> ImageSet:
        opened: Any = look_up(SOURCES, f"{self._conditioning.source}-{real}", kind="source of real images")
        return opened(self._data_root)


class RealImages:
    """Folders of images under a data root; slot n takes the n-th by name."""

    def __init__(self, data_root: Path, conditioning: Conditioning) -> None:
        assert conditioning.folder is not None
        self._folder, self._masks = data_root / conditioning.folder, data_root / (conditioning.masks or "")
        self._conditioning = conditioning
        self._splits = conditioning.splits
        self._files = lru_cache(maxsize=64)(self._list)

    def check(self) -> None:
        """DataError unless each split has a folder of its own."""
        folders = {split: self._folder / real for split, real in self._splits.items()}
        for folder in folders.values():
            if not folder.is_dir():
                raise DataError(
                    f"{folder}: no such folder; this recipe starts from real images,"
                    f" {self._folder}/{{{','.join(self._splits.values())}}}/<class id>/*; put or link them there"
                )
        if len({folder.resolve() for folder in folders.values()}) < len(folders):
            raise DataError(
                f"{self._folder}: {' and '.join(self._splits.values())} are one folder; training and evaluation"
                " images must not mix: give each split its own"
            )

    def source(self, split: str, class_id: str, slot: int, *, needed: int) -> str:
        """`<real split>/<class id>/<file>@<sha256>` of a slot; slots past the last image go round.

        DataError where fewer than `needed` images are there, or one of them is in another split too.
        """
        files = self._files(split, class_id)
        if len(files) < needed:
            raise DataError(
                f"{self._folder / self._splits[split] / class_id}: expected at least {needed} images for split"
                f" {split!r}, found {len(files)}; complete the real set"
            )
        return self._name(files[slot % len(files)])

    def sources(self, split: str, class_id: str) -> list[str]:
        """All sources of a class, in the order of its slots; DataError where one of them is in another split too."""
        return [self._name(path) for path in self._files(split, class_id)]

    def _name(self, path: Path) -> str:
        return f"{path.relative_to(self._folder).as_posix()}@{_sha256(path)}"

    def read(self, source: str) -> Image.Image:
        """The image of a `source`; DataError where it has changed, or does not decode."""
        name, _, sha256 = source.rpartition("@")
        path = self._folder / name
        if _sha256(path) != sha256:
            raise DataError(f"{path}: changed while images were made from it; run the command again")
        return _decoded(path)

    def mask(self, source: str) -> Image.Image | None:
        """Where the object is, white on black; None where the recipe has no masks. DataError where one is absent."""
        masks = self._conditioning.masks
        if masks is None or masks == INK:
            return _ink(self.read(source)) if masks else None
        path = (self._masks / source.rpartition("@")[0]).with_suffix(".png")
        if not path.is_file():
            raise DataError(f"{path}: no such mask; put one there, of its image's size, white where the object is")
        return _decoded(path).convert("L")

    def _list(self, split: str, class_id: str) -> tuple[Path, ...]:
        mine = _images_in(self._folder / self._splits[split] / class_id)
        sizes: dict[int, list[Path]] = {}
        for other, real in self._splits.items():
            for path in _images_in(self._folder / real / class_id) if other != split else ():
                sizes.setdefault(path.stat().st_size, []).append(path)
        for path in mine:
            for other_path in sizes.get(path.stat().st_size, ()):
                if _sha256(path) == _sha256(other_path):
                    raise DataError(
                        f"{path} and {other_path} are the same image: training and evaluation images must not mix;"
                        " remove one"
                    )
        return tuple(mine[place] for place in self._conditioning.chosen(len(mine), class_id))


def _decoded(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            image.load()
            return image.convert("RGB") if image.mode not in ("L", "RGB") else image.copy()
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: does not decode as an image ({str(error)[:80]}); restore that file") from None


def _ink(image: Image.Image) -> Image.Image:
    """White where white ink is, on black."""
    return image.convert("L").point(lambda level: 255 if level >= INK_LEVEL else 0)


def _images_in(folder: Path) -> tuple[Path, ...]:
    found = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted(path for path in found if path.suffix.lower() in IMAGE_SUFFIXES))


@lru_cache(maxsize=4096)
def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
