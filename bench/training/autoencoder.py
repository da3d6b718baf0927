"""The first stage of latent diffusion (Rombach et al., 2022): an AutoencoderKL of grey 32x32 pictures, latents 4x8x8.

After fitting, the latents are standardised channel by channel (mean 0, deviation 1 over the pictures) by folding the
change into the two 1x1 convolutions about the latent space, so that the diffusion starts from well-scaled data.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from bench.training.resumable import Schedule, fit

SCHEDULE = Schedule(steps=1000, rate=3e-3, warmup=60, decay_share=0.6, ema=0.99, seed=1, save_every=200)
BATCH = 32
KL_WEIGHT = 2e-4
CHANNELS = (16, 32, 64)


def build_autoencoder(channels: tuple[int, int, int] = CHANNELS) -> AutoencoderKL:
    """An untrained autoencoder; each of the three levels but the last halves the picture."""
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=32,
        mid_block_add_attention=False,
    )


def to_tensor(images: np.ndarray) -> Tensor:
    """uint8 [n, 32, 32] -> float32 [n, 1, 32, 32] in -1..1, as the pipeline's image processor has them."""
    return torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).float() / 127.5 - 1


def fit_autoencoder(
    images: np.ndarray,
    work: Path,
    *,
    schedule: Schedule = SCHEDULE,
    channels: tuple[int, int, int] = CHANNELS,
    fused: bool = False,
) -> AutoencoderKL:
    """Fits and standardises an autoencoder of pictures uint8 [n, 32, 32]; resumable in `work`."""
    torch.manual_seed(schedule.seed)
    model = build_autoencoder(channels)
    if fused:
        model.encoder.compile()
        model.decoder.compile()

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = torch.randint(len(images), (BATCH,), generator=generator)
        target = to_tensor(images[rows.numpy()])
        posterior = model.encode(target).latent_dist
        output = model.decode(posterior.sample(generator=generator)).sample
        error = output - target
        return error.abs().mean() + 2 * error.square().mean() + KL_WEIGHT * posterior.kl().mean() / 256

    fitted = build_autoencoder(channels)
    fitted.load_state_dict(fit("autoencoder", model, loss_of, schedule, work))
    _standardise(fitted, encode(fitted, images[:4096]))
    return fitted.eval()


@torch.no_grad()
def encode(model: AutoencoderKL, images: np.ndarray, *, batch: int = 64) -> Tensor:
    """Means of the latents, float32 [n, 4, 8, 8], of pictures uint8 [n, 32, 32]."""
    model.eval()
    return torch.cat(
        [model.encode(to_tensor(images[i : i + batch])).latent_dist.mean for i in range(0, len(images), batch)]
    )


@torch.no_grad()
def decode(model: AutoencoderKL, latents: Tensor, *, batch: int = 64) -> np.ndarray:
    """The pictures uint8 [n, 32, 32] of latents [n, 4, 8, 8]."""
    model.eval()
    pixels = torch.cat([model.decode(part).sample for part in latents.split(batch)])
    return ((pixels[:, 0].clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()


@torch.no_grad()
def psnr(model: AutoencoderKL, images: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of the reconstructions of pictures uint8 [n, 32, 32] (grey levels 0..1)."""
    target = to_tensor(images)
    output = model.decode(encode(model, images)).sample.clamp(-1, 1)
    return float(-10 * torch.log10(((output - target) / 2).square().mean()))


@torch.no_grad()
def _standardise(model: AutoencoderKL, latents: Tensor) -> None:
    mean, deviation = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    into, out_of = model.quant_conv, model.post_quant_conv
    channels = len(mean)
    out_of.bias += out_of.weight[:, :, 0, 0] @ mean
    out_of.weight *= deviation[None, :, None, None]
    into.weight[:channels] /= deviation[:, None, None, None]
    into.bias[:channels] = (into.bias[:channels] - mean) / deviation
    into.bias[channels:] -= 2 * deviation.log()
    model.register_to_config(scaling_factor=1.0)
