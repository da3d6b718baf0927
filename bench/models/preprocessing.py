"""How an image becomes the input of a model: mode, size, normalisation; written on the card, never guessed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from bench.core.errors import UsageError
from bench.core.registry import unknown

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
CHANNELS = {"L": 1, "RGB": 3}
REQUIRED = ("mode", "size", "mean", "std", "interpolation")
KEYS = (*REQUIRED, "resize", "fit")
FITS = ("crop", "squash")
LARGEST = 4096


@dataclass(frozen=True)
class Preprocessing:
    """Convert to `mode`; resize to `resize` (default: `size`) and crop the centre; scale to 0..1; (x - mean) / std.

    `fit`: `crop` resizes the shorter side and keeps the shape, `squash` makes a square. Lengths and
    offsets are rounded as torchvision's `Resize` and `CenterCrop` do. An image that has mode and size
    already keeps its pixels. `mean` and `std`: one number a channel.
    """

    mode: str
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    resize: int | None = None
    fit: str = "crop"

    @classmethod
    def read(cls, said: Mapping[str, str], *, where: str) -> "Preprocessing":
        """From the texts of a checkpoint's metadata or of the options; UsageError for what is missing or wrong."""
        missing = [key for key in REQUIRED if key not in said]
        if missing:
            raise UsageError(
                f"{where}: does not say how its input is prepared: missing {', '.join(missing)}; give it as"
                " ?mode=RGB&size=224&mean=0.485,0.456,0.406&std=0.229,0.224,0.225&interpolation=bicubic"
            )
        for key, known in (("mode", CHANNELS), ("interpolation", INTERPOLATIONS), ("fit", FITS)):
            if said.get(key, "crop") not in known:
                raise UsageError(f"{where}: {unknown(said[key], known=known, kind=key)}")
        channels = CHANNELS[said["mode"]]
        size, resize = (_pixels(said.get(key, said["size"]), where=f"{where}: {key}") for key in ("size", "resize"))
        if resize < size:
            raise UsageError(f"{where}: resize: expected at least the size {size}, got {resize}")
        mean, std = (_numbers(said[key], channels, where=f"{where}: {key}") for key in ("mean", "std"))
        if min(std) <= 0:
            raise UsageError(f"{where}: std: expected numbers above 0, got {said['std']!r}")
        fit = said.get("fit", "crop")
        return cls(said["mode"], size, mean, std, said["interpolation"], resize if resize > size else None, fit)

    @property
    def said(self) -> dict[str, str]:
        """The texts that `read` takes, for a checkpoint's metadata."""
        return {key: str(value) for key, value in self.card.items()}

    @property
    def card(self) -> dict[str, str | int | float]:
        """The entry of the score card."""
        return {
            "mode": self.mode,
            "size": self.size,
            "mean": ",".join(f"{value!r}" for value in self.mean),
            "std": ",".join(f"{value!r}" for value in self.std),
            "interpolation": self.interpolation,
            **({} if self.resize is None else {"resize": self.resize}),
            **({} if self.fit == "crop" else {"fit": self.fit}),
        }

    def pixels(self, images: Sequence[Any]) -> np.ndarray:
        """uint8 [n, size, size] (mode L) or [n, size, size, 3] (RGB) of PIL images."""
        return np.stack([np.asarray(self._fit(image)) for image in images])

    def _fit(self, image: Any) -> Any:
        image = image if image.mode == self.mode else image.convert(self.mode)
        width, height = image.size
        side, shorter = self.resize or self.size, min(width, height)
        wide = (int(side * width / shorter), int(side * height / shorter)) if self.fit == "crop" else (side, side)
        if image.size != wide:
            image = image.resize(wide, INTERPOLATIONS[self.interpolation])
        left, top = (round((length - self.size) / 2) for length in wide)
        return image if wide == (self.size,) * 2 else image.crop((left, top, left + self.size, top + self.size))


def _pixels(text: str, *, where: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST:
        raise UsageError(f"{where}: expected whole pixels from 1 to {LARGEST}, got {text!r}")
    return int(text)


def _numbers(text: str, channels: int, *, where: str) -> tuple[float, ...]:
    """`0.5` or `0.485,0.456,0.406`: one a channel, or one for all."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
        json.dumps(numbers, allow_nan=False)
    except ValueError:
        raise UsageError(f"{where}: expected numbers such as 0.5 or 0.485,0.456,0.406, got {text!r}") from None
    if len(numbers) not in (1, channels):
        raise UsageError(f"{where}: expected 1 or {channels} numbers, got {len(numbers)}")
    return numbers * (channels if len(numbers) == 1 else 1)
