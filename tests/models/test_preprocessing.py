"""How an image becomes an input: pixels kept where they fit, the centre of the shorter side where they don't."""

import numpy as np
from PIL import Image

from bench.models.preprocessing import Preprocessing

GREY = Preprocessing("L", 4, (0.5,), (0.5,), "bilinear")


def test_an_image_of_the_right_size_and_mode_keeps_its_pixels() -> None:
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert np.array_equal(GREY.pixels([Image.fromarray(pixels)])[0], pixels)


def test_another_shape_is_scaled_by_its_shorter_side_and_cropped_in_the_centre() -> None:
    wide = np.zeros((8, 24), dtype=np.uint8)
    wide[:, 8:16] = 200
    assert (GREY.pixels([Image.fromarray(wide)])[0][:, 1:3] == 200).all()
    assert GREY.pixels([Image.new("RGB", (5, 9))]).shape == (1, 4, 4)
    colour = Preprocessing("RGB", 4, (0.5,) * 3, (0.5,) * 3, "nearest")
    assert colour.pixels([Image.new("L", (4, 4))]).shape == (1, 4, 4, 3)


def test_what_it_says_reads_back_as_itself() -> None:
    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    clip = Preprocessing("RGB", 224, mean, std, "bicubic")
    assert Preprocessing.read(clip.said, where="x") == clip
    assert clip.card["mean"] == "0.48145466,0.4578275,0.40821073"
