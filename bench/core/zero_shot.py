"""The nouns of He et al.'s zero-shot protocol: a card of one tuned head, and the table that it is printed beside."""

from bench.core.digests import digest_json
from bench.core.record import Record
from bench.core.score import Environment


class ZeroShotSet(Record):
    """Top-1 on one set, as fractions: of the text head, after the last epoch (the result), after the best.

    The best epoch is chosen by the images that it is judged by, as the released code does: too good for a result.
    """

    n: int
    text_head: float
    tuned: float
    interval: tuple[float, float]
    best: float
    best_epoch: int


class ZeroShotCard(Record):
    """A head tuned on the images of `data`, of which `kept` of `images` passed the filter; `settings` complete."""

    model: str
    weights: str
    track: str
    data: str
    data_digest: str
    images: int
    kept: int
    templates: str
    settings: dict[str, float | int]
    sets: dict[str, ZeroShotSet]
    environment: Environment

    @property
    def slug(self) -> str:
        """The card's file name: track, and a digest of all that was asked."""
        asked = self.model_dump(mode="json", include={"weights", "data_digest", "templates", "settings"})
        return f"{self.track}-{digest_json(asked).removeprefix('sha256:')[:12]}"

    def __str__(self) -> str:
        """A line a set."""
        head = f"{self.model} tuned on {self.kept:,} of the {self.images:,} images of {self.data}"
        lines = [
            f"  {name:<12} {one.text_head:.2%} -> {one.tuned:.2%} ({one.interval[0]:.2%} to {one.interval[1]:.2%},"
            f" n {one.n:,}; best epoch {one.best_epoch}: {one.best:.2%})"
            for name, one in self.sets.items()
        ]
        return "\n".join([head, *lines])


class QuotedRow(Record):
    """A dataset's row of the published table, percent as printed; the columns are the table's."""

    dataset: str
    top1: tuple[float, ...]


class QuotedTable(Record):
    """A published table; `printed_means`: what it says below its columns."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[QuotedRow, ...]
    printed_means: tuple[float, ...]

    @property
    def means(self) -> tuple[float, ...]:
        """The arithmetic means of the columns, percent."""
        return tuple(sum(column) / len(column) for column in zip(*(row.top1 for row in self.rows), strict=True))

    @property
    def odd_means(self) -> tuple[tuple[str, float, float], ...]:
        """(column, printed, computed) where a printed mean is not its column's, to the two digits that are printed."""
        every = zip(self.columns, self.printed_means, self.means, strict=True)
        return tuple(one for one in every if abs(one[1] - one[2]) > 0.0051)
