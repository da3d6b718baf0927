"""Recipes that draw with digits-sd, and what tests of its methods share."""

from functools import cache

import numpy as np

from bench.core.recipe import Recipe
from bench.sources.class_lists import class_list
from bench.synthesis.pinned_weights import SHIPPED, weights_digest


@cache
def _pinned():
    return weights_digest(SHIPPED / "digits-sd")


DIGITS = {
    "name": "digits-test",
    "version": "1.0.0",
    "title": "Digits",
    "description": "For tests.",
    "classes": [item.model_dump() for item in class_list("digits")],
    "splits": {"train": 4},
    "prompts": {"bank": "own", "templates": ["a photo of a {}."]},
    "generator": {"name": "digits-sd", "revision": "1", "weights": _pinned()},
    "sampler": {"name": "DPMSolverMultistepScheduler", "steps": 12, "guidance": 2.0},
    "size": {"width": 32, "height": 32},
    "mode": "L",
    "batch": 4,
    "licence": "MIT",
}


def digits_recipe(method, **changes):
    """A recipe of ten digits, 32 x 32, twelve steps."""
    return Recipe.model_validate(DIGITS | {"method": method} | changes)


def pixels(images):
    return np.stack([np.asarray(image) for image in images]).astype(float)
