"""A small CLIP image encoder and a UNet that reads its embedding in the place of text, fitted together on latents.

As in Stable Diffusion image variations (methods.md 2.1) cross-attention reads one token, the projected embedding of a
picture. That picture is another view of the one that is drawn (turned, scaled, shifted), so that the embedding carries
class and style and not every pixel; embeddings give way to zeros at random, for classifier-free guidance as the
pipeline has it. The UNet starts from a text-to-image one of its shape. Before, the encoder learns to say of a picture
what the text encoder says of its caption, so that this UNet understands it from the first step, and to tell apart
classes and styles, which that alone teaches slowly.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    StableDiffusionImageVariationPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample, mse_loss
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from bench.training.latent_diffusion import NOISE, store_small, tokenize
from bench.training.resumable import Schedule, fit

WARM_UP = Schedule(steps=1000, rate=3e-3, warmup=50, decay_share=0.6, ema=0.99, seed=5, save_every=100)
SCHEDULE = Schedule(steps=1000, rate=5e-4, warmup=50, decay_share=0.5, ema=0.99, seed=6, save_every=50, restart=400)
PLACE = 0.2  # about the size of an untrained patch's embedding


@dataclass(frozen=True)
class Size:
    """The encoder, and batches of it alone and of both; the default is that of `digits-variations`."""

    side: int = 32
    patch: int = 8
    width: int = 64
    layers: int = 3
    heads: int = 4
    warm_up_batch: int = 128
    batch: int = 32
    dropout: float = 0.1


@dataclass(frozen=True)
class Pictures:
    """What is learned from: pictures uint8 [n, 32, 32], their latents float32 [n, 4, 8, 8], their captions [n].

    `targets`: arrays of labels int64 [n] (class, style) that the encoder learns to tell apart while it warms up.
    `weights`: how often each is drawn, float32 [n], of any sum.
    """

    images: np.ndarray
    latents: Tensor
    captions: Sequence[str]
    targets: Sequence[np.ndarray]
    weights: Tensor

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Rows int64 [count], with replacement."""
        return torch.multinomial(self.weights, count, replacement=True, generator=generator)


