"""The nouns `GflowSettings` and `ReleasedSettings`: how a GFlowNet of images is trained, and what calls itself one."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from bench.core.digests import derive_seed
from bench.core.errors import DataError
from bench.core.record import Record


class GflowSettings(Record):
    """The reward: log R(x) = log density of x near the class's training images + log P(class | x) / `temperature`.

    The density is the mean over the images of the product over the patches of exp(-e / (2 `bandwidth`²)) + `outliers` /
    `codes`, which is made to sum to one over the codes; e is the mean squared difference of their values (pixels are 0
    to 1), and a patch that is out of place costs no more than it must. The class's probability is that of a small
    classifier trained on the same images. `fraction`: the share of each class's training images that is used, and
    `least` of them, where there are as many, so that few shots are all of use.

    Images are `side` pixels large and cut into patches of `patch`, each of which holds one of `codes` codes; an action
    fills one, or, with `haar`, one scale of one, coarse to fine. The first `likelihood` share of the `steps` fits the
    policy to draws of the density, and the flows to the policy; then all are balanced. `loss`, and `order` (which place
    comes next), are those of bench/synthesis/gflow/.
    """

    loss: Literal["trajectory", "detailed", "subtrajectory", "flow-matching"] = "trajectory"
    order: Literal["uniform", "learned", "informative"] = "uniform"
    haar: bool = False
    fraction: float = Field(default=0.07, gt=0, le=1)
    least: int = Field(default=16, ge=1)
    side: int = Field(default=32, ge=4, le=64)
    patch: int = Field(default=8, ge=1, le=32)
    codes: int = Field(default=128, ge=2, le=1024)
    temperature: float = Field(default=1.0, gt=0, le=1000)
    bandwidth: float = Field(default=0.07, ge=0.01, le=1)
    outliers: float = Field(default=3e-4, ge=0, le=1)
    steps: int = Field(default=300, ge=1, le=1_000_000)
    batch: int = Field(default=32, ge=2, le=1024)
    rate: float = Field(default=2e-3, gt=0, le=1)
    likelihood: float = Field(default=0.75, ge=0, le=1)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _patches_fit(self) -> "GflowSettings":
        if self.side % self.patch:
            raise ValueError(f"side {self.side} is no multiple of patch {self.patch}")
        if self.haar and (self.patch < 2 or self.patch & (self.patch - 1)):
            raise ValueError(f"haar: expected a patch of 2, 4, 8, … pixels, got {self.patch}")
        return self


class ReleasedSettings(Record):
    """GFlowAug as released: `fraction` and `least` of the images as above; `as_published` with its channel bug.

    The released code makes one epoch over them; here `epochs`, and as many more as show it `shown` images.
    """

    fraction: float = Field(default=0.07, gt=0, le=1)
    least: int = Field(default=16, ge=1)
    epochs: int = Field(default=1, ge=1, le=10_000)
    shown: int = Field(default=256, ge=1, le=1_000_000)
    as_published: bool = False
    seed: int = Field(default=241, ge=0)


def class_share(labels: np.ndarray, settings: GflowSettings | ReleasedSettings, *, classes: int) -> list[int]:
    """Rows of the same share of every class, in their order; DataError where a class has none."""
    rows: list[int] = []
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        if not len(own):
            raise DataError(f"gflow: no training image of class number {label}")
        random = np.random.default_rng(derive_seed("gflow", "share", settings.seed, label))
        rows += random.permutation(own)[: max(settings.least, round(settings.fraction * len(own)))].tolist()
    return sorted(rows)
