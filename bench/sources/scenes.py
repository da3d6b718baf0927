"""Scenes of digits with boxes, 96x96: the sets of the track `digits-detect`.

Training scenes are put together from the 4,000 training digits, test scenes from the 1,000 test digits; no digit
is in both. The three shifted sets change one thing each: what drew the digits (held-out fonts), what else is on
the picture (pieces of test digits that are none), how far ink and ground are apart. `digit-scenes-type` is made
from the training fonts, for the arms that train on synthetic scenes. Everything is a function of the package data
and of the scene's id.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.boxes import BoxedImages, Boxes
from bench.core.digests import derive_seed
from bench.sources import fonts, mnist

SIDE = 96
SMALLEST, LARGEST = 16, 36  # height of a digit in pixels
MOST_DIGITS = 6
MOST_OVERLAP = 0.1  # of the smaller of two boxes
TRIES = 20
TRAIN, TYPE, TEST, SHIFTED = 2400, 2400, 400, 300
INK = 48  # grey level from which a pixel belongs to the box

Digit = Callable[[np.random.Generator], tuple[np.ndarray, int]]
Finish = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def train(data_root: Path) -> BoxedImages:
    """2,400 scenes of training digits."""
    return _scenes("digit-scenes-train", TRAIN, _written("train"))


def typeset(data_root: Path) -> BoxedImages:
    """2,400 scenes of digits from the training fonts."""
    return _scenes("digit-scenes-type", TYPE, _from_type(list(fonts.training_fonts().values())))


def test(data_root: Path) -> BoxedImages:
    """400 scenes of test digits, made as the training scenes are."""
    return _scenes("digit-scenes-test", TEST, _written("test"))


def printed(data_root: Path) -> BoxedImages:
    """300 scenes of digits from fonts that nothing is trained on."""
    return _scenes("digit-scenes-print", SHIFTED, _from_type(list(fonts.held_out_fonts().values())))


def cluttered(data_root: Path) -> BoxedImages:
    """300 scenes of test digits among pieces of other test digits."""
    return _scenes("digit-scenes-clutter", SHIFTED, _written("test"), before=_clutter)


def faint(data_root: Path) -> BoxedImages:
    """300 scenes of test digits in weaker ink on an uneven grey ground."""
    return _scenes("digit-scenes-contrast", SHIFTED, _written("test"), after=_fade)


def _scenes(
    name: str, count: int, digit: Digit, *, before: Finish | None = None, after: Finish | None = None
) -> BoxedImages:
    pixels = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    rows: list[tuple[int, tuple[int, int, int, int], int]] = []
    ids = tuple(f"{name.removeprefix('digit-scenes-')}/{index:04d}" for index in range(count))
    for index, scene_id in enumerate(ids):
        rng = np.random.default_rng(derive_seed(name, scene_id))
        canvas = pixels[index]
        if before is not None:
            canvas[:] = before(canvas, rng)
        for box, label in _placed(canvas, digit, rng):
            rows.append((index, box, label))
        canvas[:] = after(canvas, rng) if after is not None else _grain(canvas, rng)
    return BoxedImages(
        name=name,
        ids=ids,
        sizes=np.full((count, 2), SIDE, dtype=np.int64),
        truth=Boxes.of(rows),
        read=lambda i: Image.fromarray(pixels[i]),
        sha256=lambda i: hashlib.sha256(pixels[i].tobytes()).hexdigest(),
    )


def _placed(canvas: np.ndarray, digit: Digit, rng: np.random.Generator) -> list[tuple[tuple[int, int, int, int], int]]:
    """Draw 1 to MOST_DIGITS digits onto `canvas`, where they do not hide each other; their boxes and labels."""
    placed: list[tuple[tuple[int, int, int, int], int]] = []
    for _ in range(int(rng.integers(1, MOST_DIGITS + 1))):
        glyph, label = digit(rng)
        glyph = _resized(glyph, int(rng.integers(SMALLEST, LARGEST + 1)))
        height, width = glyph.shape
        for _ in range(TRIES):
            x, y = int(rng.integers(0, SIDE - width + 1)), int(rng.integers(0, SIDE - height + 1))
            box = (x, y, x + width, y + height)
            if all(_shared(box, other) <= MOST_OVERLAP for other, _ in placed):
                part = canvas[y : y + height, x : x + width]
                np.maximum(part, glyph, out=part)
                placed.append((box, label))
                break
    return placed


def _resized(glyph: np.ndarray, height: int) -> np.ndarray:
    """The ink of `glyph`, so high and in proportion (a wide one no wider than LARGEST), cut to its ink again."""
    glyph = _cut(glyph)
    scale = min(height / glyph.shape[0], LARGEST / glyph.shape[1])
    size = (max(3, round(glyph.shape[1] * scale)), max(3, round(glyph.shape[0] * scale)))
    return _cut(np.asarray(Image.fromarray(glyph).resize(size, Image.Resampling.BILINEAR)))


def _cut(glyph: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero((glyph >= INK).any(axis=axis)) for axis in (1, 0))
    return glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _shared(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """The part of the smaller box that lies in the other."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((one[2] - one[0]) * (one[3] - one[1]) for one in (a, b))
    return max(width, 0) * max(height, 0) / smaller


def _written(split: str) -> Digit:
    digits = mnist.split(split)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, int]:
        row = int(rng.integers(len(digits.labels)))
        return digits.images[row], int(digits.labels[row])

    return draw


def _from_type(files: list[Path]) -> Digit:
    glyphs = [[Image.fromarray(fonts.render(font, label, 26)) for label in range(10)] for font in files]

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, int]:
        label, font = int(rng.integers(10)), int(rng.integers(len(files)))
        angle = float(rng.uniform(-12, 12))
        return np.asarray(glyphs[font][label].rotate(angle, Image.Resampling.BICUBIC, expand=True)), label

    return draw


def _grain(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(np.rint(canvas + rng.normal(0, 6, canvas.shape)), 0, 255).astype(np.uint8)


def _clutter(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """8 to 14 pieces of test digits, 6 to 10 pixels square: strokes, no digit among them."""
    digits, made = mnist.test().images, canvas.copy()
    for _ in range(int(rng.integers(8, 15))):
        side = int(rng.integers(6, 11))
        y, x = (int(at) for at in rng.integers(6, 26 - side, 2))
        piece = digits[int(rng.integers(len(digits)))][y : y + side, x : x + side]
        top, left = (int(at) for at in rng.integers(0, SIDE - side + 1, 2))
        part = made[top : top + side, left : left + side]
        np.maximum(part, piece, out=part)
    return made


def _fade(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink 80 to 160 grey levels above an uneven, dark grey ground.

    Weaker or dark ink is found by nobody who was trained on white on black, so that it would tell no two apart.
    """
    shade = Image.fromarray(rng.integers(0, 256, (3, 3), dtype=np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    ground = rng.uniform(0, 60) + 30 * (np.asarray(shade) / 255 - 0.5)
    faded = ground + canvas / 255 * rng.uniform(80, 160) + rng.normal(0, 4, canvas.shape)
    return np.clip(np.rint(faded), 0, 255).astype(np.uint8)
