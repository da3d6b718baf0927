"""The operations of AugMix and PixMix, each against the facts sheet (methods.md 10.2) and values worked by hand."""

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as F

from bench.augment import operations as ops

RAMP = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))  # value 10 x at column x


def done(name: str, level: float, sign: int = 1, pixels: np.ndarray = RAMP) -> np.ndarray:
    return np.asarray(getattr(ops, name)(Image.fromarray(pixels), level, sign)).astype(int)


def test_the_set_is_the_published_one_and_the_overlapping_ones_are_off():
    names = {"autocontrast", "equalize", "posterize", "rotate", "solarize"}
    names |= {"shear_x", "shear_y", "translate_x", "translate_y"}
    assert set(ops.OPERATIONS) == names
    assert set(ops.OVERLAPPING) == {"colour", "contrast", "brightness", "sharpness"}
    assert (len(ops.chosen(all_ops=False)), len(ops.chosen(all_ops=True))) == (9, 13)


@pytest.mark.parametrize(("level", "bits"), [(0.1, 4), (1.0, 4), (2.4, 4), (2.5, 3), (5.0, 2), (9.9, 1)])
def test_posterize_keeps_four_bits_less_a_whole_number(level, bits):
    assert (done("posterize", level) == RAMP & (256 - 2 ** (8 - bits))).all()
    assert not done("posterize", 10.0).any()


@pytest.mark.parametrize(("level", "threshold"), [(0.1, 254), (1.0, 231), (5.0, 128), (10.0, 0)])
def test_solarize_inverts_from_the_threshold_on(level, threshold):
    assert (done("solarize", level) == np.where(threshold <= RAMP, 255 - RAMP.astype(int), RAMP)).all()


@pytest.mark.parametrize(("level", "angle"), [(0.3, 0), (1.0, 3), (0.99, 2), (10.0, 30)])
@pytest.mark.parametrize("sign", [1, -1])
def test_rotation_is_of_whole_degrees(level, angle, sign):
    image = torch.from_numpy(RAMP)[None]
    expected = F.rotate(image.float(), sign * angle, interpolation=F.InterpolationMode.BILINEAR)[0].numpy()
    assert np.abs(done("rotate", level, sign) - expected)[8:16, 8:16].max() <= 1


@pytest.mark.parametrize(("level", "pixels"), [(1.0, 0), (1.3, 1), (3.0, 2), (10.0, 8)])
def test_translation_is_of_whole_pixels_up_to_a_third_with_black_coming_in(level, pixels):
    moved = done("translate_x", level, 1)
    assert (moved[:, : 24 - pixels] == RAMP[:, pixels:]).all()
    assert not moved[:, 24 - pixels :].any()
    assert (done("translate_x", level, -1)[:, pixels:] == RAMP[:, : 24 - pixels]).all()
    assert (done("translate_y", level, 1, RAMP.T.copy()) == moved.T).all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("name", "level", "place", "parameter"),
    [
        ("shear_x", 0.1, 1, 0.003),
        ("shear_x", 10.0, 1, 0.3),
        ("shear_y", 1.0, 3, 0.03),
        ("shear_y", 10.0, 3, 0.3),
        ("translate_x", 0.9, 2, 0),
        ("translate_x", 3.0, 2, 3),
        ("translate_x", 10.0, 2, 10),
        ("translate_y", 0.9, 5, 1),
        ("translate_y", 10.0, 5, 20),
    ],
)
def test_the_matrix_of_a_level_worked_by_hand(name, level, place, parameter, sign, monkeypatch):
    """Of 30 by 60 pixels: a shear is 0.03 level, a shift a third of the side times level / 10, cut off."""
    asked = []
    monkeypatch.setattr(Image.Image, "transform", lambda image, *said, **means: asked.append((said, means)) or image)
    getattr(ops, name)(Image.new("L", (30, 60)), level, sign)
    (((size, kind, matrix), means),) = asked
    expected = [1, 0, 0, 0, 1, 0]
    expected[place] = sign * parameter
    assert matrix == pytest.approx(expected, abs=1e-12)
    assert (size, kind, means) == ((30, 60), Image.Transform.AFFINE, {"resample": Image.Resampling.BILINEAR})


