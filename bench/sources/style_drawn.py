"""Styles that redraw the digit: lines, paint, cloth, stone, type.

Each is fn(image, rng) -> picture, both float [32, 32] in 0..1.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from bench.sources import brushes
from bench.sources.brushes import SIDE


def tone(ink: np.ndarray, ink_level: float, ground_level: float | np.ndarray) -> np.ndarray:
    """Ink 0..1 painted at one grey over a ground of another."""
    return np.clip(ground_level + ink * (ink_level - ground_level), 0, 1)


def placed(
    image: np.ndarray, rng: Generator, low: float = 20, high: float = 27, *, angle: float = 6, shift: float = 1.5
) -> np.ndarray:
    """The digit at a random height between `low` and `high` pixels, slightly turned and moved."""
    return brushes.refit(
        image,
        rng.uniform(low, high),
        stretch=rng.uniform(0.9, 1.15),
        angle=rng.uniform(-angle, angle),
        shear=rng.uniform(-0.1, 0.15),
        shift=tuple(rng.uniform(-shift, shift, 2)),
    )


def sketch(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A pencil outline, dark on light, with the grain of paper and sometimes hatching."""
    signed = brushes.distance(placed(image, rng, 22, 29), smooth=0.3)
    line = brushes.outline(signed, rng.uniform(0.9, 1.7), at=rng.uniform(-0.8, 0))
    if rng.random() < 0.35:
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        line = np.maximum(line, rng.uniform(0.2, 0.5) * brushes.fill(signed) * ((rows + columns) % 3 == 0))
    line = line * np.clip(0.92 + 0.14 * brushes.clouds(rng, 0.7), 0.4, 1)
    return np.clip(
        tone(line, rng.uniform(0, 0.35), rng.uniform(0.78, 1)) + rng.uniform(0, 0.03) * brushes.clouds(rng, 0), 0, 1
    )


