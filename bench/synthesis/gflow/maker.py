"""A GFlowNet as the method of a recipe: learned from real images alone, it draws a class by its label (methods.md 17).

It has no generator: what draws is what the adaptation `gflow` learned.
"""

from collections.abc import Sequence

import torch
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.gflow_settings import GflowSettings
from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.diffusion import settled
from bench.synthesis.gflow.flows import from_nothing
from bench.synthesis.gflow.learn import from_tensors, resized
from bench.synthesis.maker import Request
from bench.synthesis.parameters import Nothing, read, read_adaptation

SAMPLER = "policy"


class Gflow:
    """Each image by itself, from nothing, by its own seed."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        read(Nothing, recipe)
        (learned,) = recipe.adaptations or ()
        settings = read_adaptation(learned)
        assert isinstance(settings, GflowSettings)
        if recipe.sampler.name != SAMPLER:
            raise UsageError(
                f"{recipe.reference}: sampler.name: method gflow draws by its policy; expected {SAMPLER}, got"
                f" {recipe.sampler.name}"
            )
        self._recipe, self._labels = recipe, labels_of(recipe)
        try:
            self._policy = from_tensors(settings, states[0].tensors)
        except (KeyError, RuntimeError, IndexError) as error:
            raise DataError(f"{recipe.reference}: the learned state is of other settings ({str(error)[:60]})") from None

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Image.Image:
        with settled():
            generator = torch.Generator("cpu").manual_seed(request.seed)
            label = torch.tensor([self._labels[request.class_name]])
            image = self._policy.words.decode(from_nothing(self._policy, label, generator).codes)
        size = self._recipe.size
        pixels = (resized(image, size.width)[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        drawn = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        return drawn.resize((size.width, size.height)).convert(self._recipe.mode)


def labels_of(recipe: Recipe) -> dict[str, int]:
    """The label of each class name."""
    return {name: label for label, name in enumerate(dict.fromkeys(item.name for item in recipe.classes))}
