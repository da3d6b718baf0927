"""Strips of pictures for light and dark pages."""

import base64
import io

import numpy as np
from PIL import Image, ImageColor

from bench.reports.contact_sheet import png
from bench.reports.series import PAPER


def on_any_ground(strip: str) -> bytes:
    """A strip (base64 PNG) with the paper between its pictures, and in places without one, made transparent."""
    image = Image.open(io.BytesIO(base64.b64decode(strip))).convert("RGBA")
    pixels = np.array(image)
    # A picture has no column of exactly the paper's colour from top to bottom but by chance.
    empty = (pixels[..., :3] == ImageColor.getrgb(PAPER)).all(axis=(0, 2))
    pixels[:, empty, 3] = 0
    return png(Image.fromarray(pixels))
