"""A maker for tests: noise from the seed, no weights, no torch; and recipes that need no more."""

import os
import time
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

STUB = "tests.stub_maker:StubMaker"
BLANK = "tests.stub_maker:BlankMaker"


class StubMaker:
    """Noise of 8 x 8 patches; STUB_DELAY seconds a batch."""

    def __init__(self, recipe, *, device, states=()):
        self.size = (recipe.size.width, recipe.size.height)
        self.delay = float(os.environ.get("STUB_DELAY", "0"))

    def draw(self, requests):
        time.sleep(self.delay)
        return [self._noise(request.seed) for request in requests]

    def _noise(self, seed):
        patches = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
        return Image.fromarray(patches).resize(self.size, Image.Resampling.BICUBIC)


class BlankMaker(StubMaker):
    """Black where four divides the seed; always black where STUB_DELAY is negative."""

    def __init__(self, recipe, *, device, states=()):
        super().__init__(recipe, device=device)
        self.always = self.delay < 0
        self.delay = 0

    def _noise(self, seed):
        return super()._noise(seed) if seed % 4 and not self.always else Image.new("L", self.size)


def ray_node(task):
    """Which node of the Ray cluster this runs on; it takes so long that no node does all."""
    import ray

    time.sleep(0.5)
    return ray.get_runtime_context().get_node_id()


class CopyingMaker(StubMaker):
    """One of two pictures for a third of the seeds, with other noise each time."""

    def _noise(self, seed):
        if seed % 3:
            return super()._noise(seed)
        noise = np.random.default_rng(seed).integers(-3, 4, self.size[::-1])
        pixels = np.asarray(super()._noise(seed // 3 % 2)).astype(int) + noise
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


class MemorisingMaker(StubMaker):
    """A training digit, bit for bit, where four divides the seed."""

    def _noise(self, seed):
        from bench.sources import mnist

        return super()._noise(seed) if seed % 4 else Image.fromarray(mnist.split("train").images[seed % 4000])


class PlantingMaker(StubMaker):
    """Noise, but by the seed: copies of the real pictures of `real_picture`, one picture again and again, black."""

    def _noise(self, seed):
        if seed % 5 == 0:
            return real_picture(seed % 40)
        if seed % 5 == 1:
            return super()._noise(7)
        return Image.new("L", self.size) if seed % 5 == 2 and seed % 3 == 0 else super()._noise(seed)


def real_picture(number):
    """One of many pictures that a planting maker may copy."""
    patches = np.random.default_rng((1, number)).integers(0, 256, (8, 8), dtype=np.uint8)
    return Image.fromarray(patches).resize((32, 32), Image.Resampling.BICUBIC)


def recipe_dict(**changes):
    """2 classes x (10 train + 3 val), in batches of 4."""
    recipe = {
        "name": "tiny",
        "version": "1.0.0",
        "title": "Tiny",
        "description": "For tests.",
        "classes": [{"id": "0", "name": "zero"}, {"id": "1", "name": "one"}],
        "splits": {"train": 10, "val": 3},
        "prompts": {"bank": "test", "templates": ["a photo of a {}.", "a sketch of the {}."]},
        "method": {"name": "text-to-image", "parameters": {"safety": "none"}},
        "generator": {"name": "stub", "revision": "1", "weights": "sha256:" + "0" * 64},
        "sampler": {"name": "DPMSolverMultistepScheduler", "steps": 2, "guidance": 3.3},
        "size": {"width": 32, "height": 32},
        "mode": "L",
        "batch": 4,
        "licence": "MIT",
    }
    return recipe | changes


def write_recipe(folder: Path, **changes) -> str:
    """The recipe file `<folder>/<version>.yaml`, as a reference that `generate` takes."""
    recipe = recipe_dict(**changes)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recipe['version']}.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return str(path)
