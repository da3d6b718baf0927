"""The 15 corruptions of ImageNet-C (Hendrycks & Dietterich, 2019) at 5 severities, of any image set.

By the library imagecorruptions-imaug (extra `corruptions`). As in the released set, an image larger than 224 pixels is
first resized to 256 on its shorter side and cropped to 224. An image's noise depends on its id, the corruption and
the severity alone. The library works in RGB: of a grey image, three equal channels go in and the first comes out.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from bench.core.digests import derive_seed
from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.registry import unknown

CORRUPTIONS = (
    *("gaussian-noise", "shot-noise", "impulse-noise", "defocus-blur", "glass-blur", "motion-blur", "zoom-blur"),
    *("snow", "frost", "fog", "brightness", "contrast", "elastic-transform", "pixelate", "jpeg-compression"),
)
SEVERITIES = (1, 2, 3, 4, 5)
SEEDED = ("impulse-noise", "glass-blur")  # these two draw from a seed of their own
SMALLEST, LARGEST, SHORTER = 32, 224, 256
PACKAGE = "imagecorruptions-imaug"

# The library draws from numpy's global generator: one image at a time.
_ONE_AT_A_TIME = Lock()


def why_not() -> str | None:
    """None where the library is here, else what to do."""
    return (
        None if find_spec("imagecorruptions") else 'needs imagecorruptions: pip install "imagenet-g-bench[corruptions]"'
    )


def corrupted(images: ImageSet, corruption: str, severity: int) -> ImageSet:
    """The set with every image corrupted: same ids, labels and judgement, another digest.

    UsageError for an unknown corruption or severity; DataError where the library is not installed.
    """
    if corruption not in CORRUPTIONS:
        raise UsageError(unknown(corruption, known=CORRUPTIONS, kind="corruption"))
    if severity not in SEVERITIES:
        raise UsageError(f"corruption {corruption}: expected a severity from 1 to 5, got {severity}")
    if reason := why_not():
        raise DataError(f"corruption {corruption} {reason}")
    name = f"{images.name}.{corruption}.{severity}"
    read = _Read(images.read, tuple(images.ids), corruption, severity)
    sha256 = _Digest(images.sha256, f"{corruption} {severity} {_version()}")
    return replace(images, name=name, read=read, sha256=sha256, origin=None)


def corrupt(image: Image.Image, corruption: str, severity: int, *, seed: int) -> Image.Image:
    """One image, L or RGB; DataError where it is smaller than 32 pixels."""
    import imagecorruptions

    grey = image.mode in ("1", "L", "LA", "I", "I;16")
    pixels = np.asarray(_cropped(image).convert("RGB"))
    options = {"seed": seed} if corruption in SEEDED else {}
    with _ONE_AT_A_TIME:
        before = np.random.get_state()
        np.random.seed(seed)
        try:
            name = corruption.replace("-", "_")
            done = imagecorruptions.corrupt(pixels, severity=severity, corruption_name=name, **options)
        finally:
            np.random.set_state(before)
    return Image.fromarray(done[..., 0].copy() if grey else done)


def _cropped(image: Image.Image) -> Image.Image:
    shorter = min(image.size)
    if shorter < SMALLEST:
        raise DataError(
            f"corruptions need images of at least {SMALLEST} pixels a side, got {image.width}x{image.height}"
        )
    if max(image.size) <= LARGEST:
        return image
    width, height = (max(round(side * SHORTER / shorter), LARGEST) for side in image.size)
    left, top = (width - LARGEST) // 2, (height - LARGEST) // 2
    resized = image.resize((width, height), Image.Resampling.BILINEAR)
    return resized.crop((left, top, left + LARGEST, top + LARGEST))


def _version() -> str:
    try:
        return f"{PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        return PACKAGE


@dataclass(frozen=True)
class _Read:
    """A class, because a closure cannot be pickled."""

    clean: Callable[[int], Any]
    ids: tuple[str, ...]
    corruption: str
    severity: int

    def __call__(self, i: int) -> Image.Image:
        seed = derive_seed("corruption", self.corruption, self.severity, self.ids[i])
        return corrupt(self.clean(i), self.corruption, self.severity, seed=seed)


@dataclass(frozen=True)
class _Digest:
    clean: Callable[[int], str]
    how: str

    def __call__(self, i: int) -> str:
        return hashlib.sha256(f"{self.clean(i)} {self.how}".encode()).hexdigest()
