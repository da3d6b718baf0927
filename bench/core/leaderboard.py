"""The noun `Leaderboard`: the cards of one track and one set of dataset digests, best first.

It holds everything that a published board shows, as numbers; the presses in `bench/reports/` only
lay it out. Accuracies and intervals are fractions.
"""

from typing import Literal

from pydantic import Field

from bench.core.dataset_version import DatasetVersion, Edition
from bench.core.errors import DataError
from bench.core.record import Record
from bench.core.score import ScoreCard

Transform = Literal["linear", "logit"]


class Column(Record):
    """One set of the board; `headline` says whether the sort number averages over it.

    `labels`: the class index of each image in the order of sorted ids (base64, uint16, little endian), from
    which accuracies by class follow; None where the images are not at hand.
    """

    name: str
    title: str
    about: str
    n: int
    digest: str
    headline: bool
    in_distribution: bool
    labels: str | None = None


class Cell(Record):
    """Accuracy of one model on one set with its 95 % interval.

    `top5` is None where it was not measured. `correct`: the bits of top-1 as in `Score`, from which any two
    models can be compared; None for accuracies taken from a table, as is the digest of the predictions.
    """

    n: int
    top1: float
    top5: float | None
    interval: tuple[float, float]
    correct: str | None = None
    predictions_digest: str | None = None


class EffectiveRobustness(Record):
    """Points (as a fraction) above what the fit predicts; `extrapolated`: outside the fit range.

    `zero`: no image of the shifted set was right, where logit and probit depend on the clip.
    """

    value: float
    interval: tuple[float, float] | None
    extrapolated: bool
    zero: bool = False


class Row(Record):
    """One model. `robustness[set][transform]`; `command` makes its card again.

    `rank` orders by the measured mean. `rank_interval`: the ranks that it may have, 95 % for the whole board at
    once; `band`: neighbours that cannot be told from the best of them share it; `ties_first`: it is not separable
    from the first. `seeds`: training runs on the board that are this one but for the seed, itself included, None
    where nothing is known of its training; `variant` tells arms of one name apart.
    """

    rank: int
    rank_interval: tuple[int, int] | None = None
    band: int | None = None
    ties_first: bool = False
    slug: str
    title: str
    model: str
    role: Literal["standard", "arm", "submitted"]
    arch: str
    arm: str
    match: str
    variant: str = ""
    seed: int
    seeds: int | None = None
    parameters: int | None
    preprocessing: dict[str, str | int | float] = Field(default_factory=dict)
    shifted: float
    shifted_interval: tuple[float, float]
    cells: dict[str, Cell]
    robustness: dict[str, dict[Transform, EffectiveRobustness]]
    command: str


class Fit(Record):
    """The robustness line of one shifted set under one transform, and points for drawing it.

    `line`: (x, y) and `band`: (x, low, high), 95 % over models, all as accuracies. `population` says which
    models, `population_digest` which accuracies of theirs; `clip`: for x and y the distance kept from 0 and 1.
    """

    set: str
    x_set: str = ""
    population: str = ""
    population_digest: str = ""
    estimator: str = "ordinary least squares"
    clip: tuple[float | None, float | None] = (None, None)
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
    variant: str = ""
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

    `draw` says which images of each class were taken; `digests` binds it to the image sets that it was computed
    on, sources and sets alike.
    """

    extractor: str
    extractor_digest: str
    dimension: int
    per_class: int
    draw: str = ""
    input: str
    precision: str
    digests: dict[str, str]
    values: dict[str, dict[str, float | None]]


class Ranking(Record):
    """How ranks were made honest: `method` in words, at `confidence`, over so many ordered `pairs` of models.

    `bands` is the number of tie bands, `tied` how many models are not separable from the first, itself included;
    `paired` says whether answers on the same images were compared, or accuracies alone.
    """

    method: str
    confidence: float
    pairs: int
    paired: bool
    bands: int
    tied: int


class Leaderboard(Record):
    """One track's board. `notes` are the caveats that a reader must see (one seed, limited runs…)."""

    track: str
    title: str
    question: str
    summary: str
    software: str
    classes: int
    class_names: tuple[str, ...] = ()
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    fits: tuple[Fit, ...]
    ranking: Ranking | None = None
    arms: tuple[ArmRow, ...]
    gains: tuple[ArmGain, ...]
    distances: Distances | None
    version: DatasetVersion | None
    editions: tuple[Edition, ...] = ()
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
