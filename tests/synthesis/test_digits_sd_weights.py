"""The committed weights of `digits-sd`: size, layout, vocabulary, and that a prompt makes a picture."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from open_clip import OPENAI_IMAGENET_TEMPLATES

import bench

FOLDER = Path(bench.__file__).parent / "synthesis" / "weights" / "digits-sd"
ORACLE = Path(bench.__file__).parent / "models" / "weights" / "digits-oracle"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    loaded = StableDiffusionPipeline.from_pretrained(FOLDER, low_cpu_mem_usage=False)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def test_sizes_and_cards() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors")) <= 12 * MEGABYTE
    assert sum(path.stat().st_size for path in ORACLE.rglob("*.safetensors")) < 2 * MEGABYTE
    for folder in (FOLDER, ORACLE):
        assert not [path for path in folder.rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".ckpt")]
        card = (folder / "README.md").read_text().lower()
        assert all(word in card for word in ("data", "command", "seed", "licence"))


def test_layout_is_stable_diffusions() -> None:
    index = json.loads((FOLDER / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert index["safety_checker"] == index["feature_extractor"] == [None, None]
    assert index["requires_safety_checker"] is False


def test_every_word_of_the_templates_is_one_token(pipeline: StableDiffusionPipeline) -> None:
    tokenizer = pipeline.tokenizer
    for template in OPENAI_IMAGENET_TEMPLATES:
        for word in WORDS:
            tokens = tokenizer.tokenize(template(word))
            assert all(token.endswith("</w>") for token in tokens), tokens
            assert len(tokens) + 2 <= tokenizer.model_max_length
    assert pipeline.text_encoder.config.eos_token_id == tokenizer.eos_token_id


def test_weights_are_float32_finite_and_the_latents_unscaled(pipeline: StableDiffusionPipeline) -> None:
    for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        assert all(torch.isfinite(value).all() for value in part.state_dict().values())
        assert next(part.parameters()).dtype == torch.float32
    assert pipeline.vae.config.scaling_factor == 1.0


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers, on numpy 2
def test_prompts_make_different_grey_pictures_and_a_seed_repeats_them(pipeline: StableDiffusionPipeline) -> None:
    def pictures() -> np.ndarray:
        generator = torch.Generator().manual_seed(3)
        prompts = ["a photo of a one.", "a bright photo of a zero."]
        output = pipeline(prompts, height=32, width=32, num_inference_steps=8, guidance_scale=2.0, generator=generator)
        assert all(image.mode == "L" for image in output.images)
        return np.stack([np.asarray(image) for image in output.images])

    first = pictures()
    assert np.array_equal(first, pictures())
    assert np.median(first[0]) < 60 < 150 < np.median(first[1])  # white ink on black; dark ink on light paper