@pytest.mark.parametrize("name", ["rotate", "shear_x", "shear_y", "translate_x", "translate_y"])
def test_outside_comes_in_as_black(name):
    moved = done(name, 10.0, 1, np.full((24, 24), 200, dtype=np.uint8))
    assert set(np.unique(moved)) >= {0, 200}
    assert moved[8:16, 8:16].min() == 200


@pytest.mark.parametrize("sign", [1, -1])
def test_a_shear_moves_each_row_by_its_height(sign):
    sheared = done("shear_x", 4.0, sign)
    rows, columns = np.mgrid[8:16, 8:16]
    expected = 10 * (columns + sign * 0.12 * (rows + 0.5))
    assert np.abs(sheared[8:16, 8:16] - expected).max() <= 1
    assert (done("shear_y", 4.0, sign, RAMP.T.copy()) == sheared.T).all()


def test_autocontrast_and_equalize_are_those_of_the_library():
    grey = np.random.default_rng(0).integers(60, 120, (24, 24), dtype=np.uint8)
    assert (done("autocontrast", 1, 1, grey).min(), done("autocontrast", 1, 1, grey).max()) == (0, 255)
    assert np.abs(done("autocontrast", 1, 1, grey) - (grey.astype(int) - 60) * 255 / 59).max() <= 1
    assert np.abs(done("equalize", 1, 1, grey) - F.equalize(torch.from_numpy(grey)[None])[0].numpy()).max() <= 1


def test_factors_go_from_a_tenth_to_nearly_two():
    assert (done("brightness", 5.0) == RAMP).all()
    assert (done("brightness", 10.0) == np.minimum(np.floor(RAMP * 1.9 + 1e-3), 255)).mean() > 0.9
    assert done("contrast", 0.0).std() < 0.2 * RAMP.std()


@pytest.mark.parametrize("name", ["colour", "contrast", "brightness", "sharpness"])
def test_an_overlapping_operation_goes_by_a_factor_of_its_level(name):
    pixels = np.random.default_rng(2).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    by_torchvision = {
        "colour": F.adjust_saturation,
        "contrast": F.adjust_contrast,
        "brightness": F.adjust_brightness,
        "sharpness": F.adjust_sharpness,
    }[name]
    for level, factor in ((0.0, 0.1), (3.0, 0.64), (10.0, 1.9)):
        expected = np.asarray(by_torchvision(Image.fromarray(pixels), factor)).astype(int)
        assert (done(name, level, 1, pixels) == expected).all()
    assert (done(name, 5.0, 1, pixels) == pixels).all()


def test_operations_are_drawn_with_equal_chances():
    torch.manual_seed(0)
    for all_ops in (False, True):
        known = ops.chosen(all_ops=all_ops)
        counts = Counter(ops.one_of(known).__name__ for _ in range(300 * len(known)))
        assert set(counts) == {one.__name__ for one in known}
        assert all(abs(count - 300) < 70 for count in counts.values())


def test_colour_images_and_grey_ones_and_eight_channels_are_worked_on_alike():
    pixels = np.random.default_rng(1).integers(0, 256, (3, 24, 24), dtype=np.uint8)
    for name, operation in ops.OPERATIONS.items():
        whole = [operation(image, 3.0, 1) for image in ops.picture_of(pixels)]
        for count in (1, 2, 3):
            parts = [operation(Image.fromarray(pixels[c]), 3.0, 1) for c in range(count)]
            assert (ops.pixels_of(tuple(whole))[:count] == ops.pixels_of(tuple(parts))).all(), name
    many = np.concatenate([pixels] * 3)[:8]
    assert (ops.pixels_of(ops.picture_of(many)) == many).all()


def test_levels_are_uniform_from_a_tenth_to_the_severity_and_signs_even():
    torch.manual_seed(0)
    seen: list[tuple[float, int]] = []

    def note(image, level, sign):
        seen.append((level, sign))
        return image

    for _ in range(2000):
        ops.apply(note, (Image.fromarray(RAMP),), 3.0)
    levels, signs = np.array(seen).T
    assert 0.1 <= levels.min() < 0.15
    assert 2.95 < levels.max() <= 3.0
    assert abs(levels.mean() - 1.55) < 0.06
    assert abs(signs.mean()) < 0.07
