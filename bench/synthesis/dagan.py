"""DAGAN as a synthesis method: another image of a real image's class, of a class that it did not learn from.

What it learned (`adaptations: [{name: dagan, source: …}]`) is its whole network; a request's seed decides z.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.dagan_network import generator_of
from bench.synthesis.diffusion import noise, settled
from bench.synthesis.image_to_image import start_image
from bench.synthesis.maker import Request
from bench.synthesis.parameters import Again, read


class Dagan:
    """A learned generator."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        read(Again, recipe)
        self._recipe, self._generator = recipe, generator_of(states[-1].tensors)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size; none depends on the others."""
        pixels = np.stack([np.asarray(start_image(one.source, self._recipe)) for one in requests])
        pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
        width = self._generator.noise_width
        with settled():
            images = torch.from_numpy(np.ascontiguousarray(pixels)).float() / 127.5 - 1
            z = [torch.randn(width, generator=one) for one in noise(requests)]
            drawn = torch.cat([self._generator(one[None], of[None]) for one, of in zip(images, z, strict=True)])
        found = ((drawn + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return [Image.fromarray(one[..., 0] if one.shape[-1] == 1 else one) for one in found]
