"""When two pictures look the same: few bits between their perceptual hashes, and little between their pixels.

A hash alone confuses small or plain pictures; pixels alone are fooled by a shift of light. Both together
find copies through another encoding, size or slight noise, and tell new pictures of one thing apart.
"""

from collections.abc import Iterable
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image
from pydantic import Field

from bench.core.record import Record

SIDE = 32


class Alike(Record):
    """`bits`: at most so many of 64 hash bits differ; `difference`: mean |a - b| of grey 32 x 32, 0 to 255."""

    bits: int = Field(default=6, ge=0, le=64)
    difference: float = Field(default=8.0, ge=0, le=255)


class Look(NamedTuple):
    """How pictures look: hashes uint64 [n] and grey thumbnails uint8 [n, 32 * 32]."""

    hashes: np.ndarray
    thumbnails: np.ndarray


def look(images: Iterable[Image.Image]) -> Look:
    """The look of each image."""
    hashes, thumbnails = [], []
    for image in images:
        hashes.append(int(str(imagehash.phash(image)), 16))
        small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        thumbnails.append(np.asarray(small).reshape(-1))
    return Look(np.array(hashes, np.uint64), np.array(thumbnails, np.uint8).reshape(-1, SIDE * SIDE))


def least_difference(one: Look, others: Look, bits: int) -> float:
    """The least mean |a - b| between a single picture and those of `others` within `bits`; infinite for none."""
    near = np.bitwise_count(others.hashes ^ one.hashes[0]) <= bits
    if not near.any():
        return float("inf")
    apart = np.abs(others.thumbnails[near].astype(np.int16) - one.thumbnails[0]).mean(axis=1)
    return float(apart.min())
