"""Real Guidance: a few real images guide how new ones look, by editing each of them (He et al., 2023; methods.md 12.6).

Two variants. `he-2023` goes further from the image the fewer there are: of 100 steps the last t* are run. `da-fusion`
is the baseline of Trabucco et al. (methods.md 14.3): strength 0.5 whatever the shots, under the prompt "a photo",
which names no class (`prompts.nameless`), or under one that does.
He et al. do this in pixels, at 64 x 64, before an upsampler; here it is done in latents.
"""

from collections.abc import Sequence

from PIL import Image

from bench.core.errors import UsageError
from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.image_to_image import Editor
from bench.synthesis.maker import Request
from bench.synthesis.parameters import RealGuidance as Parameters
from bench.synthesis.parameters import check_strength, read

STRENGTH = {1: 0.50, 2: 0.40, 4: 0.35, 8: 0.20, 16: 0.15}
"""He et al.: t*/100 for each number of shots."""


class RealGuidance:
    """An editor, and the strength that the variant says."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._strength = check_strength(recipe, strength_of(recipe))
        self._editor = Editor(recipe, device=device, states=states)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        return self._editor.edited(requests, self._strength)


def strength_of(recipe: Recipe) -> float:
    """The strength; UsageError where `he-2023` has none for the recipe's number of shots."""
    if read(Parameters, recipe).variant == "da-fusion":
        return 0.5
    shots = recipe.conditioning.shots if recipe.conditioning else None
    if shots not in STRENGTH:
        raise UsageError(
            f"{recipe.reference}: conditioning.shots: real-guidance of variant he-2023 knows strengths for"
            f" {', '.join(map(str, STRENGTH))} shots, got {shots}; choose one of them, or image-to-image"
        )
    return STRENGTH[shots]
