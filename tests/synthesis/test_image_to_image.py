"""SDEdit's laws on digits-sd: strength 0 is the round trip, the distance to the source grows; Real Guidance."""

import numpy as np
import pytest
import torch
from PIL import Image

from bench.core.errors import UsageError
from bench.core.recipe import Recipe
from bench.sources import mnist
from bench.synthesis.image_to_image import ImageToImage
from bench.synthesis.maker import Request
from bench.synthesis.real_guidance import STRENGTH, RealGuidance
from tests.synthesis.digits import DIGITS, digits_recipe, pixels

CHOSEN = range(0, 4000, 250)  # two or one of each class


def requests():
    digits = mnist.train()
    words = mnist.CLASS_NAMES
    return [
        Request(
            words[digits.labels[i]],
            f"a photo of a {words[digits.labels[i]]}.",
            "",
            i,
            Image.fromarray(digits.images[i]),
        )
        for i in CHOSEN
    ]


def editing(strength, **changes):
    parameters = {"safety": "none", "strength": strength}
    return digits_recipe({"name": "image-to-image", "parameters": parameters}, **changes)


def test_strength_0_is_the_round_trip_through_the_autoencoder_and_runs_no_step():
    maker = ImageToImage(editing(0), device="cpu")
    pipeline = maker._editor.pipeline
    pipeline.unet.forward = None  # would raise when called
    sources = np.stack([mnist.train().images[i] for i in CHOSEN])
    with torch.no_grad():
        latents = pipeline.vae.encode(torch.from_numpy(sources)[:, None] / 127.5 - 1).latent_dist.mean
        expected = pipeline.vae.decode(latents).sample[:, 0]
    expected = ((expected / 2 + 0.5).clamp(0, 1) * 255).round().numpy()
    assert np.abs(pixels(maker.draw(requests())) - expected).max() <= 1


def test_the_distance_to_the_source_grows_with_strength():
    sources = pixels([request.source for request in requests()])
    found = [
        np.abs(pixels(ImageToImage(editing(strength), device="cpu").draw(requests())) - sources).mean()
        for strength in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert found == sorted(found), found
    assert found[-1] > 4 * found[0]


def test_a_strength_that_leaves_no_step_is_refused():
    with pytest.raises(UsageError, match=r"strength 0\.05 leaves none of 12 steps; expected at least 0\.083, or 0"):
        ImageToImage(editing(0.05), device="cpu")


GUIDED = {"name": "real-guidance", "parameters": {"safety": "none"}}


def shots(count):
    return {"conditioning": {"source": "mnist", "splits": {"train": "train"}, "shots": count, "trial": 0}}


@pytest.mark.parametrize("count", [1, 16])
def test_real_guidance_goes_further_the_fewer_the_shots(count):
    guided = RealGuidance(digits_recipe(GUIDED, **shots(count)), device="cpu").draw(requests()[:4])
    plain = ImageToImage(editing(STRENGTH[count]), device="cpu").draw(requests()[:4])
    assert (pixels(guided) == pixels(plain)).all()


def test_real_guidance_as_da_fusion_has_it_is_half_strength_whatever_the_shots():
    method = GUIDED | {"parameters": {"safety": "none", "variant": "da-fusion"}}
    guided = RealGuidance(digits_recipe(method, **shots(3)), device="cpu").draw(requests()[:4])
    assert (pixels(guided) == pixels(ImageToImage(editing(0.5), device="cpu").draw(requests()[:4]))).all()


def test_other_shots_than_published_are_one_line():
    with pytest.raises(
        UsageError, match="knows strengths for 1, 2, 4, 8, 16 shots, got 3; choose one of them"
    ) as caught:
        RealGuidance(digits_recipe(GUIDED, **shots(3)), device="cpu")
    assert "\n" not in str(caught.value)


def test_prompts_that_name_no_class_have_no_slot():
    nameless = {"bank": "own", "templates": ["a photo"], "nameless": True}
    assert digits_recipe(GUIDED, prompts=nameless).prompts.nameless
    for wrong, message in [
        (nameless | {"templates": ["a {}"]}, "has a slot {}; leave out nameless"),
        ({"bank": "own", "templates": ["a photo"]}, "must have exactly one slot"),
    ]:
        with pytest.raises(ValueError, match=message):
            Recipe.model_validate(DIGITS | {"prompts": wrong})
