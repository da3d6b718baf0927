"""ESD: the trained answer nears the target of its variant, in the layers that are named and in no others."""

import numpy as np
import pytest
import torch
from PIL import Image

from bench.core.errors import DataError
from bench.core.recipe import Adaptation
from bench.models.oracle import open_oracle
from bench.sources import mnist
from bench.synthesis.adaptation import Lesson, State
from bench.synthesis.diffusion import open_pipeline, settled
from bench.synthesis.erasure import Erasure, put_unet, trained_names
from bench.synthesis.maker import Request
from bench.synthesis.parameters import read_adaptation
from bench.synthesis.text_to_image import TextToImage
from bench.synthesis.textual_inversion import TextualInversion, read_ids
from tests.synthesis.digits import digits_recipe

RECIPE = digits_recipe({"name": "text-to-image", "parameters": {"safety": "none"}})
TEMPLATES = ("a photo of a {}.", "a sketch of the {}.", "a {} in a video game.")
THREE = {
    "concepts": ["{}", "a photo of a {}.", "a sketch of the {}."],
    "steps": 110,
    "rate": 3e-4,
    "batch": 8,
    "sampling_steps": 5,
}
QUICK = {"concepts": ["{}"], "steps": 12, "rate": 2e-4, "sampling_steps": 3, "batch": 2}


def erased(**changes):
    known = read_adaptation(Adaptation(name="erasure", parameters=QUICK | changes))
    with settled():
        tensors = Erasure(known).learn(open_pipeline(RECIPE, device="cpu"), Lesson(RECIPE, "three", [], [], 1))
    return State("erasure", "three", "digits-sd", tensors)


def answers(states, prompt):
    """The UNet's answers under a prompt to one noise at four times, and the same of no prompt."""
    with settled():
        pipeline = open_pipeline(RECIPE, device="cpu", states=states)
        words = pipeline.text_encoder(read_ids(pipeline, prompt)).last_hidden_state.expand(4, -1, -1)
        z = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(3))
        return pipeline.unet(z, torch.tensor([900, 800, 700, 600]), encoder_hidden_states=words).sample


@pytest.mark.parametrize("variant", ["esd-2023", "esd-diffusers"])
def test_the_answer_to_the_concept_nears_the_variant_s_target(variant):
    frozen, nothing, student = (
        answers(*one) for one in (([], "three"), ([], ""), ([erased(variant=variant, negative_guidance=1.0)], "three"))
    )
    target = (nothing if variant == "esd-2023" else frozen) - (frozen - nothing)
    assert (student - target).square().mean() < 0.9 * (frozen - target).square().mean()


def test_only_the_named_layers_are_learned_and_the_same_bytes_each_time():
    one, again = erased(steps=2, layers="x"), erased(steps=2, layers="x")
    assert one.data == again.data
    own = dict(open_pipeline(RECIPE, device="cpu").unet.named_parameters())
    assert set(one.tensors) == {name for name in own if "attn2" in name}
    assert any((one.tensors[name] != own[name]).any() for name in one.tensors)


def test_layers_are_those_that_each_published_code_trains():
    unet = open_pipeline(RECIPE, device="cpu").unet
    every = {name for name, _ in unet.named_parameters()}
    old, new = (
        {kind: set(trained_names(unet, kind, variant=variant)) for kind in ("x", "x-strict", "u", "self", "full")}
        for variant in ("esd-2023", "esd-diffusers")
    )
    assert old["full"] == new["full"] == every
    assert old["x"] == new["x"] == {name for name in every if ".attn2." in name}
    assert {name.split(".attn2.")[1] for name in old["x-strict"]} == {"to_k.weight", "to_v.weight"}
    assert {name.split(".attn1.")[1].split(".")[0] for name in old["self"]} == {"to_q", "to_k", "to_v", "to_out"}
    assert not (old["u"] | new["u"]) & old["x"]
    left_out = {name for name in every if name.startswith(("conv_out", "conv_norm_out", "time_embedding"))}
    assert every - old["u"] - old["x"] == left_out
    assert {"conv_out.weight", "time_embedding.linear_1.weight"} <= new["u"]
    assert not any("norm" in name for name in new["u"])


@pytest.mark.parametrize("change", [{"nowhere.weight": torch.zeros(2)}, {"conv_in.weight": torch.zeros(320, 4, 3, 3)}])
def test_weights_of_another_unet_are_one_line(change):
    state = State("erasure", "three", "stable-diffusion", change)
    with pytest.raises(DataError, match=r"made for another UNet: .* there and .* here; learn it again") as caught:
        put_unet(open_pipeline(RECIPE, device="cpu"), state)
    assert "\n" not in str(caught.value)


def test_the_variants_have_their_own_defaults():
    old, new = (
        read_adaptation(Adaptation(name="erasure", parameters={"concepts": ["x"], "variant": variant}))
        for variant in ("esd-2023", "esd-diffusers")
    )
    assert (old.steps, old.rate, old.negative_guidance) == (1000, 1e-5, 1)
    assert (new.steps, new.rate, new.negative_guidance) == (200, 5e-5, 2)


@pytest.fixture(scope="module")
def gone():
    """The cross-attention of a generator that draws no three."""
    return erased(**THREE, layers="x")


@pytest.fixture(scope="module")
def before():
    return read_as_asked([], TEMPLATES)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["esd-2023", "esd-diffusers"])
def test_the_erased_class_falls_to_chance_and_the_others_stay(before, gone, variant):
    # The second code walks down by the frozen generator, and takes longer to get as far.
    state = gone if variant == "esd-2023" else erased(**THREE | {"steps": 200}, layers="x", variant=variant)
    after = read_as_asked([state], TEMPLATES)
    assert after[3] <= 0.1
    assert np.delete(before, 3).mean() - np.delete(after, 3).mean() <= 0.05


@pytest.mark.slow
def test_a_token_of_real_images_makes_the_erased_class_recognisable(gone):
    """The fair run: what is learned of sixteen real threes, the generator did not know before."""
    template = "a photo of a {}."
    known = {"templates": [template], "initial": "a", "vectors": 4, "steps": 150, "rate": 0.05, "batch": 8}
    asked = read_adaptation(Adaptation(name="textual-inversion", parameters=known | {"flip": False}))
    data = mnist.train()
    shots = [Image.fromarray(image) for image in data.images[data.labels == 3][:16]]
    with settled():
        pipeline = open_pipeline(RECIPE, device="cpu", states=[gone])
        tensors = TextualInversion(asked).learn(pipeline, Lesson(RECIPE, "three", shots, ["three"] * 16, 1))
    token = State("textual-inversion", "three", "digits-sd", tensors)
    assert share([gone], [template.format("three")] * 24, 3) <= 0.1
    assert share([gone, token], [template.format("<three>")] * 24, 3) >= 0.5


def read_as_asked(states, templates, n=15):
    """The share of each class's images in which the oracle reads it."""
    prompts = [[templates[i % len(templates)].format(word) for i in range(n)] for word in mnist.CLASS_NAMES]
    return np.array([share(states, of_class, label) for label, of_class in enumerate(prompts)])


def share(states, prompts, label):
    """The share of the images of prompts in which the oracle reads a class."""
    maker = TextToImage(RECIPE, device="cpu", states=states)
    images = maker.draw([Request("", prompt, "", seed) for seed, prompt in enumerate(prompts)])
    return (open_oracle("digits-oracle").probabilities(images).argmax(1) == label).mean()
