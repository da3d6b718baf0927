"""The noun `DetectionBoard`: the detection cards of one track and one set of data, best first."""

from typing import Literal

from bench.core.detection_score import DetectionCard, DetectionScore
from bench.core.errors import DataError
from bench.core.leaderboard import Ranking
from bench.core.record import Record


class DetectionColumn(Record):
    """One set of the board, with its truth boxes; `headline` says whether the sort number averages over it."""

    name: str
    title: str
    about: str
    n: int
    boxes: int
    digest: str
    labels_digest: str
    headline: bool
    in_distribution: bool


class DetectionRow(Record):
    """One detector. `shifted` is mean AP at 0.5 over the headline sets; ranks as on boards of classifiers."""

    rank: int
    rank_interval: tuple[int, int]
    band: int
    ties_first: bool
    slug: str
    title: str
    model: str
    role: Literal["standard", "arm", "submitted"]
    arch: str
    arm: str
    seed: int
    parameters: int | None
    shifted: float
    shifted_interval: tuple[float, float]
    cells: dict[str, DetectionScore]
    command: str


class TableRow(Record):
    """A row of a published table, `quoted` or ours; None where we measure no such figure."""

    title: str
    quoted: bool
    figures: dict[str, float | None]


class QuotedTable(Record):
    """A published table with our rows under it."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


class Picture(Record):
    """Hits and misses of one model on some images of one set: base64 PNG."""

    set: str
    model: str
    png: str


class DetectionBoard(Record):
    """Everything that a published board of detectors shows, as numbers; fractions throughout."""

    track: str
    title: str
    question: str
    summary: str
    software: str
    class_names: dict[str, str]
    columns: tuple[DetectionColumn, ...]
    rows: tuple[DetectionRow, ...]
    ranking: Ranking
    table: QuotedTable | None = None
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...]


def check_one_truth(cards: tuple[DetectionCard, ...]) -> None:
    """Refuse cards of other images or other boxes than the first: they cannot share a board."""
    for card in cards[1:]:
        for name, score in card.sets.items():
            first = cards[0].sets.get(name, score)
            if score.dataset_digest != first.dataset_digest:
                raise DataError(
                    f"{card.slug}: set {name!r} has digest {score.dataset_digest[:19]}…, {cards[0].slug} has"
                    f" {first.dataset_digest[:19]}…; score both on the same data"
                )
            if score.labels_digest != first.labels_digest:
                raise DataError(
                    f"{card.slug}: set {name!r} was judged by other boxes than for {cards[0].slug}; score both anew"
                )
