"""Trees of small images, laid out as the real ImageNet sets are."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.record import parse
from bench.core.track import Track
from bench.pipelines.track_files import load_track


def draw(path: Path, value: int = 0, size: tuple[int, int] = (12, 10)) -> None:
    """One small noisy image, different for each `value`; the format by the path's ending."""
    pixels = np.random.default_rng(value).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG" if path.suffix.lower() == ".png" else "JPEG")


def plant(root: Path, folders: Iterable[str], per_folder: int = 1, name: str = "image_{}.JPEG") -> Path:
    """`per_folder` images in each folder; `{}` in the name is the image's number over the whole tree."""
    number = 0
    for folder in folders:
        for _ in range(per_folder):
            number += 1
            draw(root / folder / name.format(number), number)
    return root


def without_counts(track: Track) -> Track:
    """The track for trees smaller than the real sets: nothing is expected of their counts."""
    data = track.model_dump(mode="json")
    for spec in data["sets"].values():
        spec["expect"] = {}
    return parse(Track, data, where=track.name)


def imagenet() -> Track:
    """The shipped track, for small trees."""
    return without_counts(load_track("imagenet"))


def photo_track(**changes) -> dict:
    """What a user's own track file says: an in-distribution set and a shifted one on two folders."""
    sets = {
        "photo": {"folder": "photos", "map": {"dog": {"range": [151, 268]}, "guitar": [402, 546]}},
        "art": {"folder": "art", "map": {"dog": {"range": [151, 268]}, "guitar": [402, 546]}, "restrict": True},
    }
    return {
        "name": "pets",
        "classes": "imagenet-1k",
        "in_distribution": "photo",
        "headline": {"metric": "top1", "sets": ["art"]},
        "sets": sets,
    } | changes
