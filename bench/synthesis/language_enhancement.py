"""Language enhancement: a sentence about the class, in the place of its name (He et al., 2023; methods.md 12.1).

"a photo of a {}" becomes "a photo of a [SENTENCE]". The sentences are a bank that stands in the recipe, or what the
adaptation `sentences` writes for each class; which one an image gets, its identity decides.
"""

from collections.abc import Sequence

from PIL import Image

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State
from bench.synthesis.maker import Request
from bench.synthesis.sentences import check_sentences
from bench.synthesis.text_to_image import TextToImage


class LanguageEnhancement:
    """Text to image: the sentences are in the prompts that it is asked for."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        known = check_sentences(recipe).method
        plain = {"parameters": {key: one for key, one in known.parameters.items() if key != "sentences"}}
        bare = recipe.model_copy(update={"method": known.model_copy(update=plain)})
        self._maker = TextToImage(bare, device=device, states=states)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in the recipe's mode and size."""
        return self._maker.draw(requests)
