"""When two pictures are the same picture: few bits between their perceptual hashes, and pixels that go together.

A hash alone confuses small or plain pictures, and so do plain differences of pixels: on 1,000 MNIST digits against
4,000 others, the defaults below find no copy, and find every digit again after JPEG, noise, another size or light.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image
from pydantic import Field
from scipy.fft import dctn

from bench.core.record import Record

SIDE = 32


class Alike(Record):
    """`bits`: at most so many of 64 hash bits differ; `difference`: 1 - r of grey 32 x 32 thumbnails, at most."""

    bits: int = Field(default=6, ge=0, le=64)
    difference: float = Field(default=0.02, ge=0, le=2)


class Look(NamedTuple):
    """How pictures look: hashes uint64 [n] and grey thumbnails uint8 [n, 32 * 32]."""

    hashes: np.ndarray
    thumbnails: np.ndarray


def look(images: Iterable[Image.Image]) -> Look:
    """The look of each image; hashes are the 64-bit pHash of ImageHash, for many images at once."""
    greys = [image.convert("L") for image in images]
    large = _squares(greys, Image.Resampling.LANCZOS).astype(np.float64)
    low = dctn(large, axes=(1, 2))[:, :8, :8].reshape(-1, 64)
    signs = low > np.median(low, axis=1, keepdims=True)
    hashes = np.packbits(signs, axis=1).view(">u8").astype(np.uint64).reshape(-1)
    return Look(hashes, _squares(greys, Image.Resampling.BILINEAR).reshape(-1, SIDE * SIDE))


def _squares(greys: list[Image.Image], how: Image.Resampling) -> np.ndarray:
    small = [np.asarray(grey.resize((SIDE, SIDE), how)) for grey in greys]
    return np.array(small, np.uint8).reshape(-1, SIDE, SIDE)


def difference(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float64 [n]: 1 - Pearson's r of thumbnails uint8 [n, p], row by row; plain ones go with plain ones alone."""
    a, b = (one - one.mean(axis=1, keepdims=True) for one in (left.astype(np.float64), right.astype(np.float64)))
    spread = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    plain = ~a.any(axis=1) & ~b.any(axis=1)
    r = np.divide((a * b).sum(axis=1), spread, out=plain.astype(np.float64), where=spread > 0)
    return np.clip(1 - r, 0, 2)


def least_difference(one: Look, others: Look, bits: int) -> float:
    """The least difference between a single picture and those of `others` within `bits`; infinite for none."""
    near = np.bitwise_count(others.hashes ^ one.hashes[0]) <= bits
    if not near.any():
        return float("inf")
    known = others.thumbnails[near]
    return float(difference(np.broadcast_to(one.thumbnails, known.shape), known).min())
