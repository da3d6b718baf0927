"""Text to image: a diffusion pipeline draws what a prompt says (Rombach et al., 2022; methods.md 1)."""

from collections.abc import Sequence

from PIL import Image

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import noise, open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.parameters import Safe, read
from bench.synthesis.prompt_embeddings import PromptEmbeddings


class TextToImage:
    """A loaded StableDiffusionPipeline or ZImagePipeline, with the safety policy that the recipe says."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        read(Safe, recipe)
        self._recipe = recipe
        with settled():
            self._pipeline = open_pipeline(recipe, device=device, states=states)
            self._prompts = PromptEmbeddings(self._pipeline, recipe)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        recipe = self._recipe
        with settled():
            images = self._pipeline(
                **self._prompts.of(requests),
                generator=noise(requests),
                num_inference_steps=recipe.sampler.steps,
                guidance_scale=recipe.sampler.guidance,
                height=recipe.size.height,
                width=recipe.size.width,
            ).images
        return [image.convert(recipe.mode) for image in images]
