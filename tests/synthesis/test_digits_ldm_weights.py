"""The committed weights of `digits-ldm`: size, layout, and that a label makes its digit."""

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline

from bench.models.oracle import open_oracle
from bench.pipelines.digits_ldm import FOLDER, GUIDANCE, STEPS
from bench.pipelines.digits_sd import GENERATOR
from bench.pipelines.versions.recipes import load_recipe
from bench.synthesis.class_conditional import sample_ldm
from bench.synthesis.pinned_weights import weights_digest

MEGABYTE = 1_000_000


def test_sizes_card_and_recipe():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors")) <= 10 * MEGABYTE
    assert not [path for path in FOLDER.rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".ckpt")]
    card = (FOLDER / "README.md").read_text().lower()
    assert all(word in card for word in ("data", "retrain", "figures", "licence"))
    assert not [path for path in FOLDER.rglob("*.json") if "_name_or_path" in path.read_text()]
    recipe = load_recipe("digits-g-ldm@1.0.0")
    assert recipe.generator.weights == weights_digest(FOLDER)
    assert (recipe.sampler.steps, recipe.sampler.guidance) == (STEPS, GUIDANCE)


def test_the_autoencoder_is_that_of_digits_sd():
    name = "diffusion_pytorch_model.safetensors"
    assert (FOLDER / "vqvae" / name).read_bytes() == (GENERATOR / "vae" / name).read_bytes()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers, on numpy 2
def test_labels_make_their_digits_and_a_seed_repeats_them():
    pipeline, labels = DiffusionPipeline.from_pretrained(FOLDER, low_cpu_mem_usage=False), list(range(10)) * 2
    assert all(torch.isfinite(value).all() for value in pipeline.unet.state_dict().values())

    def pictures() -> np.ndarray:
        noise = [torch.Generator().manual_seed(place) for place in range(len(labels))]
        with torch.no_grad():
            drawn = sample_ldm(pipeline, labels, noise, steps=10, guidance=GUIDANCE, size=(32, 32))
        return ((drawn[:, 0] + 1) / 2).clamp(0, 1).mul(255).to(torch.uint8).numpy()

    first = pictures()
    assert np.array_equal(first, pictures())
    assert (open_oracle("digits-oracle").read(first)[0].argmax(1) == labels).mean() > 0.7
