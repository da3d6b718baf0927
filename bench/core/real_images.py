"""What a recipe says of real images: the counts that it mirrors, and the pictures that it starts from."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from bench.core.record import Grown, Record

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


class Conditioning(Record):
    """The real images that images are made from: a class's slot n from its n-th file, in the order of their names.

    They lie in `<data root>/<folder>/<real split>/<class id>/`. `splits` names the real split that each
    split is made from; training images are never made from evaluation images, nor the other way round.
    """

    folder: Folder
    splits: dict[Name, Name]

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
