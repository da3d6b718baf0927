"""Every method and every adaptation, on a Stable Diffusion pipeline's real classes with small random weights."""

import numpy as np
import pytest
from PIL import Image

from bench.core.recipe import Recipe
from bench.core.registry import look_up
from bench.synthesis import ABOUT, ADAPTATIONS, FROM_NOTHING, LAYOUTS, LEARNS, LEARNS_FROM, METHODS, PUT, TAKES
from bench.synthesis.adaptation import Lesson, State
from bench.synthesis.diffusion import open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.parameters import ADAPTED, PARAMETERS, read_adaptation
from bench.synthesis.pinned_weights import weights_digest
from tests.stub_maker import recipe_dict
from tests.tiny_generators import build_tiny_generator

TOKEN = {"name": "textual-inversion", "parameters": {"templates": ["a {}"], "initial": "a", "steps": 2, "vectors": 3}}
ERASED = {"name": "erasure", "parameters": {"concepts": ["{}"], "steps": 2, "sampling_steps": 2}}
ERASED_LATER = {"name": "erasure", "parameters": ERASED["parameters"] | {"variant": "esd-diffusers", "layers": "u"}}
TUNED = {"name": "fine-tuning", "parameters": {"templates": ["a {}"], "steps": 2, "rate": 1e-4}}
SAFE = {"safety": "none"}
# Each method with what it needs; those of other layouts are in test_conditioned_methods.py.
CASES = {
    "text-to-image": (SAFE, []),
    "text-to-image, a token": (SAFE, [TOKEN]),
    "text-to-image, tuned": (SAFE, [TUNED]),
    "text-to-image, erased by the second code": (SAFE, [ERASED_LATER]),
    "language-enhancement": (SAFE | {"sentences": ["a {} on a table"]}, []),
    "image-to-image": (SAFE | {"strength": 0.5}, []),
    "image-to-image, erased": (SAFE | {"strength": 0.0}, [ERASED]),
    "real-guidance": (SAFE | {"variant": "da-fusion"}, []),
    "da-fusion": (SAFE | {"strengths": [1.0, 0.5]}, [TOKEN]),
    "da-fusion, erased, in sequence, the background": (
        SAFE | {"compose": "sequential", "mask": "background", "strengths": [0.5, 1.0]},
        [ERASED, TOKEN],
    ),
    "prompt-to-prompt": (SAFE | {"source": "a photo of a {other}", "blend": ["photo"]}, []),
    "prompt-to-prompt, features": (SAFE | {"source": "a photo of a {other}", "features": 0.5}, []),
    "prompt-to-prompt, refined and re-weighted": (
        SAFE | {"source": "a photo", "edit": "refine", "words": ["zero"], "weights": [2.0]},
        [],
    ),
    "null-text": (SAFE | {"source": "a photo of a {}", "inner": 1}, []),
    "psld": (SAFE | {"operator": "random-outpainting", "margin": 2}, []),
    "psld, released blur": (SAFE | {"operator": "motion-blur", "kernel": 5}, []),
    "psld, shrunk": (SAFE | {"operator": "super-resolution", "transpose": "adjoint"}, []),
    "psld, compressed": (SAFE | {"operator": "jpeg", "remeasure": False}, []),
}


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    folder = build_tiny_generator("stable-diffusion", tmp_path_factory.mktemp("weights") / "tiny")
    return {"name": str(folder), "revision": "1", "weights": weights_digest(folder)}


def request(seed, name):
    source = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 56, 3), dtype=np.uint8))
    mask = Image.new("L", source.size)
    mask.paste(255, (8, 8, 30, 30))
    return Request("zero", f"a photo of a {name}", "", seed, source, "0", mask)


def states(recipe):
    """What the recipe's generator learns, one adaptation after another."""
    found = []
    for one in recipe.adaptations or ():
        images = [request(seed, "zero").source for seed in (1, 2)]
        lesson = Lesson(recipe, "zero", images, ["zero", "zero"], 5)
        with settled():
            pipeline = open_pipeline(recipe, device="cpu", states=found)
            tensors = look_up(ADAPTATIONS, one.name, kind="adaptation")(read_adaptation(one)).learn(pipeline, lesson)
        found.append(State(one.name, "zero", recipe.generator.name, tensors))
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_same_requests_give_the_same_images(generator, case):
    parameters, adaptations = CASES[case]
    asked = Recipe.model_validate(
        recipe_dict(
            generator=generator,
            method={"name": case.partition(",")[0], "parameters": parameters},
            sampler={"name": "DDIMScheduler", "steps": 2, "guidance": 3.0},
            size={"width": 64, "height": 64},
            mode="RGB",
            adaptations=adaptations or None,
        )
    )
    learned = states(asked)
    maker = look_up(METHODS, asked.method.name, kind="method")(asked, device="cpu", states=learned)
    name = "<zero>" if TOKEN in adaptations else "zero"
    one, again = ([np.asarray(image) for image in maker.draw([request(1, name), request(2, name)])] for _ in range(2))
    assert [image.shape for image in one] == [(64, 64, 3)] * 2
    assert all((left == right).all() for left, right in zip(one, again, strict=True))
    assert (one[0] != one[1]).any()


def test_the_shelf_says_the_same_of_every_name():
    assert set(METHODS) == set(ABOUT) == set(TAKES) == set(PARAMETERS)
    assert set(ADAPTATIONS) == set(PUT)
    assert set(ADAPTATIONS) | FROM_NOTHING == set(LEARNS) == set(LEARNS_FROM) == set(ADAPTED)
    assert {case.partition(",")[0] for case in CASES} == set(METHODS) - set(LAYOUTS) - FROM_NOTHING | {"text-to-image"}
