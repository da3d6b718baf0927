"""The captioned corpus of digits: what a generator "pre-trained on the wide web" has seen.

Every one of the 80 CLIP templates names a style by a word of its own ("a blurry photo of a {}."); a caption without
such a word is handwriting as it is. Pictures come from two kinds of material only: the 4,000 real training digits and
the training fonts. The shifted test sets are made elsewhere, by other code, from other material.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from bench.sources import fonts, mnist
from bench.sources import style_drawn as drawn
from bench.sources import style_photos as photos

Style = Callable[[np.ndarray, Generator], np.ndarray]

PLAIN = "plain"
STYLES: dict[str, Style] = {
    PLAIN: photos.plain,
    "sketch": drawn.sketch,
    "drawing": drawn.drawing,
    "doodle": drawn.doodle,
    "bright": photos.bright,
    "clean": photos.clean,
    "dark": photos.dark,
    "black and white": photos.black_and_white,
    "blurry": photos.blurry,
    "pixelated": photos.pixelated,
    "jpeg corrupted": photos.jpeg_corrupted,
    "low resolution": photos.low_resolution,
    "bad": photos.bad,
    "hard to see": photos.hard_to_see,
    "dirty": photos.dirty,
    "cropped": photos.cropped,
    "close-up": photos.close_up,
    "large": photos.large,
    "small": photos.small,
    "many": photos.many,
    "cool": photos.cool,
    "nice": photos.nice,
    "weird": photos.weird,
    "rendering": drawn.rendering,
    "rendition": drawn.rendition,
    "toy": drawn.toy,
    "plastic": drawn.plastic,
    "video game": drawn.video_game,
    "cartoon": drawn.cartoon,
    "tattoo": drawn.tattoo,
    "graffiti": drawn.graffiti,
    "embroidered": drawn.embroidered,
    "sculpture": drawn.sculpture,
    "painting": drawn.painting,
    "origami": drawn.origami,
    "plushie": drawn.plushie,
}
ART = "art"  # any of ART_STYLES, drawn afresh for each picture
ART_STYLES = ("sketch", "drawing", "tattoo", "graffiti", "embroidered", "sculpture", "painting", "origami", "cartoon")

TYPE_STYLES = ("rendering", "rendition", "toy", "plastic", "video game", "cartoon")  # always drawn from type
FONT_SHARE = 0.35  # of every other style but plain, which is handwriting alone
PLAIN_SHARE = 0.16  # of the corpus, over and above the plain ones among the templates

FREE_CAPTIONS = (
    "{}",
    "the number {}",
    "the digit {}",
    "a handwritten {}",
    "a handwritten digit {}",
    "a photo of the digit {}",
    "a photo of the number {}",
    "a photo of a handwritten {}",
    "handwriting of the number {}",
    "a {} written by hand",
    "an image of a {}",
    "a picture of the number {}",
)


@dataclass(frozen=True)
class Corpus:
    """Pictures uint8 [n, 32, 32], captions [n], labels int64 [n], styles int64 [n] (index into `style_names()`)."""

    images: np.ndarray
    captions: tuple[str, ...]
    labels: np.ndarray
    styles: np.ndarray


def style_names() -> tuple[str, ...]:
    """Every style word, `plain` first and `art` last."""
    return (*STYLES, ART)


def style_of(caption: str) -> str:
    """The style that a caption or template asks for: the first word of `style_names()` found in it, else `plain`."""
    for word in style_names()[1:]:
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", caption):
            return word
    return PLAIN


def render(style: str, image: np.ndarray, rng: Generator) -> np.ndarray:
    """One picture uint8 [32, 32] of a digit uint8 [32, 32] in a style; KeyError for an unknown style."""
    if style == ART:
        style = ART_STYLES[int(rng.integers(len(ART_STYLES)))]
    picture = STYLES[style](image.astype(float) / 255, rng)
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def material(style: str, label: int, digits: mnist.Digits, rng: Generator) -> np.ndarray:
    """The digit uint8 [32, 32] that a style is drawn from: a training digit or a glyph of a training font."""
    share = 1.0 if style in TYPE_STYLES else 0.0 if style == PLAIN else FONT_SHARE
    if rng.random() < share:
        paths = tuple(fonts.training_fonts().values())
        return fonts.render(paths[int(rng.integers(len(paths)))], label, 26)
    rows = np.flatnonzero(digits.labels == label)
    return digits.images[rows[int(rng.integers(rows.size))]]


def make(indices: Sequence[int], templates: Sequence[str], *, seed: int) -> Corpus:
    """The corpus' items of the given indices; an item depends on (seed, index) and on the list of templates alone.

    `templates` are format strings with one {} for the class word.
    """
    digits = mnist.train()
    words = style_names()
    images, captions, labels, styles = [], [], [], []
    for index in indices:
        rng = np.random.default_rng([seed, index])
        label = index % len(mnist.CLASS_NAMES)
        template = _template(templates, rng)
        style = style_of(template)
        images.append(render(style, material(style, label, digits, rng), rng))
        captions.append(template.format(mnist.CLASS_NAMES[label]))
        labels.append(label)
        styles.append(words.index(style))
    return Corpus(np.stack(images), tuple(captions), np.array(labels), np.array(styles))


def _template(templates: Sequence[str], rng: Generator) -> str:
    if rng.random() < PLAIN_SHARE:
        plain = [template for template in templates if style_of(template) == PLAIN]
        choices = [*FREE_CAPTIONS, *plain]
    else:
        choices = list(templates)
    return choices[int(rng.integers(len(choices)))]
