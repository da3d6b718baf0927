"""A cheap way to make images, to measure everything around drawing; it is on no shelf that a recipe can name."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.core.recipe import Recipe
from bench.synthesis import METHODS, TAKES
from bench.synthesis.adaptation import State
from bench.synthesis.maker import Request
from bench.synthesis.parameters import PARAMETERS, Nothing

NAME = "cheap"


class Cheap:
    """Noise from the request's seed, of patches an eighth as wide as the image."""

    def __init__(self, recipe: Recipe, *, device: str, states: Sequence[State] = ()) -> None:
        self._size = (recipe.size.width, recipe.size.height)

    def draw(self, requests: Sequence[Request]) -> list[Image.Image]:
        """One image a request."""
        return [self._noise(request.seed) for request in requests]

    def _noise(self, seed: int) -> Image.Image:
        width, height = self._size
        patches = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
        return Image.fromarray(patches).resize(self._size, Image.Resampling.BILINEAR)


@contextmanager
def on_the_shelf() -> Iterator[None]:
    """The method `cheap`, in this process and for so long."""
    METHODS[NAME], TAKES[NAME], PARAMETERS[NAME] = f"{__name__}:Cheap", {"prompts"}, Nothing
    try:
        yield
    finally:
        del METHODS[NAME], TAKES[NAME], PARAMETERS[NAME]


def write_recipe(folder: Path, *, classes: int, side: int, version: str = "1.0.0", **changes: Any) -> str:
    """A recipe file of `classes` x 50 images of `side` pixels, as a reference that `generate` takes."""
    recipe = {
        "name": "cheap",
        "version": version,
        "title": f"Cheap {version}",
        "description": "For measuring.",
        "classes": [{"id": f"n{i:08d}", "name": f"thing {i}"} for i in range(classes)],
        "splits": {"val": 50},
        "prompts": {"bank": "openai-imagenet-80"},
        "method": {"name": NAME},
        "generator": {"name": NAME, "revision": "1", "weights": "sha256:" + "0" * 64},
        "sampler": {"name": "none", "steps": 1, "guidance": 1},
        "size": {"width": side, "height": side},
        "batch": 10,
        "licence": "MIT",
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{version}.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(recipe | changes), encoding="utf-8")
    return str(path)
