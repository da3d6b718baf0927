"""The noun `WildsRun`: how a method was trained on a WILDS dataset, enough to do it again."""

from typing import Literal

from pydantic import Field

from bench.core.digests import digest_json
from bench.core.record import Record
from bench.core.text import Line
from bench.core.wilds import Algorithm, WildsRecipe

Augment = Literal["none", "flips", "randaugment", "gflow"]


class WildsRun(Record):
    """One replicate of one method: `digest` of the training images, and its recipe.

    `weights`: digest of those that it started from, None for none. `generated`: digest and number of the generated
    images in the training data. `classes`: outputs of the network.
    """

    track: Line
    version: Line
    algorithm: Algorithm
    arm: Literal["real", "synthetic", "mixed"]
    augment: Augment
    recipe: WildsRecipe
    weights: Line | None
    classes: int = Field(ge=1)
    images: int = Field(ge=1)
    data: Line
    generated: tuple[Line, int] | None = None
    replicate: tuple[Literal["seed", "fold"], Line]
    seed: int = 0

    @property
    def digest(self) -> str:
        """`sha256:…` of the canonical JSON of the record."""
        return digest_json(self.model_dump(mode="json"))

    @property
    def method(self) -> str:
        """`track-algorithm-arch-arm-xxxxxxxx`: the same for all replicates of one method."""
        own = {"replicate", "data", "images", "seed" if self.replicate[0] == "seed" else "replicate"}
        digest = digest_json(self.model_dump(mode="json", exclude=own))
        return f"{self.track}-{self.algorithm}-{self.recipe.arch}-{self.arm}-{digest[7:15]}"
