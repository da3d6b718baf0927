"""Pictures with their boxes: hits, misses and false finds, told apart by colour and by line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from bench.core.boxes import Boxes
from bench.reports.contact_sheet import GAP, png, words
from bench.reports.series import GREEN, ORANGE, VERMILLION

ACROSS, TILE = 4, 288
DASH = 5


@dataclass(frozen=True)
class Seen:
    """One image with its truth, which of it was hit (bool), what was found, and which of that is right (bool)."""

    image: Image.Image
    truth: Boxes
    hit: np.ndarray
    found: Boxes
    right: np.ndarray


def detection_sheet(seen: Sequence[Seen], *, names: Sequence[str]) -> bytes:
    """A PNG on any ground: hits with a full line and their class, false finds with a double one, misses dashed."""
    down = -(-len(seen) // ACROSS)
    canvas = Image.new("RGBA", (ACROSS * (TILE + GAP) - GAP, down * (TILE + GAP) - GAP))
    for place, one in enumerate(seen):
        canvas.paste(_with_boxes(one, names), (place % ACROSS * (TILE + GAP), place // ACROSS * (TILE + GAP)))
    return png(canvas)


def _with_boxes(one: Seen, names: Sequence[str]) -> Image.Image:
    scale = TILE / max(one.image.size)
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    size = (max(1, round(one.image.width * scale)), max(1, round(one.image.height * scale)))
    tile = Image.new("RGBA", (TILE, TILE))
    tile.paste(one.image.convert("RGB").resize(size, how))
    pen = ImageDraw.Draw(tile)
    for corners, label, hit in zip(one.truth.corners * scale, one.truth.label, one.hit, strict=True):
        if not hit:
            _dashed(pen, corners, ORANGE)
            _name(pen, (corners[0] + 3, corners[3] - 16), names[label], ORANGE)
    for corners, label, right in zip(one.found.corners * scale, one.found.label, one.right, strict=True):
        colour = GREEN if right else VERMILLION
        x1, y1, x2, y2 = corners
        pen.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=colour, width=2)
        if not right and min(x2 - x1, y2 - y1) > 12:
            pen.rectangle((x1 + 4, y1 + 4, x2 - 5, y2 - 5), outline=colour)
        _name(pen, (x1 + 3, max(0, y1 - 15)), names[label], colour)
    return tile


def _name(pen: ImageDraw.ImageDraw, at: tuple[float, float], name: str, colour: str) -> None:
    words(pen, (int(at[0]), int(at[1])), name, limit=16, colour=colour)


def _dashed(pen: ImageDraw.ImageDraw, corners: np.ndarray, colour: str) -> None:
    x1, y1, x2, y2 = (float(one) for one in corners)
    for start in np.arange(x1, x2, 2 * DASH):
        for y in (y1, y2 - 1):
            pen.line((start, y, min(start + DASH, x2), y), fill=colour, width=2)
    for start in np.arange(y1, y2, 2 * DASH):
        for x in (x1, x2 - 1):
            pen.line((x, start, x, min(start + DASH, y2)), fill=colour, width=2)
