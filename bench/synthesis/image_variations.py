"""Image variations: cross-attention reads the CLIP embedding of a real image in the place of text (methods.md 2.1).

No label is used: an image's class is that of the real image that it varies.
"""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import StableDiffusionImageVariationPipeline
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import noise, open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.parameters import FromSources, read

# CLIP's, of ViT-L/14 at 224 pixels.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


class ImageVariations:
    """A loaded StableDiffusionImageVariationPipeline, with the safety policy that the recipe says."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        read(FromSources, recipe)
        self._recipe = recipe
        with settled():
            self._pipeline = open_pipeline(
                recipe, device=device, states=states, kind=StableDiffusionImageVariationPipeline
            )
            self._side = self._pipeline.image_encoder.config.image_size

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        recipe = self._recipe
        with settled():
            images = self._pipeline(
                image=torch.cat([clip_input(request.source, self._side) for request in requests]),
                generator=noise(requests),
                num_inference_steps=recipe.sampler.steps,
                guidance_scale=recipe.sampler.guidance,
                height=recipe.size.height,
                width=recipe.size.width,
            ).images
        return [image.convert(recipe.mode) for image in images]


def clip_input(source: Image.Image, side: int) -> Tensor:
    """float32 [1, 3, side, side]: bicubic without antialiasing, aspect not kept, CLIP's mean and deviation.

    Not CLIP's own preprocessing, which keeps the aspect and antialiases: this is what the generator was fitted with.
    """
    pixels = torch.from_numpy(np.array(source.convert("RGB"))).permute(2, 0, 1)[None].float() / 255
    small = interpolate(pixels, size=(side, side), mode="bicubic", align_corners=False, antialias=False)
    return (small - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
