"""Images to bytes and back, and the two hashes that identify them."""

import hashlib
import io

import imagehash
from PIL import Image, UnidentifiedImageError

from bench.core.errors import DataError
from bench.core.recipe import Encoding

EXTENSION = {"png": ".png", "jpeg": ".jpg"}


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
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{what}: not a readable image ({str(error)[:80]})") from None
    return image


def sha256_hex(data: bytes | memoryview) -> str:
    """64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def perceptual_hash(image: Image.Image) -> str:
    """16 hex digits: the 64-bit pHash (the signs of the low 8 x 8 of a DCT of 32 x 32), as ImageHash has it."""
    return str(imagehash.phash(image))


def bits_apart(left: str, right: str) -> int:
    """The Hamming distance of two perceptual hashes, 0 to 64."""
    return (int(left, 16) ^ int(right, 16)).bit_count()
