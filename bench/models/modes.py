"""Every image to one mode, by a rule that the card states: nothing is clipped or dropped in silence."""

from typing import Any

import numpy as np
from PIL import Image

from bench.core.errors import DataError

RULE = "grey, palette and CMYK as Pillow converts them; transparency on white; 16-bit grey divided by 257"
_SIXTEEN = ("I;16", "I;16L", "I;16B", "I;16N")
_PLAIN = ("1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV")


def to_mode(image: Any, mode: str) -> Any:
    """`image` (PIL) in `mode` L or RGB by RULE; DataError for 32-bit and floating-point images."""
    if image.mode == mode and "transparency" not in image.info:
        return image
    if image.mode in _SIXTEEN or (image.mode == "I" and image.format == "PNG"):
        image = Image.fromarray((np.asarray(image, dtype=np.uint32) // 257).astype(np.uint8))
    elif image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        opaque = Image.new("RGBA", image.size, "white")
        opaque.alpha_composite(image.convert("RGBA"))
        image = opaque.convert("RGB")
    elif image.mode not in _PLAIN:
        raise DataError(f"image mode {image.mode!r}: expected at most 16 bits a channel; save it as 8-bit PNG or JPEG")
    return image.convert(mode)
