"""Image to image, image variations, class-conditional: the same request, the same image; each does what it says."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.sources.class_lists import class_list
from bench.synthesis.class_conditional import ClassConditional
from bench.synthesis.image_to_image import ImageToImage, start_image
from bench.synthesis.image_variations import MEAN, STD, ImageVariations, clip_input
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_digest
from tests.stub_maker import recipe_dict
from tests.tiny_generators import build_tiny_generator

SIZE = {"width": 64, "height": 64}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("weights")
    return {kind: build_tiny_generator(kind, root / kind) for kind in ("stable-diffusion", "image-variations", "ldm")}


@pytest.fixture
def recipe(folders):
    def of(kind, method, steps=4, **changes):
        weights = {"name": str(folders[kind]), "revision": "1", "weights": weights_digest(folders[kind])}
        sampler = {"name": "DDIMScheduler", "steps": steps, "guidance": 3.0}
        digits = [item.model_dump() for item in class_list("digits")]
        whole = {"generator": weights, "method": method, "sampler": sampler, "size": SIZE, "mode": "RGB"}
        return Recipe.model_validate(recipe_dict(classes=digits, **whole | changes))

    return of


def picture(seed):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 56, 3), dtype=np.uint8))


def request(seed, *, source=None, class_id="3", prompt="a photo of a three."):
    return Request("three", prompt, "", seed, source, class_id)


def pixels(images):
    return np.stack([np.asarray(image) for image in images]).astype(int)


def editing(strength):
    return {"name": "image-to-image", "parameters": {"safety": "none", "strength": strength}}


def calls_of(module, monkeypatch):
    calls, forward = [], module.forward
    monkeypatch.setattr(module, "forward", lambda *args, **options: calls.append(1) or forward(*args, **options))
    return calls


@pytest.mark.parametrize(("strength", "steps"), [(1.0, 4), (0.5, 2), (0.3, 1)])
def test_strength_runs_the_last_part_of_the_steps(recipe, monkeypatch, strength, steps):
    maker = ImageToImage(recipe("stable-diffusion", editing(strength)), device="cpu")
    calls = calls_of(maker._editor.pipeline.unet, monkeypatch)
    images = maker.draw([request(1, source=picture(1))] * 2)
    assert len(calls) == steps == int(4 * strength)
    assert {(image.size, image.mode) for image in images} == {((64, 64), "RGB")}


def test_image_to_image_follows_seed_source_and_prompt_and_nothing_else(recipe):
    maker = ImageToImage(recipe("stable-diffusion", editing(0.5)), device="cpu")
    one = [request(1, source=picture(1)), request(2, source=picture(1))]
    first = pixels(maker.draw(one))
    torch.manual_seed(9)
    assert (pixels(maker.draw(one)) == first).all()
    assert (first[0] != first[1]).any()
    assert (pixels(maker.draw([request(1, source=picture(2)), one[1]]))[0] != first[0]).any()
    assert (pixels(maker.draw([request(1, source=picture(1), prompt="a sketch"), one[1]]))[0] != first[0]).any()


@pytest.mark.parametrize(
    ("strength", "message"),
    [
        (0.2, "strength 0.2 leaves none of 4 steps; expected at least 0.25, or 0"),
        (1.5, "parameters: strength: .* got 1.5"),
        (-1, "parameters: strength: .* got -1"),
        (True, "parameters: strength: .* got True"),
        ("half", "parameters: strength: .* got 'half'"),
        (None, "parameters: strength: Field required"),
    ],
)
def test_a_strength_that_runs_no_step_is_refused(recipe, strength, message):
    parameters = {"safety": "none"} | ({} if strength is None else {"strength": strength})
    method = {"name": "image-to-image", "parameters": parameters}
    with pytest.raises(UsageError, match=message) as caught:
        ImageToImage(recipe("stable-diffusion", method), device="cpu")
    assert "\n" not in str(caught.value)


def test_the_start_image_is_resized_by_lanczos_whatever_its_shape(recipe):
    source = picture(3)
    expected = source.resize((64, 64), Image.Resampling.LANCZOS)
    assert start_image(source, recipe("stable-diffusion", editing(1.0))).tobytes() == expected.tobytes()


def test_clip_input_is_bicubic_without_antialiasing_and_normalised():
    resize = torch.nn.functional.interpolate
    tensor = torch.from_numpy(np.asarray(picture(4)).copy()).permute(2, 0, 1)[None].float() / 255
    for channel in range(3):
        small = resize(tensor[:, channel : channel + 1], size=(32, 32), mode="bicubic")
        expected = (small - MEAN[channel]) / STD[channel]
        assert torch.allclose(clip_input(picture(4), 32)[:, channel : channel + 1], expected, atol=1e-6)
    smooth = (resize(tensor, size=(32, 32), mode="bicubic", antialias=True)[0, 0] - MEAN[0]) / STD[0]
    assert not torch.allclose(clip_input(picture(4), 32)[0, 0], smooth, atol=0.05)
    grey = clip_input(Image.new("L", (5, 9), 128), 32)
    assert torch.allclose(grey[0, :, 0, 0], (128 / 255 - torch.tensor(MEAN)) / torch.tensor(STD), atol=1e-5)


def test_variations_follow_seed_and_source_and_no_prompt(recipe):
    method = {"name": "image-variations", "parameters": {"safety": "checker"}}
    maker = ImageVariations(recipe("image-variations", method, prompts=None), device="cpu")
    one = [request(1, source=picture(1)), request(2, source=picture(1))]
    first = pixels(maker.draw(one))
    assert (pixels(maker.draw(one)) == first).all()
    assert (first[0] != first[1]).any()
    assert (pixels(maker.draw([request(1, source=picture(2)), one[1]]))[0] != first[0]).any()
    assert (pixels(maker.draw([request(1, source=picture(1), prompt="x"), one[1]])) == first).all()


LABELS = {"name": "class-conditional"}
SPACE = tuple(item.id for item in class_list("digits"))


def test_labels_decide_the_class_and_seeds_the_noise(recipe):
    whole = recipe("ldm", LABELS, prompts=None, label_space=SPACE, mode="L", size={"width": 32, "height": 32})
    maker = ClassConditional(whole, device="cpu")
    one = [request(1), request(2)]
    first = pixels(maker.draw(one))
    assert (pixels(maker.draw(one)) == first).all()
    assert first.shape == (2, 32, 32)
    assert (first[0] != first[1]).any()
    assert (pixels(maker.draw([request(1, class_id="4"), one[1]]))[0] != first[0]).any()


def test_guidance_is_the_released_formula(recipe):
    """With a UNet that answers c for label c and the last label for none, eps = u + s (c - u), worked by hand."""
    seen = []

    class Answer(nn.Module):
        config, device, dtype = type("Config", (), {"in_channels": 4}), torch.device("cpu"), torch.float32
        encoder_hid_proj = nn.Linear(11, 16)

        def forward(self, z, t, encoder_hidden_states):
            labels = encoder_hidden_states[:, 0].argmax(-1).float()
            return type("Output", (), {"sample": labels.view(-1, 1, 1, 1).expand_as(z).clone()})

    class Scheduler:
        init_noise_sigma, timesteps = 1.0, [7]

        def set_timesteps(self, steps, device): ...

        def scale_model_input(self, z, t):
            return z

        def step(self, eps, t, z):
            seen.append(eps[:, 0, 0, 0].tolist())
            return type("Output", (), {"prev_sample": z})

    whole = recipe("ldm", LABELS, prompts=None, label_space=SPACE, mode="L", size={"width": 32, "height": 32})
    maker = ClassConditional(whole, device="cpu")
    maker._pipeline.unet, maker._pipeline.scheduler = Answer(), Scheduler()
    maker.draw([request(1, class_id="2"), request(2, class_id="7")])
    assert seen == [[10 + 3 * (2 - 10), 10 + 3 * (7 - 10)]]


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"label_space": [*SPACE, "10"]}, UsageError, "expected the 10 classes of generator .* got 11"),
        ({"method": LABELS | {"parameters": {"eta": 1}}}, UsageError, "unknown key 'eta'"),
    ],
)
def test_labels_of_another_generator_are_one_line(recipe, changes, kind, message):
    whole = {"method": LABELS, "label_space": SPACE} | changes
    with pytest.raises(kind, match=message) as caught:
        ClassConditional(recipe("ldm", whole.pop("method"), prompts=None, mode="L", **whole), device="cpu")
    assert "\n" not in str(caught.value)


def test_a_generator_of_another_class_is_one_line(recipe):
    with pytest.raises(DataError, match="is a StableDiffusionPipeline; method class-conditional draws with"):
        ClassConditional(recipe("stable-diffusion", LABELS, label_space=SPACE), device="cpu")


def test_cin256_as_published_is_this_layout():
    """methods.md 3: 400 million parameters (Rombach et al., 2022, table 13), by stock classes."""
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=64,
            in_channels=3,
            out_channels=3,
            block_out_channels=(192, 384, 576, 960),
            layers_per_block=2,
            down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
            up_block_types=(*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
            cross_attention_dim=512,
            encoder_hid_dim=1001,
            encoder_hid_dim_type="text_proj",
            attention_head_dim=1,
        )
    assert 390e6 < sum(parameter.numel() for parameter in unet.parameters()) < 410e6
