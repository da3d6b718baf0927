"""Image variations in miniature: views, a training that can be killed, an export that its method draws with."""

import numpy as np
import pytest
import torch
from PIL import Image

from bench.core.recipe import Recipe
from bench.pipelines.digits_sd_bars import load
from bench.synthesis.image_variations import ImageVariations, clip_input
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_digest
from bench.training.autoencoder import build_autoencoder
from bench.training.image_variations import Pictures, Size, Varier, build_encoder, export, fit_variations, views
from bench.training.resumable import Schedule
from tests.stub_maker import recipe_dict
from tests.tiny_pipeline import build_tiny_pipeline

SMALL = Size(patch=16, width=16, layers=1, heads=2, warm_up_batch=4, batch=4)
STEADY = Schedule(steps=4, rate=1e-3, warmup=1, decay_share=0.0, seed=5, save_every=2)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return load(build_tiny_pipeline(tmp_path_factory.mktemp("teacher") / "tiny"))


def picture(seed, mode="L"):
    shape = (32, 32) if mode == "L" else (32, 32, 3)
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def test_views_are_of_clip_s_scale_and_the_edge_goes_on():
    even = np.full((3, 32, 32), 128, np.uint8)
    seen = views(even, torch.Generator().manual_seed(0))
    assert torch.allclose(seen, clip_input(Image.fromarray(even[0]), 32).expand_as(seen), atol=1e-5)


def test_views_shift_by_a_twentieth_of_the_side_at_most_and_turn_about_the_middle():
    dots = np.zeros((200, 32, 32), np.uint8)
    dots[:, 15:17, 15:17] = 255
    seen = views(dots, torch.Generator().manual_seed(0))[:, 0]
    mass = seen - seen.amin()
    axis = torch.arange(32) - 15.5
    off = torch.stack([mass.sum(1) @ axis, mass.sum(2) @ axis]) / mass.sum((1, 2))
    assert off.abs().max() < 1.6 * 1.13 / 0.92  # the shift itself is turned (cos + sin of 8 degrees) and scaled
    assert off.std() > 0.6
    assert (off.mean(dim=1).abs() < 0.4).all()


def test_pictures_are_drawn_as_often_as_their_weights_say():
    weights = torch.tensor([0.0, 1.0, 3.0])
    pictures = Pictures(np.zeros((3, 32, 32), np.uint8), torch.zeros(3, 4, 8, 8), ["a one"] * 3, (), weights)
    counts = torch.bincount(pictures.draw(4000, torch.Generator().manual_seed(0)), minlength=3)
    assert counts[0] == 0
    assert abs(counts[2] / 4000 - 0.75) < 0.03


def test_an_untrained_encoder_knows_rows_and_columns():
    places = build_encoder(32, Size()).vision_model.embeddings.position_embedding.weight[1:].view(4, 4, 64)
    assert torch.equal(places[:, 0, :32], places[:, 3, :32])
    assert torch.equal(places[0, :, 32:], places[3, :, 32:])
    assert torch.pdist(places[:, 0, :32]).min() > 0.1


def test_killed_and_resumed_is_the_undisturbed_training(teacher, tmp_path):
    images = np.stack([picture(seed) for seed in range(12)])
    captions, labels = ["a three", "a seven", "a zero"] * 4, np.array([3, 7, 0] * 4)
    pictures = Pictures(images, torch.randn(12, 4, 8, 8), captions, (labels,), torch.ones(12))

    def fitted(work, steps):
        schedule = Schedule(**vars(STEADY) | {"steps": steps})
        return fit_variations(
            pictures, teacher, tmp_path / work, schedule=schedule, warm_up=STEADY, size=SMALL
        ).state_dict()

    before = {key: value.clone() for key, value in teacher.unet.state_dict().items()}
    straight = fitted("straight", 4)
    fitted("killed", 2)
    resumed = fitted("killed", 4)
    assert all(torch.equal(value, resumed[key]) for key, value in straight.items())
    assert all(torch.equal(value, teacher.unet.state_dict()[key]) for key, value in before.items())
    assert any(not torch.equal(value, straight[f"unet.{key}"]) for key, value in before.items())


def test_the_export_is_what_the_method_draws_with(teacher, tmp_path):
    torch.manual_seed(0)
    export(tmp_path, build_autoencoder((8, 8, 8)), Varier(build_encoder(32, SMALL), teacher.unet))
    assert not [path for path in tmp_path.rglob("*.json") if "_name_or_path" in path.read_text()]
    recipe = recipe_dict(
        generator={"name": str(tmp_path), "revision": "1", "weights": weights_digest(tmp_path)},
        method={"name": "image-variations", "parameters": {"safety": "none"}},
        sampler={"name": "DPMSolverMultistepScheduler", "steps": 2, "guidance": 2.0},
        prompts=None,
    )
    maker = ImageVariations(Recipe.model_validate(recipe), device="cpu")
    sources = [(1, picture(1)), (2, picture(1)), (1, picture(2, "RGB"))]
    first, reseeded, other = maker.draw([Request("three", "", "", seed, source) for seed, source in sources])
    assert {(image.size, image.mode) for image in (first, reseeded, other)} == {((32, 32), "L")}
    assert len({image.tobytes() for image in (first, reseeded, other)}) == 3
