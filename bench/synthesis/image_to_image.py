"""Image to image (SDEdit; Meng et al., 2022): a real image, noised up to a strength, is denoised as a prompt says.

methods.md 2.2 and 13. Of N steps the last int(N s) are run, from z_t0 = sqrt(abar_t0) z + sqrt(1 - abar_t0) eps.
At strength 1, as the authors of ImageNet-G released it, almost nothing of the image is left: a little colour.
At strength 0 no step is left: the image goes through the autoencoder and back.
"""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image
from torch import Tensor

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import noise, open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.parameters import ImageToImage as Parameters
from bench.synthesis.parameters import check_strength, read
from bench.synthesis.prompt_embeddings import PromptEmbeddings


class ImageToImage:
    """A loaded StableDiffusionImg2ImgPipeline, and the recipe's strength."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._strength = check_strength(recipe, read(Parameters, recipe).strength)
        self._editor = Editor(recipe, device=device, states=states)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size; the latent's and the noise's draws are its seed's."""
        return self._editor.edited(requests, self._strength)


class Editor:
    """The pipeline behind every method that edits real images up to a strength."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self.recipe = recipe
        with settled():
            self.pipeline = open_pipeline(recipe, device=device, states=states, kind=StableDiffusionImg2ImgPipeline)
            self.prompts = PromptEmbeddings(self.pipeline, recipe)

    def edited(self, requests: Sequence[Request], strength: float) -> list[Image.Image]:
        """One image a request, each noised up to `strength` and denoised."""
        sources = [start_image(request.source, self.recipe) for request in requests]
        with settled():
            if strength == 0:
                return round_trip(self.pipeline, sources, self.recipe)
            images = self.pipeline(
                **self.prompts.of(requests),
                image=sources,
                strength=strength,
                generator=noise(requests),
                num_inference_steps=self.recipe.sampler.steps,
                guidance_scale=self.recipe.sampler.guidance,
            ).images
        return [image.convert(self.recipe.mode) for image in images]


def start_image(source: Image.Image | None, recipe: Recipe) -> Image.Image:
    """The real image as the encoder gets it: the recipe's mode and size by Lanczos, its aspect not kept."""
    assert source is not None, "a recipe without conditioning is refused when it is read"
    return source.convert(recipe.mode).resize((recipe.size.width, recipe.size.height), Image.Resampling.LANCZOS)


def round_trip(pipeline: Any, images: Sequence[Image.Image], recipe: Recipe) -> list[Image.Image]:
    """The images through the autoencoder and back, without a draw: as near as a latent method comes to them."""
    return decoded(pipeline, latents_of(pipeline, images), recipe)


def latents_of(pipeline: Any, images: Sequence[Image.Image]) -> Tensor:
    """The encoder's means, scaled, [n, c, h, w], each image encoded by itself."""
    pixels = pipeline.image_processor.preprocess(list(images)).to(pipeline.device, pipeline.vae.dtype)
    means = [pipeline.vae.encode(one[None]).latent_dist.mode() for one in pixels]
    return torch.cat(means) * pipeline.vae.config.scaling_factor


def decoded(pipeline: Any, latents: Tensor, recipe: Recipe) -> list[Image.Image]:
    """The pictures of latents [n, c, h, w], in the recipe's mode."""
    pixels = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor, return_dict=False)[0]
    images = pipeline.image_processor.postprocess(pixels.detach(), output_type="pil")
    return [image.convert(recipe.mode) for image in images]
