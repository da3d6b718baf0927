"""The second stage of latent diffusion: a UNet and a CLIP text encoder fitted together on cached latents, and the
export.

Velocity prediction (Salimans & Ho, 2022) under DDPM's linear noise schedule, whose last step is almost pure noise, so
that the ground's grey follows the caption. Captions are left out at random for classifier-free guidance (Ho &
Salimans, 2021). Before the UNet starts, the text encoder learns for a minute to tell the captions' labels apart: the
UNet then follows prompts early."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from bench.training.resumable import Schedule, average_of, fit

NOISE = {
    "num_train_timesteps": 1000,
    "beta_start": 1e-4,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "prediction_type": "v_prediction",
}
WARM_UP = Schedule(steps=400, rate=2e-3, warmup=50, decay_share=0.5, ema=0.98, seed=2, save_every=400)
SCHEDULE = Schedule(
    steps=12_500, restart=4500, rate=1.5e-3, warmup=200, decay_share=0.35, ema=0.999, seed=3, save_every=250
)


@dataclass(frozen=True)
class Size:
    """How large the networks are; the default is what is committed as `digits-sd`."""

    unet: tuple[int, int] = (48, 96)
    unet_heads: int = 2
    text_width: int = 96
    text_layers: int = 2
    batch: int = 64
    caption_dropout: float = 0.1


class Denoiser(nn.Module):
    """The two networks that are trained together, under one state dict."""

    def __init__(self, tokenizer: CLIPTokenizer, size: Size) -> None:
        super().__init__()
        self.text_encoder = _build_text_encoder(tokenizer, size)
        self.unet = UNet2DConditionModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            block_out_channels=size.unet,
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=size.text_width,
            attention_head_dim=size.unet_heads,  # the number of heads: diffusers' name for it is a known slip
            norm_num_groups=16,
        )

    def forward(self, noisy: Tensor, times: Tensor, tokens: Tensor) -> Tensor:
        """Predicted velocity [b, 4, 8, 8] from noisy latents [b, 4, 8, 8], times [b] and token ids [b, length]."""
        return self.unet(noisy, times, self.text_encoder(tokens).last_hidden_state).sample


def fit_denoiser(
    latents: Tensor,
    captions: Sequence[str],
    targets: Sequence[np.ndarray],
    tokenizer: CLIPTokenizer,
    work: Path,
    *,
    schedule: Schedule = SCHEDULE,
    warm_up: Schedule = WARM_UP,
    size: Size = Size(),
    fused: bool = False,
) -> Denoiser:
    """Fits the denoiser of latents float [n, 4, 8, 8]; resumable in `work`; returns the moving average of its weights.

    `fused` compiles the network first (a minute or two, then steps are about a third faster; needs a C++ compiler).

    `targets` are label arrays int64 [n] that captions express (class, style), for the text encoder's warm-up.
    """
    torch.manual_seed(schedule.seed)
    model = Denoiser(tokenizer, size)
    tokens = tokenize(tokenizer, captions)
    empty = tokenize(tokenizer, [""])[0]
    _warm_up(model.text_encoder, tokens, targets, warm_up, work, size)
    noise_schedule = DDPMScheduler(**NOISE)
    if fused:
        model.compile()

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = torch.randint(len(latents), (size.batch,), generator=generator)
        clean, words = latents[rows], tokens[rows].clone()
        words[torch.rand(size.batch, generator=generator) < size.caption_dropout] = empty
        noise = torch.randn(clean.shape, generator=generator)
        times = torch.randint(noise_schedule.config.num_train_timesteps, (size.batch,), generator=generator)
        noisy = noise_schedule.add_noise(clean, noise, times)
        return (model(noisy, times, words) - noise_schedule.get_velocity(clean, noise, times)).square().mean()

    fitted = Denoiser(tokenizer, size)
    fitted.load_state_dict(fit("denoiser", model, loss_of, schedule, work))
    return fitted.eval()


def shortened(steps: int) -> Schedule:
    """The default schedule over another number of steps; in one cycle where there is no room for the first."""
    return replace(SCHEDULE, steps=steps, restart=SCHEDULE.restart if steps > SCHEDULE.restart else 0)


def denoiser_so_far(tokenizer: CLIPTokenizer, work: Path, size: Size = Size()) -> tuple[Denoiser, int]:
    """The moving average of a run in progress, and its step."""
    model = Denoiser(tokenizer, size)
    state, step = average_of("denoiser", work)
    model.load_state_dict(state)
    return model.eval(), step


def tokenize(tokenizer: CLIPTokenizer, captions: Sequence[str]) -> Tensor:
    """Token ids int64 [n, model_max_length], padded and cut as the pipeline does it."""
    distinct = sorted(set(captions))
    ids = tokenizer(
        distinct, padding="max_length", truncation=True, max_length=tokenizer.model_max_length, return_tensors="pt"
    ).input_ids
    row = {caption: index for index, caption in enumerate(distinct)}
    return ids[torch.tensor([row[caption] for caption in captions])]


def export(folder: Path, autoencoder: AutoencoderKL, denoiser: Denoiser, tokenizer: CLIPTokenizer) -> None:
    """Writes a folder that `StableDiffusionPipeline.from_pretrained` reads."""
    sampler = DPMSolverMultistepScheduler(**NOISE, solver_order=2, timestep_spacing="trailing", steps_offset=1)
    pipeline = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=denoiser.text_encoder,
        tokenizer=tokenizer,
        unet=denoiser.unet,
        scheduler=sampler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    store_small(folder)


def store_small(folder: Path) -> None:
    """Stores the UNet in a pipeline's folder as float16 (diffusers reads it as float32 unless told otherwise).

    No configuration keeps where its part lay on this machine: that is nobody's business, and would be in the digest.
    """
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({key: value.half() for key, value in load_file(path).items()}, path, metadata={"format": "pt"})
    for path in folder.glob("*/config.json"):
        config = json.loads(path.read_text(encoding="utf-8"))
        if config.pop("_name_or_path", None) is not None:
            path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _build_text_encoder(tokenizer: CLIPTokenizer, size: Size) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.text_width,
        intermediate_size=2 * size.text_width,
        projection_dim=size.text_width,
        num_hidden_layers=size.text_layers,
        num_attention_heads=2,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def _warm_up(
    encoder: CLIPTextModel, tokens: Tensor, targets: Sequence[np.ndarray], schedule: Schedule, work: Path, size: Size
) -> None:
    """Linear heads on the caption's end and on the last padding learn each label array, and are then thrown away."""
    labels = [torch.from_numpy(np.asarray(target)).long() for target in targets]
    heads = nn.ModuleList(nn.Linear(size.text_width, int(label.max()) + 1) for label in labels)
    learner = nn.ModuleDict({"encoder": encoder, "heads": heads})

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = torch.randint(len(tokens), (size.batch,), generator=generator)
        output = encoder(tokens[rows])
        summary = torch.cat([output.pooler_output, output.last_hidden_state[:, -1]])
        losses = [
            nn.functional.cross_entropy(head(summary), label[rows].repeat(2))
            for head, label in zip(heads, labels, strict=True)
        ]
        return torch.stack(losses).mean()

    learner.load_state_dict(fit("text-encoder", learner, loss_of, schedule, work))