def drawing(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A thin outline, light on dark, as chalk on a board."""
    signed = brushes.distance(placed(image, rng, 21, 29), smooth=0.3)
    line = brushes.outline(signed, rng.uniform(0.8, 2.0), at=rng.uniform(-0.9, 0))
    return tone(line, rng.uniform(0.65, 1), rng.uniform(0, 0.22))


def doodle(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A wobbly outline, either way round."""
    digit = brushes.warp(placed(image, rng, 22, 28), rng, strength=rng.uniform(0.5, 1.1), grain=4)
    signed = brushes.distance(digit, smooth=0.4)
    line = brushes.outline(signed, rng.uniform(1.1, 2.2), at=rng.uniform(-1.0, 0))
    dark = rng.random() < 0.5
    return tone(
        line, *((rng.uniform(0, 0.3), rng.uniform(0.75, 1)) if dark else (rng.uniform(0.7, 1), rng.uniform(0, 0.25)))
    )


def tattoo(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Dark ink sunk into skin of a middle grey."""
    skin = rng.uniform(0.5, 0.78) + 0.03 * brushes.clouds(rng, rng.uniform(1, 6))
    ink = ndimage.gaussian_filter(brushes.pen(placed(image, rng, 16, 26), rng, -0.2, 0.7), rng.uniform(0.3, 0.8))
    return tone(ink, rng.uniform(0.05, 0.25), skin)


def graffiti(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Bold spray on a wall of bricks or of rough concrete."""
    wall = rng.uniform(0.3, 0.6) + 0.06 * brushes.clouds(rng, rng.uniform(0.3, 1.5))
    if rng.random() < 0.6:
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        joints = (rows % 6 == 0) | ((columns + 5 * ((rows // 6) % 2)) % 10 == 0)
        wall = wall - 0.13 * joints
    ink = brushes.pen(placed(image, rng, 23, 30, angle=10), rng, 0.3, 1.2)
    ink = np.maximum(ink, 0.3 * ndimage.gaussian_filter(ink, 1.5))
    return tone(ink, rng.uniform(0.88, 1) if rng.random() < 0.6 else rng.uniform(0, 0.08), wall)


def embroidered(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Stitches: the ink broken into short diagonal threads on cloth."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    period = rng.uniform(2.6, 4.0)
    stitches = 0.5 + 0.5 * np.sin(2 * np.pi * (rows + rng.choice([-1, 1]) * columns) / period)
    cloth = rng.uniform(0.08, 0.3) + 0.05 * ((rows + columns) % 2)
    ink = brushes.pen(placed(image, rng, 22, 29), rng, 0.3, 1.0)
    picture = tone(ink * (0.5 + 0.5 * stitches), rng.uniform(0.85, 1), cloth)
    return 1 - picture if rng.random() < 0.35 else picture


def sculpture(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A relief lit from one side, cut from grey stone."""
    ink = brushes.pen(placed(image, rng, 22, 29), rng, 0.2, 1.0)
    height = ndimage.gaussian_filter(ink, rng.uniform(0.6, 1.0))
    down, right = np.gradient(height)
    light = rng.uniform(0, 2 * np.pi)
    shade = -(np.sin(light) * down + np.cos(light) * right)
    stone = rng.uniform(0.3, 0.5) + 0.02 * brushes.clouds(rng, 1)
    return np.clip(stone + rng.uniform(0.9, 1.3) * shade + rng.uniform(0.15, 0.35) * height, 0, 1)


def painting(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A thick brush whose hairs leave streaks, on a washed ground."""
    streaks = ndimage.rotate(
        ndimage.gaussian_filter(rng.standard_normal((48, 48)), (0.5, 4)), rng.uniform(0, 180), reshape=False
    )
    streaks = streaks[8:40, 8:40] / (streaks.std() + 1e-9)
    ink = brushes.pen(placed(image, rng, 21, 29), rng, 0.5, 1.2)
    ground, level = (
        (rng.uniform(0.05, 0.25), rng.uniform(0.75, 0.95))
        if rng.random() < 0.5
        else (rng.uniform(0.7, 0.9), rng.uniform(0.05, 0.3))
    )
    return np.clip(tone(ink, level, ground) + 0.07 * streaks, 0, 1)


def origami(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Folded paper: straight facets of different brightness."""
    signed = brushes.distance(placed(image, rng, 23, 29), smooth=0.2)
    seeds = rng.uniform(0, SIDE, (70, 2))
    grid = np.stack(np.mgrid[0:SIDE, 0:SIDE], -1).reshape(-1, 1, 2)
    facet = np.argmin(((grid - seeds) ** 2).sum(-1), axis=1).reshape(SIDE, SIDE)
    shade = rng.uniform(0.55, 1.0, 70)[facet]
    return np.clip(rng.uniform(0, 0.15) + brushes.fill(signed, rng.uniform(0.2, 0.9)) * shade, 0, 1)


def plushie(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Fat, soft and fuzzy."""
    signed = brushes.distance(placed(image, rng, 23, 29), smooth=0.8)
    ink = ndimage.gaussian_filter(brushes.fill(signed, rng.uniform(0.4, 0.9), soft=2.2), 0.5)
    fuzz = 1 + 0.1 * brushes.clouds(rng, 0.5)
    return np.clip(tone(ink * fuzz, rng.uniform(0.7, 0.95), rng.uniform(0.0, 0.25)), 0, 1)


def rendering(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Clean type, white on black, at many sizes and weights."""
    return brushes.pen(placed(image, rng, 15, 29, angle=2), rng, -0.4, 0.8) * rng.uniform(0.8, 1)


def rendition(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Type of any weight, either way round."""
    ink = brushes.pen(placed(image, rng, 15, 29, angle=8), rng, -0.5, 1.0)
    return (
        tone(ink, rng.uniform(0, 0.3), rng.uniform(0.7, 1))
        if rng.random() < 0.4
        else tone(ink, rng.uniform(0.7, 1), rng.uniform(0, 0.25))
    )


def toy(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Fat rounded wooden type, brightly lit."""
    signed = brushes.distance(placed(image, rng, 22, 29, angle=12), smooth=0.9)
    return tone(brushes.fill(signed, rng.uniform(0.4, 1.2)), rng.uniform(0.8, 1), rng.uniform(0.1, 0.35))


def plastic(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Smooth type with a gloss along its upper edge."""
    signed = brushes.distance(placed(image, rng, 21, 29, angle=4), smooth=0.6)
    ink = brushes.fill(signed, rng.uniform(0.2, 0.9))
    gloss = np.clip(np.roll(signed, (1, 1), (0, 1)) - signed, 0, 1) * ink
    return np.clip(tone(ink, rng.uniform(0.5, 0.75), rng.uniform(0, 0.15)) + 0.5 * gloss, 0, 1)


def video_game(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Type of square blocks, hard on black."""
    cells = int(rng.choice([11, 13, 16]))
    digit = brushes.pen(placed(image, rng, 24, 30, angle=1, shift=0.7), rng, 0.1, 0.8)
    small = _shrink(digit, cells) > 0.5
    index = np.arange(SIDE) * cells // SIDE
    return tone(small[np.ix_(index, index)].astype(float), rng.uniform(0.75, 1), rng.uniform(0, 0.12))


def cartoon(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Bold type with a heavy contour of the other tone, on grey."""
    signed = brushes.distance(placed(image, rng, 21, 27, angle=10), smooth=0.5)
    ink, contour = brushes.fill(signed, 0.5), brushes.fill(signed, rng.uniform(1.6, 2.4))
    light = rng.random() < 0.6
    edge, inside = (rng.uniform(0, 0.1), rng.uniform(0.9, 1)) if light else (rng.uniform(0.9, 1), rng.uniform(0, 0.1))
    return tone(ink, inside, tone(contour, edge, rng.uniform(0.35, 0.65)))


def _shrink(image: np.ndarray, cells: int) -> np.ndarray:
    """Means over a grid of cells x cells, float [cells, cells]."""
    fine = np.repeat(np.repeat(image, cells, 0), cells, 1)
    return fine.reshape(cells, SIDE, cells, SIDE).mean(axis=(1, 3))
