"""The loss that diffusion models learn by, on real images: || eps - eps_theta(z_t, t, c) ||^2 (methods.md 4, 14.1).

Where the generator predicts the velocity, that is what is compared (Salimans & Ho, 2022).
"""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import DDPMScheduler
from PIL import Image, ImageOps
from torch import Tensor

from bench.core.recipe import Recipe
from bench.synthesis.image_to_image import start_image


class DenoisingLoss:
    """Posteriors of the images' latents (and, with `flip`, of their mirror images), and the generator's own noise."""

    def __init__(self, pipeline: Any, images: Sequence[Image.Image], recipe: Recipe, *, flip: bool) -> None:
        self._pipeline, self._scheduler = pipeline, DDPMScheduler.from_config(pipeline.scheduler.config)
        sized = [start_image(image, recipe) for image in images]
        sides = [sized, [ImageOps.mirror(image) for image in sized]] if flip else [sized]
        self._posteriors = [[self._posterior(image) for image in side] for side in sides]
        self.count = len(sized)

    def __call__(self, rows: Sequence[int], words: Tensor, generator: torch.Generator) -> Tensor:
        """The mean loss of the images at `rows` under the embeddings `words` [len(rows), length, d]; drawn anew."""
        latents = torch.cat([self._latent(row, generator) for row in rows])
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        steps = self._scheduler.config.num_train_timesteps
        times = torch.randint(steps, (len(rows),), generator=generator).to(latents.device)
        noisy = self._scheduler.add_noise(latents, noise, times)
        predicted = self._pipeline.unet(noisy, times, encoder_hidden_states=words).sample
        velocity = self._scheduler.config.prediction_type == "v_prediction"
        target = self._scheduler.get_velocity(latents, noise, times) if velocity else noise
        return (predicted.float() - target.float()).square().mean()

    def _posterior(self, image: Image.Image) -> tuple[Tensor, Tensor]:
        pipeline = self._pipeline
        pixels = pipeline.image_processor.preprocess(image).to(pipeline.device, pipeline.vae.dtype)
        found = pipeline.vae.encode(pixels).latent_dist
        return found.mean, found.std

    def _latent(self, row: int, generator: torch.Generator) -> Tensor:
        side = int(torch.randint(len(self._posteriors), (), generator=generator))
        mean, deviation = self._posteriors[side][row]
        drawn = torch.randn(mean.shape, generator=generator).to(mean)
        return (mean + deviation * drawn) * self._pipeline.vae.config.scaling_factor