class Varier(nn.Module):
    """The two networks that are trained together, under one state dict."""

    def __init__(self, encoder: CLIPVisionModelWithProjection, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.image_encoder, self.unet = encoder, unet

    def forward(self, noisy: Tensor, times: Tensor, seen: Tensor, kept: Tensor) -> Tensor:
        """Predicted velocity [b, 4, 8, 8] from noisy latents, times [b], `seen` [b, 3, side, side] where `kept` [b]."""
        token = self.image_encoder(seen).image_embeds * kept[:, None]
        return self.unet(noisy, times, token[:, None]).sample


def build_encoder(width: int, size: Size) -> CLIPVisionModelWithProjection:
    """An untrained encoder of pictures [b, 3, side, side] whose embeddings are [b, width]."""
    config = CLIPVisionConfig(
        image_size=size.side,
        patch_size=size.patch,
        hidden_size=size.width,
        intermediate_size=4 * size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        projection_dim=width,
    )
    encoder = CLIPVisionModelWithProjection(config)
    with torch.no_grad():
        encoder.vision_model.embeddings.position_embedding.weight[1:] = _places(size)
    return encoder


def _places(size: Size) -> Tensor:
    """Sines and cosines of row and column, [patches, width]: which patches are neighbours need not be learned."""
    turns = torch.pi * 0.5 ** torch.arange(size.width // 4)
    angles = torch.arange(size.side // size.patch)[:, None] * turns
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = waves[:, None].expand(-1, len(waves), -1), waves[None].expand(len(waves), -1, -1)
    return PLACE * torch.cat([rows, columns], dim=2).flatten(0, 1)


def fit_variations(
    pictures: Pictures,
    teacher: StableDiffusionPipeline,
    work: Path,
    *,
    schedule: Schedule = SCHEDULE,
    warm_up: Schedule = WARM_UP,
    size: Size = Size(),
) -> Varier:
    """Fits encoder and UNet of the pictures; resumable in `work`; returns the moving average of the weights.

    `teacher`: whose UNet is the first, and whose text encoder reads the captions for the encoder's warm-up.
    """
    torch.manual_seed(schedule.seed)
    images, latents = pictures.images, pictures.latents
    encoder = build_encoder(teacher.unet.config.cross_attention_dim, size)
    _warm_up(encoder, pictures, _said(teacher, pictures.captions), warm_up, work, size)
    model, noise_schedule = Varier(encoder, deepcopy(teacher.unet).train()), DDPMScheduler(**NOISE)

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = pictures.draw(size.batch, generator)
        clean, seen = latents[rows], views(images[rows.numpy()], generator)
        kept = (torch.rand(size.batch, generator=generator) >= size.dropout).float()
        noise = torch.randn(clean.shape, generator=generator)
        times = torch.randint(noise_schedule.config.num_train_timesteps, (size.batch,), generator=generator)
        noisy = noise_schedule.add_noise(clean, noise, times)
        return mse_loss(model(noisy, times, seen, kept), noise_schedule.get_velocity(clean, noise, times))

    model.load_state_dict(fit("varier", model, loss_of, schedule, work))
    return model.eval()


def views(images: np.ndarray, generator: torch.Generator) -> Tensor:
    """Other views of pictures uint8 [b, h, w], as the encoder reads them: float32 [b, 3, h, w], of CLIP's scale.

    Turned by at most 8 degrees, scaled by at most 8 %, shifted by at most a twentieth of the side; the edge goes on.
    """
    amounts = 2 * torch.rand(len(images), 4, generator=generator) - 1
    angle, scale, shift = torch.deg2rad(8 * amounts[:, 0]), 1 + 0.08 * amounts[:, 1], 0.1 * amounts[:, 2:]
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    moves = torch.stack([cosine, -sine, shift[:, 0], sine, cosine, shift[:, 1]], dim=1).view(-1, 2, 3)
    pixels = torch.from_numpy(images)[:, None].float() / 255
    grid = affine_grid(moves, list(pixels.shape), align_corners=False)
    moved = grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return (moved - torch.tensor(OPENAI_CLIP_MEAN).view(3, 1, 1)) / torch.tensor(OPENAI_CLIP_STD).view(3, 1, 1)


def export(folder: Path, autoencoder: AutoencoderKL, fitted: Varier) -> None:
    """Writes a folder that method image-variations draws with; the UNet's weights are stored as float16."""
    side = fitted.image_encoder.config.image_size
    StableDiffusionImageVariationPipeline(
        vae=autoencoder,
        image_encoder=fitted.image_encoder,
        unet=fitted.unet,
        scheduler=DPMSolverMultistepScheduler(**NOISE, solver_order=2, timestep_spacing="trailing", steps_offset=1),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(size=side, crop_size=side),
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    store_small(folder)


@torch.no_grad()
def _said(teacher: StableDiffusionPipeline, captions: Sequence[str]) -> Tensor:
    """What the text encoder says of each caption at the end of its padding, where most of the attention looks."""
    distinct = sorted(set(captions))
    tokens = tokenize(teacher.tokenizer, distinct)
    said = torch.cat([teacher.text_encoder(part).last_hidden_state[:, -1] for part in tokens.split(256)])
    row = {caption: index for index, caption in enumerate(distinct)}
    return said[torch.tensor([row[caption] for caption in captions])]


def _warm_up(
    encoder: CLIPVisionModelWithProjection, pictures: Pictures, said: Tensor, schedule: Schedule, work: Path, size: Size
) -> None:
    """The embedding learns what is said, and linear heads on it each label array; these are then thrown away."""
    labels = [torch.from_numpy(target).long() for target in pictures.targets]
    heads = nn.ModuleList(nn.Linear(said.shape[1], int(label.max()) + 1) for label in labels)
    learner = nn.ModuleDict({"encoder": encoder, "heads": heads})

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = pictures.draw(size.warm_up_batch, generator)
        embeds = encoder(views(pictures.images[rows.numpy()], generator)).image_embeds
        losses = [cross_entropy(head(embeds), label[rows]) for head, label in zip(heads, labels, strict=True)]
        return torch.stack([mse_loss(embeds, said[rows]), *losses]).sum()

    learner.load_state_dict(fit("image-encoder", learner, loss_of, schedule, work))
