"""The noun `Track`: a question, as classes, an in-distribution test set, shifted sets, and a headline."""

from typing import Literal

from pydantic import field_validator, model_validator

from bench.core.classes import ClassName, check_classes, class_list_digest
from bench.core.record import Record
from bench.core.registry import unknown


class SetSpec(Record):
    """Where a set's images come from: a named real source, or a split of a generated dataset version.

    `x_axis`: the set that a robustness line has on its x-axis for this one (default: the in-distribution set).
    """

    source: str | None = None
    dataset: str | None = None
    split: str | None = None
    x_axis: str | None = None
    title: str
    about: str = ""
    optional: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> "SetSpec":
        if (self.source is None) == (self.dataset is None):
            raise ValueError("give exactly one of source and dataset")
        if (self.dataset is None) != (self.split is None):
            raise ValueError("dataset and split go together")
        return self


class Headline(Record):
    """The one number a board is sorted by: the mean of `metric` over `sets`."""

    metric: Literal["top1"] = "top1"
    sets: tuple[str, ...]


class Budget(Record):
    """How arms are trained, the same for every arm of a track."""

    arch: str
    steps: int
    batch: int
    learning_rate: float
    seeds: int


class StandardModel(Record):
    """A model of the robustness fit: trained on real data only."""

    arch: str
    steps: int | None = None
    fraction: float = 1.0


class Track(Record):
    """Classes, sets, headline, and (where the track trains) its real and generated training data.

    `standard` lists the models that the robustness line is fitted to.
    """

    name: str
    title: str
    question: str
    classes: tuple[ClassName, ...]
    in_distribution: str
    headline: Headline
    sets: dict[str, SetSpec]
    image_size: int | None = None
    real: SetSpec | None = None
    synthetic: SetSpec | None = None
    budget: Budget | None = None
    standard: tuple[StandardModel, ...] = ()
    oracle: str | None = None

    _classes = field_validator("classes")(check_classes)

    @model_validator(mode="after")
    def _names_are_sets(self) -> "Track":
        for name in (self.in_distribution, *self.headline.sets):
            if name not in self.sets:
                raise ValueError(unknown(name, known=self.sets, kind="set"))
        return self

    @property
    def classes_digest(self) -> str:
        """Digest of the ordered class ids."""
        return class_list_digest(self.classes)

    @property
    def shifted(self) -> tuple[str, ...]:
        """Every set but the in-distribution one."""
        return tuple(name for name in self.sets if name != self.in_distribution)
