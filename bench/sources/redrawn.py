"""Two ways to redraw a real digit for a shifted test set, neither of them used to train anything.

Both are written apart from the styles that the generator learns from (`styles.py`), on purpose: a shifted
set that a training style reproduces would measure that style.
"""

import numpy as np
from contourpy import contour_generator
from PIL import Image, ImageDraw

SIDE = 32
_SCALE = 8


def outline(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 [32, 32] -> uint8 [32, 32]: the half-intensity contour of the digit, one light line of 1 to 1.8 pixels.

    The contour is traced by marching squares and drawn at eight times the size, then averaged down.
    """
    side = SIDE * _SCALE
    canvas = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(canvas)
    width = int(rng.integers(_SCALE, int(1.8 * _SCALE) + 1))
    brightness = int(rng.integers(190, 256))
    for line in contour_generator(z=image.astype(float)).lines(127.5):
        points = [tuple(point) for point in (line + 0.5) * _SCALE]
        pen.line(points, fill=brightness, width=width, joint="curve")
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX))


def ink_on_paper(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 [32, 32] -> uint8 [32, 32]: dark ink on light paper with uneven lighting and grain."""
    shade = Image.fromarray(rng.integers(0, 256, (3, 3), dtype=np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    paper = rng.uniform(190, 250) - 40 * (np.asarray(shade) / 255) + rng.normal(0, 5, (SIDE, SIDE))
    ink = rng.uniform(10, 80)
    cover = image / 255
    return np.clip(np.rint(cover * ink + (1 - cover) * paper), 0, 255).astype(np.uint8)
