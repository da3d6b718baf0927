"""Latent diffusion in miniature: resuming changes nothing, the tokenizer is whole, an export loads as a pipeline."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTokenizer

from bench.core.errors import DataError
from bench.training import autoencoder as first_stage
from bench.training import latent_diffusion, resumable
from bench.training.captions import build_tokenizer
from bench.training.resumable import Schedule

CAPTIONS = ["a photo of a three.", "a close-up photo of the seven.", "graffiti of a zero."]
SIZE = latent_diffusion.Size(unet=(16, 16), unet_heads=1, text_width=16, text_layers=1, batch=4)
CHANNELS = (8, 8, 8)


def _short(steps: int, **changes: float) -> Schedule:
    return Schedule(**({"steps": steps, "rate": 1e-3, "warmup": 2, "seed": 5, "save_every": 3} | changes))


def _fit(work: Path, steps: int) -> latent_diffusion.Denoiser:
    latents = torch.randn(12, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    labels = np.arange(12) % 3
    tokenizer = build_tokenizer(CAPTIONS)
    return latent_diffusion.fit_denoiser(
        latents,
        CAPTIONS * 4,
        (labels,),
        tokenizer,
        work,
        schedule=_short(steps, decay_share=0.25),
        warm_up=_short(4),
        size=SIZE,
    )


def test_a_killed_run_gives_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _fit(tmp_path / "whole", 8)
    follow, calls = resumable._follow, []

    def killed(*arguments: object) -> None:
        calls.append(1)
        if len(calls) == 4 + 7:  # warm-up steps, then the seventh: after the checkpoint of the sixth
            raise KeyboardInterrupt
        follow(*arguments)

    monkeypatch.setattr(resumable, "_follow", killed)
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "killed", 8)
    monkeypatch.setattr(resumable, "_follow", follow)
    assert resumable.average_of("denoiser", tmp_path / "killed")[1] == 6
    resumed = _fit(tmp_path / "killed", 8)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_a_folder_with_more_steps_than_asked_for_is_refused(tmp_path: Path) -> None:
    _fit(tmp_path, 6)
    with pytest.raises(DataError, match="holds 6 steps, more than the 3 asked for"):
        _fit(tmp_path, 3)


def test_rate_rises_holds_and_falls_to_zero() -> None:
    schedule = Schedule(steps=100, rate=1.0, warmup=10, decay_share=0.4)
    assert [schedule.rate_at(step) for step in (0, 4, 9, 59)] == [0.1, 0.5, 1.0, 1.0]
    assert schedule.rate_at(80) == pytest.approx(0.5)
    assert schedule.rate_at(100) == pytest.approx(0.0)


def test_tokenizer_keeps_every_word_whole_and_any_text_encodable(tmp_path: Path) -> None:
    tokenizer = build_tokenizer(CAPTIONS)
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    for words in (tokenizer, loaded):
        assert words.tokenize("A close-up photo of the three.") == [
            f"{word}</w>" for word in ("a", "close", "-", "up", "photo", "of", "the", "three", ".")
        ]
        assert words.eos_token_id not in words("a zebra, café 42", add_special_tokens=False).input_ids
        assert words("").input_ids[:2] == [words.bos_token_id, words.eos_token_id]
    ids = latent_diffusion.tokenize(loaded, ["three", "a photo of a three."])
    assert ids.shape == (2, loaded.model_max_length)
    assert (ids[0, 2:] == loaded.pad_token_id).all()


def test_latents_are_standardised_without_changing_the_pictures(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 32, 32), dtype=np.uint8)
    torch.manual_seed(0)
    model = first_stage.build_autoencoder(CHANNELS).eval()
    before = first_stage.psnr(model, images)
    first_stage._standardise(model, first_stage.encode(model, images))
    latents = first_stage.encode(model, images)
    assert latents.shape == (64, 4, 8, 8)
    assert torch.allclose(latents.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(latents.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-3)
    assert first_stage.psnr(model, images) == pytest.approx(before, abs=1e-3)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers, on numpy 2
def test_an_export_loads_as_a_pipeline_of_grey_pictures(tmp_path: Path) -> None:
    tokenizer = build_tokenizer(CAPTIONS)
    torch.manual_seed(0)
    denoiser = latent_diffusion.Denoiser(tokenizer, SIZE)
    latent_diffusion.export(tmp_path, first_stage.build_autoencoder(CHANNELS), denoiser, tokenizer)
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path, low_cpu_mem_usage=False)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.safety_checker is None
    assert not pipeline.config.requires_safety_checker
    pictures = pipeline(
        CAPTIONS, height=32, width=32, num_inference_steps=2, generator=torch.Generator().manual_seed(1)
    ).images
    assert [(picture.mode, picture.size) for picture in pictures] == [("L", (32, 32))] * 3
