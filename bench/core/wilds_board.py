"""The noun `WildsBoard`: methods on one dataset of WILDS, our own evaluations beside what others published."""

from bench.core.errors import DataError
from bench.core.record import Record
from bench.core.wilds import Spread
from bench.core.wilds_card import WildsCard


class WildsColumn(Record):
    """One figure on one split; `percent`: a share; `headline`: the board is sorted by it."""

    split: str
    metric: str
    title: str
    percent: bool
    headline: bool
    shifted: bool


class WildsRow(Record):
    """One method; `cells` in the order of the board's columns, None where a figure is not known.

    `quoted`: published elsewhere and taken over, not evaluated here; `source` then says where.
    """

    method: str
    slug: str | None = None
    quoted: bool
    source: str
    remark: str = ""
    algorithm: str | None = None
    cells: tuple[Spread | None, ...]


class WildsBoard(Record):
    """The methods of one dataset, best headline first; `notes` are the caveats that a reader must see."""

    track: str
    title: str
    question: str
    replicate: str
    replicates: int
    columns: tuple[WildsColumn, ...]
    rows: tuple[WildsRow, ...]
    notes: tuple[str, ...]
    licence: str
    software: str


class PosterCell(Record):
    """One method on one dataset: what the table shows, who it is, and whether the number was taken over."""

    method: str
    quoted: bool
    spread: Spread | None


class PosterRow(Record):
    """One dataset of the three-column table: the leaderboard's entry, a baseline's rerun, and the method."""

    title: str
    metric: str
    percent: bool
    official: int
    replicate: str
    leaderboard: PosterCell
    baseline: PosterCell
    method: PosterCell
    warnings: tuple[str, ...]


class Poster(Record):
    """The table of GFlowAug's poster, for any baseline and method: one row a dataset."""

    rows: tuple[PosterRow, ...]


def check_same_data(cards: tuple[WildsCard, ...]) -> None:
    """DataError where two cards were evaluated on different images or labels of one split and replicate."""
    known: dict[tuple[str, str], tuple[str, WildsCard]] = {}
    for card in cards:
        for split, digests in card.digests.items():
            for replicate, digest in zip(card.replicates, digests, strict=True):
                # Seeds share their splits; every fold has its own.
                place = (split, replicate if card.replicate == "fold" else "")
                first, other = known.setdefault(place, (digest, card))
                if first != digest:
                    raise DataError(
                        f"{card.slug}: split {split!r} is {digest[:19]}…, that of {other.slug} is {first[:19]}…"
                        f" (versions {card.version} and {other.version}); evaluate both on the same data"
                    )
