"""DA-Fusion (Trabucco et al., 2024; methods.md 14.2): real images of a class, edited under the token learned for it.

Several strengths are stacked. In parallel, an image is made at one of them, drawn with equal chances; in sequence, each
is applied in its turn with the chance 1 / (number of strengths), so that an image may be edited several times or not at
all. With a mask only the object, or only the background, is edited.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from diffusers import StableDiffusionInpaintPipeline
from PIL import Image, ImageFilter, ImageOps

from bench.core.digests import derive_seed
from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import noise, settled
from bench.synthesis.image_to_image import Editor, start_image
from bench.synthesis.maker import Request
from bench.synthesis.parameters import DaFusion as Parameters
from bench.synthesis.parameters import check_strength, read


class DaFusion:
    """An editor that knows the class's token, and the stack of strengths."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._recipe, self._parameters = recipe, read(Parameters, recipe)
        for strength in self._parameters.strengths:
            check_strength(recipe, strength)
        self._editor = Editor(recipe, device=device, states=states)
        self._painter = self._inpainting() if self._parameters.mask != "none" else None

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        if self._painter is not None:
            requests = [replace(request, mask=self._mask(request)) for request in requests]
        images = [start_image(request.source, self._recipe) for request in requests]
        for stage, strength in enumerate(self._parameters.strengths):
            chosen = [place for place, request in enumerate(requests) if self._applies(request.seed, stage)]
            if chosen:
                asked = [self._at_stage(requests[place], images[place], stage) for place in chosen]
                for place, image in zip(chosen, self._edited(asked, strength), strict=True):
                    images[place] = image
        return images

    def _applies(self, seed: int, stage: int) -> bool:
        """Is the edit number `stage` made on the image of that seed?"""
        known = self._parameters
        if known.compose == "parallel":
            return derive_seed("strength", seed) % len(known.strengths) == stage
        return derive_seed("strength", seed, stage) % len(known.strengths) == 0

    def _at_stage(self, request: Request, image: Image.Image, stage: int) -> Request:
        if self._parameters.compose == "parallel":
            return request
        return replace(request, source=image, seed=derive_seed("stage", request.seed, stage))

    def _edited(self, requests: Sequence[Request], strength: float) -> list[Image.Image]:
        if self._painter is None or strength == 0:
            return self._editor.edited(requests, strength)
        with settled():
            images = self._painter(
                **self._editor.prompts.of(requests),
                image=[start_image(request.source, self._recipe) for request in requests],
                mask_image=[request.mask for request in requests],
                strength=strength,
                generator=noise(requests),
                num_inference_steps=self._recipe.sampler.steps,
                guidance_scale=self._recipe.sampler.guidance,
                height=self._recipe.size.height,
                width=self._recipe.size.width,
            ).images
        return [image.convert(self._recipe.mode) for image in images]

    def _inpainting(self) -> Any:
        with settled():
            parts = dict(self._editor.pipeline.components)
            painter = StableDiffusionInpaintPipeline(**parts, requires_safety_checker=False)
            painter.set_progress_bar_config(disable=True)
            return painter

    def _mask(self, request: Request) -> Image.Image:
        known, source = self._parameters, request.source
        if request.mask is None or source is None or request.mask.size != source.size:
            expected = "a mask" if source is None else f"a mask of {source.width} x {source.height} pixels"
            found = "none" if request.mask is None else f"{request.mask.width} x {request.mask.height}"
            raise DataError(
                f"{self._recipe.reference}: da-fusion with mask {known.mask}: expected {expected}, got {found}"
            )
        return edited_where(request.mask, grow=known.grow, inverted=known.mask == "background").resize(
            (self._recipe.size.width, self._recipe.size.height), Image.Resampling.NEAREST
        )


def edited_where(mask: Image.Image, *, grow: int, inverted: bool) -> Image.Image:
    """White where an image is edited: the mask, grown by a maximum filter of `grow` pixels' width, or all else."""
    binary = mask.convert("L").point(lambda level: 255 if level > 127 else 0)
    grown = binary.filter(ImageFilter.MaxFilter(grow // 2 * 2 + 1)) if grow > 1 else binary
    return ImageOps.invert(grown) if inverted else grown
