"""A class-conditional latent diffusion model in CompVis's cin256 architecture, small: labels in the place of captions.

Cross-attention reads one token, the label's learned embedding (methods.md 3): the UNet's `encoder_hid_proj` over
one-hot labels. The label after the last class is the unconditional one; labels give way to it at random, for
classifier-free guidance (Ho & Salimans, 2021). Velocity and noise schedule are those of `latent_diffusion`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, LDMPipeline, UNet2DConditionModel
from torch import Tensor
from torch.nn.functional import one_hot

from bench.training.latent_diffusion import NOISE, Size, store_small
from bench.training.resumable import Schedule, fit

SIZE = Size()
SCHEDULE = Schedule(steps=2800, rate=1.5e-3, warmup=200, decay_share=0.4, ema=0.999, seed=4, save_every=250)


def build_unet(classes: int, size: Size) -> UNet2DConditionModel:
    """An untrained UNet of latents 4x8x8 that reads one-hot labels [b, 1, classes + 1]."""
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=size.unet,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=size.text_width,
        encoder_hid_dim=classes + 1,
        encoder_hid_dim_type="text_proj",
        attention_head_dim=size.unet_heads,  # the number of heads: diffusers' name for it is a known slip
        norm_num_groups=16,
    )


def fit_class_conditional(
    latents: Tensor,
    labels: np.ndarray,
    work: Path,
    *,
    schedule: Schedule = SCHEDULE,
    size: Size = SIZE,
    fused: bool = False,
) -> UNet2DConditionModel:
    """Fits the UNet of latents float [n, 4, 8, 8] and labels int64 [n]; resumable in `work`; its moving average."""
    torch.manual_seed(schedule.seed)
    classes, known = int(labels.max()) + 1, torch.from_numpy(labels).long()
    model, noise_schedule = build_unet(classes, size), DDPMScheduler(**NOISE)
    if fused:
        model.compile()

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = torch.randint(len(latents), (size.batch,), generator=generator)
        clean, label = latents[rows], known[rows].clone()
        label[torch.rand(size.batch, generator=generator) < size.caption_dropout] = classes
        noise = torch.randn(clean.shape, generator=generator)
        times = torch.randint(noise_schedule.config.num_train_timesteps, (size.batch,), generator=generator)
        noisy = noise_schedule.add_noise(clean, noise, times)
        tokens = one_hot(label, classes + 1)[:, None].float()
        velocity = model(noisy, times, encoder_hidden_states=tokens).sample
        return (velocity - noise_schedule.get_velocity(clean, noise, times)).square().mean()

    fitted = build_unet(classes, size)
    fitted.load_state_dict(fit("class-denoiser", model, loss_of, schedule, work))
    return fitted.eval()


def export(folder: Path, autoencoder: AutoencoderKL, unet: UNet2DConditionModel) -> None:
    """Writes a folder that method class-conditional draws with: an LDMPipeline whose sampler is DDIM."""
    sampler = DDIMScheduler(**NOISE, clip_sample=False, timestep_spacing="trailing")
    LDMPipeline(vqvae=autoencoder, unet=unet, scheduler=sampler).save_pretrained(folder, safe_serialization=True)
    store_small(folder)
