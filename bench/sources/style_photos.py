"""Styles of photographs: light, framing and damage.

Each is fn(image, rng) -> picture, both float [32, 32] in 0..1.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from bench.sources import brushes
from bench.sources.brushes import SIDE
from bench.sources.style_drawn import placed, tone


def plain(image: np.ndarray, rng: Generator) -> np.ndarray:
    """The digit as it was written, at most slightly moved and turned."""
    return brushes.jitter(image, rng)


def _either_way(ink: np.ndarray, rng: Generator, light_ground: float) -> np.ndarray:
    if rng.random() < light_ground:
        return tone(ink, rng.uniform(0, 0.3), rng.uniform(0.7, 1))
    return tone(ink, rng.uniform(0.7, 1), rng.uniform(0, 0.2))


def bright(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Dark ink on light ground, unevenly lit."""
    ground = rng.uniform(0.75, 1) + rng.uniform(0, 0.05) * brushes.clouds(rng, 8)
    return tone(brushes.pen(placed(image, rng, 16, 27), rng), rng.uniform(0, 0.45), ground)


def clean(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Black ink on white paper."""
    return tone(brushes.pen(placed(image, rng, 18, 27), rng), rng.uniform(0, 0.15), rng.uniform(0.9, 1))


def dark(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Little light."""
    return tone(brushes.pen(placed(image, rng, 18, 26), rng, -0.2, 0.6), rng.uniform(0.25, 0.5), rng.uniform(0, 0.06))


def black_and_white(image: np.ndarray, rng: Generator) -> np.ndarray:
    """No grey at all, either way round."""
    ink = (brushes.pen(placed(image, rng, 18, 28), rng, 0, 0.8) > 0.5).astype(float)
    return 1 - ink if rng.random() < 0.5 else ink


def blurry(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Out of focus."""
    ink = ndimage.gaussian_filter(brushes.pen(placed(image, rng, 21, 30), rng, 0, 0.8), rng.uniform(0.9, 1.9))
    return _either_way(np.clip(ink / ink.max(), 0, 1), rng, 0.25)


def _cells(image: np.ndarray, cells: int) -> np.ndarray:
    """Means over a grid of cells x cells, float [cells, cells]."""
    fine = np.repeat(np.repeat(image, cells, 0), cells, 1)
    return fine.reshape(cells, SIDE, cells, SIDE).mean(axis=(1, 3))


def pixelated(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Visible square pixels, 8 to 15 a side."""
    cells = int(rng.integers(8, 16))
    tall = rng.uniform(26, 32) if cells < 11 else rng.uniform(22, 31)
    ink = brushes.pen(brushes.refit(image, tall, stretch=rng.uniform(0.9, 1.35), angle=rng.uniform(-6, 6)), rng, 0, 1.0)
    index = np.arange(SIDE) * cells // SIDE
    return _either_way(_stretch(_cells(ink, cells))[np.ix_(index, index)], rng, 0.2)


def low_resolution(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Scanned at 8 to 13 pixels a side, then enlarged smoothly."""
    cells = int(rng.integers(8, 14))
    tall = rng.uniform(27, 33) if cells < 10 else rng.uniform(21, 32)
    ink = brushes.pen(brushes.refit(image, tall, stretch=rng.uniform(0.9, 1.4), angle=rng.uniform(-8, 8)), rng, 0, 1.1)
    small = Image.fromarray(_stretch(_cells(ink, cells)).astype(np.float32))
    method = Image.Resampling.BICUBIC if rng.random() < 0.5 else Image.Resampling.BILINEAR
    return _either_way(np.clip(np.asarray(small.resize((SIDE, SIDE), method), float), 0, 1), rng, 0.2)


def _stretch(ink: np.ndarray) -> np.ndarray:
    return np.clip(ink / max(float(ink.max()), 0.5), 0, 1)


def jpeg_corrupted(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Saved as JPEG at quality 3 to 10."""
    picture = _either_way(brushes.pen(placed(image, rng, 21, 29), rng, 0, 0.9), rng, 0.3)
    buffer = io.BytesIO()
    Image.fromarray((255 * picture).astype(np.uint8)).save(buffer, "JPEG", quality=int(rng.integers(3, 11)))
    return np.asarray(Image.open(buffer), float) / 255


def bad(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Noise, blur and poor contrast at once."""
    ink = ndimage.gaussian_filter(brushes.pen(placed(image, rng, 19, 28), rng, 0, 0.8), rng.uniform(0.3, 1.0))
    level, ground = rng.uniform(0.6, 0.95), rng.uniform(0, 0.3)
    if rng.random() < 0.3:
        level, ground = ground, level
    return np.clip(tone(ink, level, ground) + rng.uniform(0.05, 0.13) * brushes.clouds(rng, rng.choice([0, 0.6])), 0, 1)


def hard_to_see(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Low contrast, either way round."""
    ground = rng.uniform(0.25, 0.7)
    contrast = rng.choice([-1, 1]) * rng.uniform(0.17, 0.3)
    ink = brushes.pen(placed(image, rng, 20, 28), rng, 0, 0.8)
    return np.clip(ground + contrast * ink + 0.015 * brushes.clouds(rng, 0), 0, 1)


def dirty(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Blotches and specks over ink and ground."""
    picture = _either_way(brushes.pen(placed(image, rng, 20, 27), rng, 0, 0.7), rng, 0.45)
    blotches = np.clip(brushes.clouds(rng, rng.uniform(1.5, 3)) - 1.2, 0, 1)
    picture = picture + (0.45 - picture) * np.clip(blotches, 0, 0.65)
    specks = rng.random((SIDE, SIDE)) < rng.uniform(0.01, 0.05)
    return np.where(specks, rng.uniform(0, 1, (SIDE, SIDE)), picture)


def cropped(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Too close and off the middle, so that a little is cut off."""
    digit = brushes.refit(
        image,
        rng.uniform(29, 36),
        stretch=rng.uniform(0.9, 1.25),
        angle=rng.uniform(-6, 6),
        shift=tuple(rng.uniform(-3, 3, 2)),
    )
    return _either_way(brushes.pen(digit, rng, -0.2, 1.0), rng, 0.2)


def close_up(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Fills the frame with a thick stroke."""
    digit = brushes.refit(image, rng.uniform(28, 33), stretch=rng.uniform(0.9, 1.3), angle=rng.uniform(-8, 8))
    return _either_way(brushes.pen(digit, rng, 0.4, 1.6), rng, 0.2)


def large(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Fills the frame with a stroke of any weight."""
    digit = brushes.refit(image, rng.uniform(28, 32), stretch=rng.uniform(1.0, 1.4), angle=rng.uniform(-6, 6))
    return _either_way(brushes.pen(digit, rng, -0.6, 1.0), rng, 0.2)


def small(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A digit of 11 to 16 pixels, somewhere about the middle."""
    digit = brushes.refit(image, rng.uniform(11, 16), angle=rng.uniform(-5, 5), shift=tuple(rng.uniform(-5, 5, 2)))
    return _either_way(np.clip(digit * rng.uniform(1.1, 1.5), 0, 1), rng, 0.25)


def many(image: np.ndarray, rng: Generator) -> np.ndarray:
    """The digit with faint small copies of itself around it."""
    picture = np.zeros((SIDE, SIDE))
    for corner in rng.permutation([(-11, -11), (-11, 11), (11, -11), (11, 11)])[: int(rng.integers(2, 5))]:
        copy = brushes.refit(image, rng.uniform(7, 9.5), shift=tuple(corner + rng.uniform(-1, 1, 2)))
        picture = np.maximum(picture, rng.uniform(0.35, 0.6) * copy)
    return np.maximum(picture, brushes.pen(placed(image, rng, 17, 21, shift=1), rng, -0.2, 0.4))


def cool(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Strongly slanted and bold."""
    digit = brushes.refit(image, rng.uniform(22, 27), shear=rng.uniform(0.3, 0.55), angle=rng.uniform(-4, 4))
    return _either_way(brushes.pen(digit, rng, 0, 1.0), rng, 0.2)


def nice(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Smooth, round and even."""
    signed = brushes.distance(placed(image, rng, 20, 27, angle=3), smooth=1.0)
    return _either_way(brushes.fill(signed, rng.uniform(0.4, 1.0), soft=1.4), rng, 0.2)


def weird(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Bent out of shape, yet legible."""
    digit = brushes.warp(placed(image, rng, 21, 27, angle=15), rng, strength=rng.uniform(1.0, 1.6), grain=4.5)
    return _either_way(brushes.pen(digit, rng, 0, 0.7), rng, 0.2)
