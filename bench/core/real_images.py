"""What a recipe says of real images: the counts that it mirrors, and the pictures that it starts from."""

from typing import Annotated

import numpy as np
from pydantic import Field, StringConstraints, field_validator, model_validator

from bench.core.digests import derive_seed
from bench.core.record import Grown

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Folder = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]

# Real splits that judge models; images made from them must not train any.
EVALUATION = ("val", "validation", "test")


class Mirrored(Grown):
    """As many images of each class as the real set `mirrors` has: from `least` to `most`.

    `counts` are filled in where they are known here; the identity of a recipe does without them.
    """

    later = ("counts",)

    mirrors: Name
    least: int = Field(ge=1)
    most: int = Field(ge=1)
    counts: dict[str, int] | None = None


class Conditioning(Grown):
    """The real images that images are made from: a class's slot n from its n-th image, in the order of their names.

    They lie in `<data root>/<folder>/<real split>/<class id>/`, or are those of the real sets
    `<source>-<real split>`. `splits` names the real split that each split is made from; training images are
    never made from evaluation images, nor the other way round. `shots`: only so many images of each class,
    those that the few-shot trial `trial` draws. `masks`: the folder of masks (white where the object is), laid out
    as `folder` is, each a PNG of its image's stem and size; or `ink`, for white ink on black.
    """

    later = ("folder", "source", "shots", "trial", "masks")

    folder: Folder | None = None
    source: Name | None = None
    splits: dict[Name, Name]
    shots: int | None = Field(default=None, ge=1)
    trial: int | None = Field(default=None, ge=0)
    masks: Folder | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Conditioning":
        if (self.folder is None) == (self.source is None):
            raise ValueError("give folder, or source for real images by name")
        if self.source is not None and self.masks not in (None, "ink"):
            raise ValueError("masks: real images by name have masks of their ink, or none; say ink")
        if self.trial is not None and self.shots is None:
            raise ValueError("trial goes with shots")
        return self

    def chosen(self, count: int, class_id: str) -> list[int]:
        """Which of `count` images of a class, in the order of their names, are used.

        All, or the first `shots` of a permutation (methods.md 14.4) that trial and class decide: the images of
        fewer shots are among those of more.
        """
        if self.shots is None:
            return list(range(count))
        order = np.random.default_rng(derive_seed("shots", self.trial or 0, class_id)).permutation(count)
        return [int(place) for place in order[: self.shots]]

    @field_validator("splits")
    @classmethod
    def _apart(cls, splits: dict[str, str]) -> dict[str, str]:
        for split, real in splits.items():
            if (split in EVALUATION) != (real in EVALUATION):
                raise ValueError(
                    f"split {split!r} would be made from real {real!r} images: training and evaluation images"
                    " must not mix; make each split from the real split of its own kind"
                )
        twice = [real for real in splits.values() if list(splits.values()).count(real) > 1]
        if twice:
            raise ValueError(f"two splits would be made from the same real {twice[0]!r} images; give each its own")
        return splits
