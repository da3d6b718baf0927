"""The captioned corpus: every template has its style, pictures are a function of the seed, nothing held out gets in."""

import numpy as np
import pytest
from open_clip import OPENAI_IMAGENET_TEMPLATES

from bench.sources import fonts, mnist, styles

TEMPLATES = [template("{}") for template in OPENAI_IMAGENET_TEMPLATES]


@pytest.mark.parametrize(
    ("caption", "style"),
    [
        ("a photo of the hard to see {}.", "hard to see"),
        ("a black and white photo of a {}.", "black and white"),
        ("the {} in a video game.", "video game"),
        ("a photo of a {}.", "plain"),
        ("itap of my {}.", "plain"),
        ("a good photo of the {}.", "plain"),
        ("a cartoon {}.", "cartoon"),
        ("art of a {}.", "art"),
        ("a close-up photo of a {}.", "close-up"),
        ("a photo of one {}.", "plain"),
    ],
)
def test_style_of_a_caption(caption: str, style: str) -> None:
    assert styles.style_of(caption) == style


def test_every_style_is_asked_for_by_some_template() -> None:
    assert {styles.style_of(template) for template in TEMPLATES} == set(styles.style_names())
    assert all(styles.style_of(caption) == "plain" for caption in styles.FREE_CAPTIONS)


@pytest.mark.parametrize("style", styles.style_names())
def test_a_style_is_a_function_of_image_and_seed_and_shows_ink(style: str) -> None:
    digits = mnist.train()
    for label in range(10):
        made = [
            styles.render(style, styles.material(style, label, digits, rng), rng)
            for rng in (_rng(label), _rng(label), _rng(label + 10))
        ]
        assert made[0].shape == (32, 32)
        assert made[0].dtype == np.uint8
        assert np.array_equal(made[0], made[1])
        assert not np.array_equal(made[0], made[2])
        assert np.ptp(np.percentile(made[0].astype(int), [1, 99])) > 30


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(KeyError, match="hologram"):
        styles.render("hologram", mnist.train().images[0], _rng(0))


def test_an_item_depends_on_its_index_alone() -> None:
    whole = styles.make(range(40), TEMPLATES, seed=3)
    part = styles.make(range(25, 40), TEMPLATES, seed=3)
    assert np.array_equal(whole.images[25:], part.images)
    assert whole.captions[25:] == part.captions
    assert np.array_equal(whole.labels, np.arange(40) % 10)
    for caption, label, style in zip(whole.captions, whole.labels, whole.styles, strict=True):
        assert mnist.CLASS_NAMES[label] in caption
        assert styles.style_names()[style] == styles.style_of(caption)


def test_nothing_held_out_gets_into_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every digit that a style is drawn from is a training digit's pixels or a training font's glyph."""
    opened: set[str] = set()
    sources: set[bytes] = set()
    glyph, render = fonts._glyph, styles.render
    monkeypatch.setattr(fonts, "_glyph", lambda path, digit: (opened.add(path), glyph(path, digit))[1])
    monkeypatch.setattr(
        styles, "render", lambda style, image, rng: (sources.add(image.tobytes()), render(style, image, rng))[1]
    )
    styles.make(range(1500), TEMPLATES, seed=3)
    assert opened
    assert opened <= {str(path) for path in fonts.training_fonts().values()}
    assert not opened & {str(path) for path in fonts.held_out_fonts().values()}
    train, test = ({image.tobytes() for image in digits.images} for digits in (mnist.train(), mnist.test()))
    glyphs = {
        fonts.render(path, digit, 26).tobytes() for path in fonts.training_fonts().values() for digit in range(10)
    }
    assert not sources & test
    assert sources <= train | glyphs
    assert sources & train
    assert sources & glyphs


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng([5, seed])
