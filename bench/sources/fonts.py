"""Digits drawn from TrueType fonts: some for training generators and oracles, others held out for the set `print`.

Training fonts: matplotlib's text fonts, and the PyPI packages font-fredoka-one, font-amatic-sc, font-intuitive,
font-manrope. Held-out fonts, in no training set whatever: font-roboto, font-source-serif-pro, font-caladea, font-lato.
Only static .ttf files; every one was checked to draw ten different digits (tests/sources/test_fonts.py).
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.core.errors import DataError

SIDE = 32
_OVERSAMPLING = 4

_MATPLOTLIB = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmr10", "cmb10", "cmss10", "cmtt10", "cmti10"),
)
_TRAINING_PACKAGES = ("font-fredoka-one", "font-amatic-sc", "font-intuitive", "font-manrope")
_HELD_OUT_PACKAGES = ("font-roboto", "font-source-serif-pro", "font-caladea", "font-lato")


def training_fonts() -> dict[str, Path]:
    """Font name -> path of its file, sorted by name; DataError naming the package that is missing."""
    folder = _package_folder("matplotlib") / "mpl-data" / "fonts" / "ttf"
    found = {name: folder / f"{name}.ttf" for name in _MATPLOTLIB}
    return dict(sorted((found | _static_files(_TRAINING_PACKAGES)).items()))


def held_out_fonts() -> dict[str, Path]:
    """Font name -> path of its file, sorted by name; DataError naming the package that is missing."""
    return dict(sorted(_static_files(_HELD_OUT_PACKAGES).items()))


def render(font_path: Path, digit: int, size_px: int = 22, *, angle: float = 0.0) -> np.ndarray:
    """One digit, uint8 [32, 32], white on black, its ink box centred.

    `size_px` is the height of the ink in pixels (4 to 32; a wide digit is made smaller so that it stays inside);
    `angle` turns it counter-clockwise, in degrees.
    """
    if not 0 <= digit <= 9:
        raise ValueError(f"a digit is 0 to 9, got {digit}")
    if not 4 <= size_px <= SIDE:
        raise ValueError(f"the height of a digit is 4 to {SIDE} pixels, got {size_px}")
    glyph = _glyph(str(font_path), digit)
    if angle:
        glyph = glyph.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True)
        glyph = glyph.crop(glyph.getbbox())
    scale = min(size_px / glyph.height, (SIDE - 2) / glyph.width)
    size = (max(1, round(glyph.width * scale)), max(1, round(glyph.height * scale)))
    canvas = Image.new("L", (SIDE, SIDE), 0)
    canvas.paste(glyph.resize(size, Image.Resampling.BOX), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(canvas)


@lru_cache(maxsize=1024)
def _glyph(font_path: str, digit: int) -> Image.Image:
    """The digit at four times the frame's size, cut to its ink."""
    font = ImageFont.truetype(font_path, SIDE * _OVERSAMPLING)
    canvas = Image.new("L", (SIDE * _OVERSAMPLING * 2,) * 2, 0)
    ImageDraw.Draw(canvas).text((SIDE * 2, SIDE), str(digit), fill=255, font=font)
    box = canvas.getbbox()
    if box is None:
        raise ValueError(f"{Path(font_path).name} draws nothing for the digit {digit}")
    return canvas.crop(box)


def _static_files(packages: tuple[str, ...]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for package in packages:
        for path in sorted((_package_folder(package) / "files").glob("*.ttf")):
            if "VariableFont" not in path.name:
                files[path.stem] = path
    return files


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"the fonts of the package {package} are missing: pip install {package}")
    return Path(next(iter(spec.submodule_search_locations)))
