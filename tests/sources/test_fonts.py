"""Training and held-out fonts: disjoint, static, each draws ten different digits."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.sources import fonts


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_no_held_out_font_is_a_training_font() -> None:
    training, held_out = fonts.training_fonts(), fonts.held_out_fonts()
    assert not training.keys() & held_out.keys()
    assert not {_digest(path) for path in training.values()} & {_digest(path) for path in held_out.values()}


def test_fonts_come_from_the_declared_packages() -> None:
    assert {path.parts[-3] for path in fonts.held_out_fonts().values()} == {
        "font_roboto",
        "font_source_serif_pro",
        "font_caladea",
        "font_lato",
    }
    assert {path.parent.parent.name for path in fonts.training_fonts().values()} == {
        "fonts",
        "font_fredoka_one",
        "font_amatic_sc",
        "font_intuitive",
        "font_manrope",
    }


@pytest.mark.parametrize("name", sorted(fonts.training_fonts() | fonts.held_out_fonts()))
def test_every_font_draws_ten_different_digits(name: str) -> None:
    path = (fonts.training_fonts() | fonts.held_out_fonts())[name]
    assert path.suffix == ".ttf"
    assert "VariableFont" not in path.name
    drawn = [fonts.render(path, digit, 28).astype(float) / 255 for digit in range(10)]
    for index, one in enumerate(drawn):
        assert one.sum() > 10
        assert all(np.abs(one - other).sum() > 5 for other in drawn[:index])


def test_size_is_the_height_of_the_ink_and_the_ink_is_centred() -> None:
    path = fonts.training_fonts()["DejaVuSans"]
    for size in (8, 15, 22, 32):
        rows = np.flatnonzero(fonts.render(path, 8, size).any(axis=1))
        assert rows[-1] - rows[0] + 1 == size
        assert abs(rows.mean() - 15.5) <= 0.5


def test_wide_digits_stay_inside() -> None:
    for path in fonts.training_fonts().values():
        columns = np.flatnonzero(fonts.render(path, 4, 32, angle=20).any(axis=0))
        assert columns[0] >= 1
        assert columns[-1] <= 30


@pytest.mark.parametrize(
    ("digit", "size", "message"),
    [(10, 20, "a digit is 0 to 9, got 10"), (3, 3, "4 to 32 pixels, got 3"), (3, 33, "got 33")],
)
def test_what_cannot_be_drawn_is_refused(digit: int, size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fonts.render(fonts.training_fonts()["DejaVuSans"], digit, size)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="package font-roboto are missing: pip install font-roboto"):
        fonts.held_out_fonts()
