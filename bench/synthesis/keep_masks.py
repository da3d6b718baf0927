"""Which pixels of a picture are kept, and which are drawn anew (methods.md 16.3, 16.4): 1 keeps, 0 erases.

`boxes` are (left, top, right, bottom) in pixels, the right and bottom edge outside. All randomness is the generator's.
"""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from bench.core.errors import DataError

Box = tuple[int, int, int, int]
SPREAD = 0.32
"""The deviation of r, of which a pixel at distance D is kept where D < r."""


def box(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Erases one box of half the picture's sides, anywhere but in a margin of 1/32."""
    keep, (height, width) = np.ones(size), size
    top, left = (int(rng.integers(side // 32, side - side // 32 - side // 2 + 1)) for side in (height, width))
    keep[top : top + height // 2, left : left + width // 2] = 0
    return keep


def random(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Erases exactly int(p H W) pixels, p uniform between 0.3 and 0.7."""
    count = size[0] * size[1]
    keep = np.ones(count)
    keep[rng.permutation(count)[: int(rng.uniform(0.3, 0.7) * count)]] = 0
    return keep.reshape(size)


def outpainting(size: tuple[int, int], boxes: Sequence[Box]) -> np.ndarray:
    """Keeps the boxes, erases all else."""
    keep = np.zeros(size)
    for left, top, right, bottom in boxes:
        keep[top:bottom, left:right] = 1
    return keep


def random_outpainting(size: tuple[int, int], boxes: Sequence[Box], rng: np.random.Generator) -> np.ndarray:
    """As the code has it: keeps the boxes, and of the rest the fewer pixels the further away (D < r, r normal)."""
    return np.maximum(outpainting(size, boxes), random_entire(size, boxes, rng))


def random_entire(size: tuple[int, int], boxes: Sequence[Box], rng: np.random.Generator) -> np.ndarray:
    """The same without protecting the boxes: inside, where D is 0, half the pixels are kept."""
    return (_distance(size, boxes) < rng.normal(0, SPREAD, size)).astype(float)


def random_outpainting_text(size: tuple[int, int], boxes: Sequence[Box], rng: np.random.Generator) -> np.ndarray:
    """As the document's words have it: pixels nearer a box, and first those inside, are the likelier to be erased."""
    return 1 - random_entire(size, boxes, rng)


def erasing(size: tuple[int, int], boxes: Sequence[Box], rng: np.random.Generator) -> np.ndarray:
    """Erases in each box a rectangle of 0.2 to 0.8 of its sides, at 0.2 to 0.8 of the room that this leaves."""
    keep = np.ones(size)
    for left, top, right, bottom in boxes:
        height, width = (int(rng.uniform(0.2, 0.8) * side) for side in (bottom - top, right - left))
        y = top + int(rng.uniform(0.2, 0.8) * (bottom - top - height))
        x = left + int(rng.uniform(0.2, 0.8) * (right - left - width))
        keep[y : y + height, x : x + width] = 0
    return keep


def boxes_of(mask: np.ndarray, *, margin: int) -> list[Box]:
    """The box about the white part of a mask bool [h, w], grown by `margin` pixels; none where nothing is white."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    return [(left, top, min(mask.shape[1], int(columns[-1]) + 1 + margin), min(len(mask), int(rows[-1]) + 1 + margin))]


def _distance(size: tuple[int, int], boxes: Sequence[Box]) -> np.ndarray:
    """Float [h, w]: Euclidean distance to the nearest pixel of a box, over the largest; DataError where that is 0."""
    far = distance_transform_edt(1 - outpainting(size, boxes))
    if not boxes or far.max() == 0:
        what = "no box" if not boxes else "boxes that cover the whole image"
        raise DataError(f"psld: {what}: nothing is outside; give a smaller margin, or another operator than this one")
    return np.asarray(far / far.max())
