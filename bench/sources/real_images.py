"""Real images on the user's disk, `<folder>/<split>/<class id>/*`, for methods that start from one."""

import hashlib
from functools import lru_cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from bench.core.errors import DataError
from bench.core.real_images import Conditioning
from bench.sources.real_counts import IMAGE_SUFFIXES


class RealImages:
    """The images that a recipe's `conditioning` names, under a data root; slot n takes the n-th by name."""

    def __init__(self, data_root: Path, conditioning: Conditioning) -> None:
        self._folder = data_root / conditioning.folder
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
        path = files[slot % len(files)]
        return f"{path.relative_to(self._folder).as_posix()}@{_sha256(path)}"

    def read(self, source: str) -> Image.Image:
        """The image of a `source`; DataError where it has changed, or does not decode."""
        name, _, sha256 = source.rpartition("@")
        path = self._folder / name
        if _sha256(path) != sha256:
            raise DataError(f"{path}: changed while images were made from it; run the command again")
        try:
            with Image.open(path) as image:
                image.load()
                return image.convert("RGB") if image.mode not in ("L", "RGB") else image.copy()
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
            raise DataError(f"{path}: does not decode as an image ({str(error)[:80]}); restore that file") from None

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
        return mine


def _images_in(folder: Path) -> tuple[Path, ...]:
    found = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted(path for path in found if path.suffix.lower() in IMAGE_SUFFIXES))


@lru_cache(maxsize=4096)
def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
