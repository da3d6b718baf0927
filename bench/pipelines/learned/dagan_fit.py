"""Fitting DAGAN for a recipe: its networks from one shelf, their training from another."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bench.core.digests import derive_seed
from bench.core.errors import UsageError
from bench.synthesis.adaptation import Lesson
from bench.synthesis.dagan_network import HALVINGS, Generator
from bench.synthesis.image_to_image import start_image
from bench.synthesis.parameters import Dagan
from bench.training.dagan import Critic, DaganPlan, fit_dagan


def learn(parameters: Dagan, lesson: Lesson, work: Path) -> dict[str, Tensor]:
    """The generator's tensors, learned from the lesson's images; goes on where it was stopped in `work`."""
    recipe = lesson.recipe
    channels, size = len(recipe.mode), recipe.size.width
    if recipe.size.height != size or size % 2**HALVINGS:
        raise UsageError(
            f"{recipe.reference}: size: dagan draws squares whose side is a multiple of {2**HALVINGS}, got"
            f" {size} x {recipe.size.height}"
        )
    images = pixels_of(lesson).div(127.5).sub(1)
    labels = np.unique(lesson.names, return_inverse=True)[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("dagan init", parameters.seed))
        generator = Generator(channels, size, widths=parameters.widths, inner=parameters.inner)
        critic = Critic(channels, size, widths=parameters.widths, inner=parameters.critic_inner)
    plan = DaganPlan(**{key: getattr(parameters, key) for key in SHARED})
    fit_dagan(generator, critic, images, labels, plan=plan, work=work)
    return dict(generator.state_dict())


def pixels_of(lesson: Lesson) -> Tensor:
    """The lesson's images in the recipe's mode and size, float [n, c, h, w] in 0..255."""
    pixels = np.stack([np.asarray(start_image(image, lesson.recipe)) for image in lesson.images])
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(pixels)).float()


SHARED = ("steps", "batch", "rate", "critic_steps", "norm", "rotate", "seed")
