"""Images to bytes and back, and the two hashes that identify them."""

import hashlib
import io
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from bench.core.errors import DataError
from bench.core.recipe import Encoding

EXTENSION = {"png": ".png", "jpeg": ".jpg"}
Likeness = Literal["identical", "perceptually identical", "drifted"]
# Two images look alike when at most this many of the 64 bits of their perceptual hashes differ (unrelated ones
# differ in about half), and their pixels by at most this share of the range on average: five of 255 levels.
ALIKE_BITS = 10
ALIKE_PIXELS = 0.02
# The first 8 of 32 basis functions of the DCT-II.
_COSINES = np.cos(np.pi * np.arange(8)[:, None] * (np.arange(32) + 0.5) / 32)


def encode(image: Image.Image, encoding: Encoding) -> bytes:
    """The image file's bytes. They depend on the version of Pillow, which the lock therefore names."""
    buffer = io.BytesIO()
    if encoding.format == "png":
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=encoding.quality or 95)
    return buffer.getvalue()


def decode(data: bytes, *, what: str) -> Image.Image:
    """The image in `data`, loaded; bytes that are none are a DataError naming `what`."""
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except UnidentifiedImageError:
        raise DataError(f"{what}: not a readable image (no format that Pillow knows)") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{what}: not a readable image ({str(error)[:80]})") from None
    return image


def sha256_hex(data: bytes | memoryview) -> str:
    """64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def perceptual_hash(image: Image.Image) -> str:
    """16 hex digits: the 64-bit pHash (the signs of the low 8 x 8 of a DCT of 32 x 32), as ImageHash has it."""
    pixels = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
    low = _COSINES @ pixels @ _COSINES.T
    return np.packbits(low > np.median(low)).tobytes().hex()


def bits_apart(left: str, right: str) -> int:
    """The Hamming distance of two perceptual hashes, 0 to 64."""
    return (int(left, 16) ^ int(right, 16)).bit_count()


def likeness(before: bytes, now: bytes, *, what: str) -> Likeness:
    """Of two encoded images: identical bytes; or alike by perceptual hash and by mean pixel difference; or drifted."""
    if before == now:
        return "identical"
    one, other = decode(before, what=what), decode(now, what=what)
    near = bits_apart(perceptual_hash(one), perceptual_hash(other)) <= ALIKE_BITS
    return "perceptually identical" if near and pixels_apart(one, other) <= ALIKE_PIXELS else "drifted"


def pixels_apart(one: Image.Image, other: Image.Image) -> float:
    """The mean absolute difference of all pixel values as a fraction of their range; 1 for images of other sizes."""
    if (one.size, one.mode) != (other.size, other.mode):
        return 1.0
    left, right = (np.asarray(image, dtype=np.float32) for image in (one, other))
    return float(np.abs(left - right).mean() / 255)
