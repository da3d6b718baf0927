"""What every method of this shelf is: requests in, images out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from bench.core.recipe import Recipe
from bench.synthesis.adaptation import State


@dataclass(frozen=True)
class Request:
    """One image to be made. `seed` alone decides its noise; `source` is the image it is made from, if any.

    `mask`: where on the source its object is, white on black, where the recipe has masks.
    """

    class_name: str
    prompt: str
    negative_prompt: str
    seed: int
    source: Image.Image | None = None
    class_id: str = ""
    mask: Image.Image | None = None


class Maker(Protocol):
    """A method with its weights loaded; made once a worker, then asked batch after batch."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None: ...

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request, in their order; equal requests give equal bits on equal machines."""
        ...
