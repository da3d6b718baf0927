"""The noun `WildsTrack`: a dataset of WILDS, with its splits, replicates and figures, and what others published.

WILDS asks another question than `Track`: not which model names images best, but how a *method* does over several
training seeds (or, for PovertyMap, over five folds of countries), in a figure that each dataset defines.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bench.core.record import Misplaced, Record
from bench.core.registry import unknown
from bench.core.text import Line, Text

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
Algorithm = Literal["erm", "coral", "irm", "groupdro"]


class WildsSplit(Record):
    """A split of the dataset; `images`: how many the latest version has, where that is known.

    `shifted`: it comes from other domains than the training images.
    """

    title: Line
    about: Line = ""
    images: int | None = Field(default=None, ge=1)
    shifted: bool


class Release(Record):
    """One version of the dataset, and the size of its archive `archive.tar.gz`."""

    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    bytes: int = Field(ge=1)


class Figure(Record):
    """A figure that the board shows; `percent`: it is a share, rendered in percent as papers have it."""

    title: Line
    percent: bool


class Headline(Record):
    """The one figure that the board is sorted by."""

    split: str
    metric: str


class Spread(Record):
    """A mean over `n` replicates and their standard deviation (ddof 1), as fractions; None where it is not known."""

    mean: float
    std: float | None = None
    n: int | None = Field(default=None, ge=1)


class Quoted(Record):
    """What others published of a method, quoted: `results[split][metric]`."""

    method: Line
    algorithm: Algorithm | None = None
    source: Line
    remark: Text = ""
    results: dict[str, dict[str, Spread]]


class Penalty(Record):
    """What an algorithm adds to the mean loss (methods.md 19.5): `weight` of CORAL's or IRM's penalty, from the step
    `anneal` on (1 before it); `step`: how fast group DRO's group weights move."""

    weight: float = Field(default=0.0, ge=0)
    anneal: int = Field(default=0, ge=0)
    step: float = Field(default=0.0, ge=0)


class WildsRecipe(Record):
    """How the default model is trained, the same for every algorithm but for its `Penalty`.

    `arch`: a timm name, or a detector's (`HEAD:BACKBONE`, or torchvision's `fasterrcnn_resnet50_fpn`); `weights`: the
    pretrained model of timm that it starts from, or `coco`, torchvision's weights of that detector. `domain`: the
    metadata column whose values are the domains; a batch of CORAL or IRM holds `domains_per_batch` of them in equal
    parts. `gamma`: the factor on the rate after each epoch. The epoch that is best by `select` is kept.
    """

    arch: Line
    weights: Line | None = None
    image_size: int = Field(ge=1)
    channels: int = Field(ge=1)
    loss: Literal["cross_entropy", "mse", "detection"]
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    gamma: float = Field(default=1.0, gt=0, le=1)
    batch: int = Field(ge=1)
    epochs: int = Field(ge=1)
    domain: Line
    domains_per_batch: int = Field(ge=1)
    select: Headline
    algorithms: dict[Algorithm, Penalty]


class WildsTrack(Record):
    """One dataset of WILDS. `metrics` are those that its official evaluation keeps, the headline's first."""

    name: Name
    title: Line
    question: Line
    task: Literal["classes", "regression", "detection"]
    licence: Line = ""
    replicate: Literal["seed", "fold"]
    replicates: tuple[str, ...] = Field(min_length=1)
    splits: dict[Name, WildsSplit]
    metrics: dict[str, Figure]
    headline: Headline
    releases: tuple[Release, ...] = Field(min_length=1)
    published: tuple[Quoted, ...] = ()
    notes: tuple[Text, ...] = ()
    recipe: WildsRecipe | None = None

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        self._check(self.headline.split, self.headline.metric, "headline")
        for index, row in enumerate(self.published):
            for split, figures in row.results.items():
                for metric in figures:
                    self._check(split, metric, "published", index, "results", split)
        return self

    def _check(self, split: str, metric: str, *place: str | int) -> None:
        if split not in self.splits:
            raise Misplaced(unknown(split, known=self.splits, kind="split"), *place)
        if metric not in self.metrics:
            raise Misplaced(unknown(metric, known=self.metrics, kind="metric"), *place)

    @property
    def evaluated(self) -> tuple[str, ...]:
        """The splits that predictions are asked for: every one but `train`."""
        return tuple(name for name in self.splits if name != "train")

    def folder(self, version: str) -> str:
        """The name of a version's folder, as the `wilds` package has it."""
        return f"{self.name}_v{version}"
