"""The committed weights of `digits-variations`: size, layout, and that a picture makes others of its class."""

import numpy as np
import pytest
import torch
from PIL import Image

from bench.models.oracle import open_oracle
from bench.pipelines.digits_sd import GENERATOR
from bench.pipelines.digits_variations import FOLDER, GUIDANCE, STEPS, apart, opened, unseen, vary
from bench.pipelines.versions.recipes import load_recipe
from bench.synthesis.image_variations import ImageVariations
from bench.synthesis.maker import Request
from bench.synthesis.pinned_weights import weights_digest
from bench.training.autoencoder import decode, encode

MEGABYTE = 1_000_000
SOURCES, LABELS = unseen(2)
# diffusers, on numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def pipeline():
    return opened(FOLDER)


@pytest.fixture(scope="module")
def varied(pipeline):
    return [vary(pipeline, SOURCES, seed=seed) for seed in (1, 2)]


def test_sizes_card_and_recipe():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors")) <= 9 * MEGABYTE
    assert not [path for path in FOLDER.rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".ckpt")]
    card = (FOLDER / "README.md").read_text().lower()
    assert all(word in card for word in ("data", "retrain", "figures", "licence"))
    assert not [path for path in FOLDER.rglob("*.json") if "_name_or_path" in path.read_text()]
    recipe = load_recipe("digits-g-variations@1.0.0")
    assert recipe.generator.weights == weights_digest(FOLDER)
    assert weights_digest(FOLDER) in card
    assert (recipe.sampler.steps, recipe.sampler.guidance) == (STEPS, GUIDANCE)


def test_the_autoencoder_is_that_of_digits_sd():
    name = "diffusion_pytorch_model.safetensors"
    assert (FOLDER / "vae" / name).read_bytes() == (GENERATOR / "vae" / name).read_bytes()


def test_variations_of_unseen_digits_are_of_their_class(pipeline, varied):
    assert all(torch.isfinite(value).all() for value in pipeline.unet.state_dict().values())
    read = open_oracle("digits-oracle").read(np.concatenate(varied))[0].argmax(1)
    assert (read == np.tile(LABELS, 2)).mean() > 0.7


def test_variations_are_others_than_their_source_and_than_each_other(pipeline, varied):
    back = decode(pipeline.vae, encode(pipeline.vae, SOURCES))
    assert apart(varied[0], SOURCES) > 2 * apart(back, SOURCES)
    assert apart(*varied) > 2 * apart(back, SOURCES)
    nearest = [int(np.argmin([apart(one[None], each[None]) for each in SOURCES])) for one in varied[0]]
    assert np.mean(np.array(nearest) == np.arange(len(SOURCES))) > 2 / len(SOURCES)


def test_grey_and_rgb_pictures_of_any_size_are_varied_alike():
    maker = ImageVariations(load_recipe("digits-g-variations@1.0.0"), device="cpu")
    grey = Image.fromarray(SOURCES[0])
    pictures = [grey, grey.convert("RGB"), grey.convert("RGB").resize((64, 48))]
    drawn = [maker.draw([Request("zero", "", "", 1, one)])[0] for one in pictures]
    assert {(image.mode, image.size) for image in drawn} == {("L", (32, 32))}
    assert drawn[0].tobytes() == drawn[1].tobytes()
    assert open_oracle("digits-oracle").read(drawn)[0].argmax(1).tolist() == [0, 0, 0]
