"""Scenes of digits: the same each time, boxes that fit, and material that only its own set has seen."""

from pathlib import Path

import numpy as np
import pytest

from bench.core.registry import look_up
from bench.sources import BOXED, fonts, mnist, scenes

ROOT = Path("/nowhere")
MATERIAL = {
    "digit-scenes-train": ("train",),
    "digit-scenes-type": ("training fonts",),
    "digit-scenes-test": ("test",),
    "digit-scenes-print": ("held-out fonts",),
    "digit-scenes-clutter": ("test",),
    "digit-scenes-contrast": ("test",),
}


@pytest.fixture
def used(monkeypatch) -> set[str]:
    """What a set is made from; sets of 12 scenes."""
    found: set[str] = set()

    def told(name: str, function):
        def call(*arguments):
            found.add(arguments[0] if arguments else name)
            return function(*arguments)

        return call

    for count in ("TRAIN", "TYPE", "TEST", "SHIFTED"):
        monkeypatch.setattr(scenes, count, 12)
    monkeypatch.setattr(scenes.mnist, "split", told("", mnist.split))
    monkeypatch.setattr(scenes.fonts, "training_fonts", told("training fonts", fonts.training_fonts))
    monkeypatch.setattr(scenes.fonts, "held_out_fonts", told("held-out fonts", fonts.held_out_fonts))
    return found


@pytest.mark.parametrize("name", BOXED)
def test_a_set_is_the_same_each_time_and_made_from_its_own_material(name, used):
    images = look_up(BOXED, name, kind="source")(ROOT)
    assert used == set(MATERIAL[name])
    again = look_up(BOXED, name, kind="source")(ROOT)
    assert (again.digest, again.labels_digest) == (images.digest, images.labels_digest)
    assert len(images) == 12
    assert images.read(0).size == (96, 96)
    counts = np.bincount(images.truth.image, minlength=12)
    assert 1 <= counts.min() <= counts.max() <= scenes.MOST_DIGITS


def test_boxes_hold_the_ink_and_nothing_else(used):
    images = scenes.test(ROOT)
    for row in range(len(images)):
        pixels, inside = np.asarray(images.read(row)), np.zeros((96, 96), dtype=bool)
        for x1, y1, x2, y2 in images.truth.on(row).corners.astype(int):
            inside[y1:y2, x1:x2] = True
            # Ink touches each side of its box; the grain is far weaker than ink.
            for side in (pixels[y1, x1:x2], pixels[y2 - 1, x1:x2], pixels[y1:y2, x1], pixels[y1:y2, x2 - 1]):
                assert side.max() > scenes.INK - 30
        assert pixels[~inside].max() < 120


def test_digits_do_not_hide_each_other(used):
    truth = scenes.cluttered(ROOT).truth
    for row in range(12):
        boxes = truth.on(row).corners
        for i, a in enumerate(boxes):
            assert all(scenes._shared(tuple(a), tuple(b)) <= scenes.MOST_OVERLAP for b in boxes[:i])


def test_faint_ink_is_weak_on_grounds_that_differ(used):
    images = scenes.faint(ROOT)
    grounds = []
    for row in range(12):
        pixels = np.asarray(images.read(row)).astype(float)
        x1, y1, x2, y2 = images.truth.on(row).corners[0].astype(int)
        grounds.append(np.median(pixels))
        assert 50 < pixels[y1:y2, x1:x2].max() - grounds[-1] < 200
    assert np.ptp(grounds) > 30
