"""The class-conditional latent model: it learns labels, goes on where it was killed, and draws by its method."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from bench.core.recipe import Recipe
from bench.sources.class_lists import class_list
from bench.synthesis.class_conditional import ClassConditional
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_digest
from bench.training.autoencoder import build_autoencoder
from bench.training.class_conditional import build_unet, export, fit_class_conditional
from bench.training.latent_diffusion import Size
from bench.training.resumable import Schedule
from tests.stub_maker import recipe_dict

SMALL = Size(unet=(16, 16), text_width=16, batch=16)
SCHEDULE = Schedule(steps=6, rate=3e-3, warmup=1, seed=4, save_every=2)


@pytest.fixture
def data():
    labels = np.arange(40) % 10
    noise = torch.randn(40, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    return noise * 0.1 + torch.from_numpy(labels).view(-1, 1, 1, 1) / 5, labels


def test_killed_and_resumed_is_the_undisturbed_training(data, tmp_path):
    whole = fit_class_conditional(*data, tmp_path / "whole", schedule=SCHEDULE, size=SMALL)
    half = Schedule(**{**vars(SCHEDULE), "steps": 4, "decay_share": 0.0})
    steady = Schedule(**{**vars(SCHEDULE), "decay_share": 0.0})
    fit_class_conditional(*data, tmp_path / "killed", schedule=half, size=SMALL)
    resumed = fit_class_conditional(*data, tmp_path / "killed", schedule=steady, size=SMALL)
    straight = fit_class_conditional(*data, tmp_path / "straight", schedule=steady, size=SMALL)
    for name, value in resumed.state_dict().items():
        assert torch.equal(value, straight.state_dict()[name]), name
    assert any(not torch.equal(v, straight.state_dict()[k]) for k, v in whole.state_dict().items())


def test_the_export_is_what_the_method_draws_with(tmp_path):
    torch.manual_seed(0)
    export(tmp_path / "ldm", build_autoencoder((8, 8, 8)), build_unet(10, SMALL))
    assert isinstance(AutoencoderKL.from_pretrained(tmp_path / "ldm" / "vqvae", low_cpu_mem_usage=False), AutoencoderKL)
    generator = {"name": str(tmp_path / "ldm"), "revision": "1", "weights": weights_digest(tmp_path / "ldm")}
    classes = [item.model_dump() for item in class_list("digits")]
    recipe = recipe_dict(
        classes=classes,
        generator=generator,
        method={"name": "class-conditional"},
        label_space=[one["id"] for one in classes],
        sampler={"name": "DDIMScheduler", "steps": 2, "guidance": 3.0},
        prompts=None,
    )
    maker = ClassConditional(Recipe.model_validate(recipe), device="cpu")
    images = maker.draw([Request("two", "", "", seed, class_id="2") for seed in (1, 2)])
    assert {(image.size, image.mode) for image in images} == {((32, 32), "L")}
    assert images[0].tobytes() != images[1].tobytes()
