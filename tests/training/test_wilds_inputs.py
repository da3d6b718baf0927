"""What a draw does to an input: flips, and redrawing that does not go with them."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from bench.augment.naive_boxes import naive
from bench.training.wilds_inputs import BoxExamples, Examples

CORNER = np.zeros((4, 4, 3), dtype=np.uint8)
CORNER[:, 0] = 200  # the left column


def darker(image, row):
    """Half of the time."""
    return image - 0.25 * (torch.rand(()) < 0.5)


def photograph():
    examples = Examples(lambda row: Image.fromarray(CORNER), 1, size=4, augment="gflow")
    return examples, lambda given: given


def bands():
    image = torch.from_numpy(CORNER.transpose(2, 0, 1).copy()).float()
    return Examples(lambda row: image, 1, size=4, augment="gflow"), lambda given: given


def boxed():
    boxes, augment = [np.array([[0, 0, 1, 4]])], partial(naive, kinds=("flip",))
    return BoxExamples(lambda row: Image.fromarray(CORNER), boxes, label=1, augment=augment), lambda given: given[0]


@pytest.mark.parametrize("kind", [photograph, bands, boxed])
def test_an_input_is_redrawn_whether_or_not_it_was_flipped_and_the_same_at_every_draw(kind):
    examples, image_of = kind()
    plain, _ = kind()
    examples.redraw, seen = darker, Counter()
    for draw in range(40):
        given, flipped = image_of(examples[0, draw][0]), image_of(plain[0, draw][0])
        assert torch.equal(given, image_of(examples[0, draw][0]))
        seen[bool(flipped[0, 0, 0] < flipped[0, 0, 3]), not torch.equal(given, flipped)] += 1
    assert len(seen) == 4
    assert min(seen.values()) > 3  # of ten on average
    assert torch.equal(image_of(examples[0][0]), image_of(plain[0][0]))  # unless it is for training


def test_boxes_go_with_the_flips_and_stay_where_an_image_is_redrawn():
    examples, _ = boxed()
    examples.redraw = darker
    for draw in range(20):
        image, target = examples[0, draw][0]
        assert target["boxes"].tolist() == ([[3, 0, 4, 4]] if image[0, 0, 3] > 0.4 else [[0, 0, 1, 4]])
