"""The noun `Leaderboard`: the cards of one track and one set of dataset digests, best first.

It holds everything that a published board shows, as numbers; the presses in `bench/reports/` only
lay it out. Accuracies and intervals are fractions.
"""

from typing import Literal

from bench.core.errors import DataError
from bench.core.record import Record
from bench.core.score import ScoreCard

Transform = Literal["linear", "logit"]


class Column(Record):
    """One set of the board; `headline` says whether the sort number averages over it."""

    name: str
    title: str
    about: str
    n: int
    digest: str
    headline: bool
    in_distribution: bool


class Cell(Record):
    """Accuracy of one model on one set with its 95 % interval."""

    n: int
    top1: float
    top5: float | None
    interval: tuple[float, float]


class EffectiveRobustness(Record):
    """Points (as a fraction) above what the fit predicts; `extrapolated`: outside the fit range."""

    value: float
    interval: tuple[float, float] | None
    extrapolated: bool


class Row(Record):
    """One model. `robustness[set][transform]`; `command` makes its card again."""

    rank: int
    slug: str
    title: str
    model: str
    role: Literal["standard", "arm", "submitted"]
    arch: str
    arm: str
    match: str
    seed: int
    parameters: int | None
    shifted: float
    shifted_interval: tuple[float, float]
    cells: dict[str, Cell]
    robustness: dict[str, dict[Transform, EffectiveRobustness]]
    command: str


class Fit(Record):
    """The robustness line of one shifted set under one transform, and points for drawing it.

    `line`: (x, y) and `band`: (x, low, high), 95 % over models, all as accuracies.
    """

    set: str
    transform: Transform
    slope: float
    intercept: float
    r: float
    n: int
    x_range: tuple[float, float]
    line: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...]


class Mean(Record):
    """Mean over seeds with n, standard deviation and 95 % Student-t interval (None for one seed)."""

    mean: float
    n: int
    deviation: float | None
    interval: tuple[float, float] | None


class ArmRow(Record):
    """One training arm over its seeds: accuracy on each set and the mean over the headline sets."""

    label: str
    arm: str
    match: str
    images: int
    steps: int
    sets: dict[str, Mean]
    shifted: Mean


class ArmGain(Record):
    """Paired difference over seeds between two arms, on each set and on the headline mean."""

    label: str
    baseline: str
    sets: dict[str, Mean]
    shifted: Mean


class Distances(Record):
    """The FID table: mean over classes, at equal n; `values[source][set]`.

    `digests` binds it to the image sets that it was computed on, sources and sets alike.
    """

    extractor: str
    extractor_digest: str
    dimension: int
    per_class: int
    input: str
    precision: str
    digests: dict[str, str]
    values: dict[str, dict[str, float | None]]


class ClassSheet(Record):
    """Generated images of one class for the contact sheet: base64 PNG, with the prompts that made them."""

    class_id: str
    name: str
    images: tuple[str, ...]
    prompts: tuple[str, ...]


class DatasetVersion(Record):
    """What the board says about the generated dataset; `digests` are the content digests of its splits."""

    reference: str
    recipe_digest: str
    content_digest: str
    digests: dict[str, str]
    counts: dict[str, int]
    generator: str
    sampler: str
    sheets: tuple[ClassSheet, ...]


class Leaderboard(Record):
    """One track's board. `notes` are the caveats that a reader must see (one seed, limited runs…)."""

    track: str
    title: str
    question: str
    summary: str
    software: str
    classes: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    fits: tuple[Fit, ...]
    arms: tuple[ArmRow, ...]
    gains: tuple[ArmGain, ...]
    distances: Distances | None
    version: DatasetVersion | None
    notes: tuple[str, ...]

    @property
    def in_distribution(self) -> Column:
        """The column on the x-axis of every robustness fit."""
        return next(column for column in self.columns if column.in_distribution)


def check_one_board(cards: tuple[ScoreCard, ...]) -> None:
    """Refuse cards of different tracks, dataset digests or labels: they cannot share a board."""
    for card in cards[1:]:
        if card.track != cards[0].track:
            raise DataError(f"{card.slug}: card of track {card.track!r} on a board of {cards[0].track!r}")
        for name, score in card.sets.items():
            first = cards[0].sets.get(name, score)
            if score.dataset_digest != first.dataset_digest:
                raise DataError(
                    f"{card.slug}: set {name!r} has digest {score.dataset_digest[:19]}…, {cards[0].slug} has"
                    f" {first.dataset_digest[:19]}…; score both on the same data"
                )
            # Cards from before labels had a digest say none.
            if None not in (score.labels_digest, first.labels_digest) and score.labels_digest != first.labels_digest:
                raise DataError(
                    f"{card.slug}: set {name!r} was judged by other labels than for {cards[0].slug}; score both anew"
                )
