"""Digits that the user has, or allows to be downloaded, through torchvision's own loaders.

They are looked for in `<data root>/torchvision`. Nothing is downloaded unless the environment says
BENCH_DOWNLOAD=1; without the files a DataError says which set, where it belongs and how to get it.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.errors import DataError
from bench.core.images import ImageSet


def qmnist(data_root: Path) -> ImageSet:
    """QMNIST's 50,000 recovered test digits that MNIST never used: the V2 of this track (Yadav and Bottou, 2019)."""
    return _open("qmnist", data_root, lambda tv, root, get: tv.QMNIST(root, what="test50k", compat=True, download=get))


def usps(data_root: Path) -> ImageSet:
    """The 2,007 USPS test digits, 16x16 (Hull, 1994)."""
    return _open("usps", data_root, lambda tv, root, get: tv.USPS(root, train=False, download=get))


def svhn(data_root: Path) -> ImageSet:
    """The 26,032 SVHN test digits: house numbers, cropped, 32x32 colour (Netzer et al., 2011)."""
    return _open("svhn", data_root, lambda tv, root, get: tv.SVHN(root, split="test", download=get))


def _open(name: str, data_root: Path, build: Callable) -> ImageSet:
    folder = data_root / "torchvision" / name
    allowed = os.environ.get("BENCH_DOWNLOAD") == "1"
    try:
        if not allowed and not folder.is_dir():
            # Said before torchvision is imported, which takes seconds.
            raise FileNotFoundError(folder)
        from torchvision import datasets

        data = build(datasets, str(folder), allowed)
    except (RuntimeError, FileNotFoundError, OSError) as error:
        hint = f"download failed ({error})" if allowed else "put torchvision's files there or set BENCH_DOWNLOAD=1"
        raise DataError(f"{name}: not found in {folder}: {hint}") from None
    labels = np.array([int(label) for label in getattr(data, "labels", getattr(data, "targets", []))], dtype=np.int64)

    def read(i: int) -> Image.Image:
        return data[i][0].convert("L").resize((32, 32), Image.Resampling.BICUBIC)

    return ImageSet(
        name=name,
        ids=tuple(f"{name}/{row:05d}" for row in range(len(data))),
        labels=labels,
        read=read,
        sha256=lambda i: hashlib.sha256(read(i).tobytes()).hexdigest(),
    )
