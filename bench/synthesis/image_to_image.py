"""Image to image (SDEdit; Meng et al., 2022): a real image, noised up to a strength, is denoised as a prompt says.

methods.md 2.2 and 13. Of N steps the last int(N s) are run, from z_t0 = sqrt(abar_t0) z + sqrt(1 - abar_t0) eps.
At strength 1, as the authors of ImageNet-G released it, almost nothing of the image is left: a little colour.
"""

from collections.abc import Sequence

from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image

from bench.core.errors import UsageError
from bench.core.recipe import Recipe
from bench.synthesis.diffusion import SAFETY, check_parameters, noise, open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.prompt_embeddings import PromptEmbeddings


class ImageToImage:
    """A loaded StableDiffusionImg2ImgPipeline; `method.parameters` say `safety` and `strength`, in (0, 1]."""

    def __init__(self, recipe: Recipe, *, device: str) -> None:
        strength = recipe.method.parameters.get("strength")
        check_parameters(recipe, {"safety": SAFETY, "strength": (strength,)})
        self._recipe, self._strength = recipe, _checked(recipe, strength)
        with settled():
            self._pipeline = open_pipeline(recipe, device=device, kind=StableDiffusionImg2ImgPipeline)
            self._prompts = PromptEmbeddings(self._pipeline, recipe)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size; the latent's and the noise's draws are its seed's."""
        recipe = self._recipe
        with settled():
            images = self._pipeline(
                **self._prompts.of(requests),
                image=[start_image(request.source, recipe) for request in requests],
                strength=self._strength,
                generator=noise(requests),
                num_inference_steps=recipe.sampler.steps,
                guidance_scale=recipe.sampler.guidance,
            ).images
        return [image.convert(recipe.mode) for image in images]


def start_image(source: Image.Image, recipe: Recipe) -> Image.Image:
    """The real image as the encoder gets it: the recipe's mode and size by Lanczos, its aspect not kept."""
    return source.convert(recipe.mode).resize((recipe.size.width, recipe.size.height), Image.Resampling.LANCZOS)


def _checked(recipe: Recipe, strength: object) -> float:
    number = isinstance(strength, (int, float)) and not isinstance(strength, bool)
    if not number or not 0 < strength <= 1 or int(recipe.sampler.steps * strength) < 1:
        raise UsageError(
            f"{recipe.reference}: method.parameters.strength: expected a number up to 1 that leaves at least one of"
            f" {recipe.sampler.steps} steps, got {strength!r}"
        )
    return float(strength)
