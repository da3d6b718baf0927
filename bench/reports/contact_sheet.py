"""Pictures beside each other, with words: contact sheets, and pairs that a reader should compare."""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont

from bench.reports.plain_text import one_line, shorten
from bench.reports.series import INK, MUTED, PAPER

GAP, MARGIN, LINE = 6, 16, 18
SMALL = 12


def contact_sheet(rows: Sequence[tuple[str, Sequence[Image.Image]]], *, tile: int = 72) -> bytes:
    """A PNG with a row of pictures for each name, in their order; equal pictures give equal bytes."""
    width = max((len(images) for _, images in rows), default=1)
    names = 150
    canvas = Image.new("RGB", (2 * MARGIN + names + width * (tile + GAP), 2 * MARGIN + len(rows) * (tile + GAP)), PAPER)
    pen = ImageDraw.Draw(canvas)
    for row, (name, images) in enumerate(rows):
        top = MARGIN + row * (tile + GAP)
        words(pen, (MARGIN, top + tile // 2 - LINE // 2), name, limit=20)
        for column, image in enumerate(images):
            canvas.paste(fitted(image, tile), (MARGIN + names + column * (tile + GAP), top))
    return png(canvas)


def pair_sheet(pairs: Sequence[tuple[Image.Image, Image.Image, Sequence[str]]], *, tile: int = 112) -> bytes:
    """A PNG of pairs, left and right of each side by side, some lines of words under them."""
    across = min(4, max(len(pairs), 1))
    lines = max((len(said) for *_, said in pairs), default=0)
    cell = (2 * tile + 4 * GAP, tile + lines * LINE + 3 * GAP)
    down = -(-len(pairs) // across)
    canvas = Image.new("RGB", (2 * MARGIN + across * cell[0], 2 * MARGIN + down * cell[1]), PAPER)
    pen = ImageDraw.Draw(canvas)
    for place, (left, right, said) in enumerate(pairs):
        x, y = MARGIN + place % across * cell[0], MARGIN + place // across * cell[1]
        canvas.paste(fitted(left, tile), (x, y))
        canvas.paste(fitted(right, tile), (x + tile + 2, y))
        for number, text in enumerate(said):
            colour = INK if number == 0 else MUTED
            words(pen, (x, y + tile + GAP // 2 + number * LINE), text, limit=38, colour=colour)
    return png(canvas)


def fitted(image: Image.Image, side: int) -> Image.Image:
    """`image` in a square of `side`: small ones enlarged pixel by pixel, large ones averaged down."""
    picture = image.convert("RGB")
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    square = Image.new("RGB", (side, side), PAPER)
    square.paste(picture.resize(size, how), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def words(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, *, limit: int, colour: str = INK) -> None:
    """One line of text, shortened to `limit` characters."""
    pen.text(at, shorten(one_line(text), limit), fill=colour, font=_font())


def png(image: Image.Image) -> bytes:
    """The PNG file of `image`."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), SMALL)
