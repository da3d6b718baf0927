"""The nouns of human rating: a round as raters see it, its key that they don't, and what came back."""

from typing import Literal

from pydantic import Field

from bench.core.record import Record

Kind = Literal["image", "grid"]
QUESTIONS: dict[str, tuple[str, ...]] = {
    "class": ("yes", "no"),
    "quality": ("1", "2", "3", "4", "5"),
    "diversity": ("left", "same", "right"),
}
ASKED: dict[str, tuple[str, ...]] = {"image": ("class", "quality"), "grid": ("diversity",)}
COLUMNS = ("round", "rater", "position", "item", "question", "answer", "seconds")


class RatingItem(Record):
    """One screen: `code` says nothing; `label` is the class asked for; base64 images, one, or two grids of nine."""

    code: str
    kind: Kind
    label: str
    left: tuple[str, ...]
    right: tuple[str, ...] = ()


class RatingRound(Record):
    """What the page holds: no ids, no expected answers. `orders[rater]` are indices into `items`."""

    round: str
    title: str
    side: int
    encoding: str
    items: tuple[RatingItem, ...]
    orders: tuple[tuple[int, ...], ...]


class KeyItem(Record):
    """What an item is: `origin` generated, real or made up; `expected` answers where it is a control."""

    kind: Kind
    origin: str
    class_id: str
    label: str
    images: tuple[str, ...]
    generated_side: Literal["left", "right", ""] = ""
    control: str = ""
    expected: dict[str, str] = Field(default_factory=dict)


class RatingKey(Record):
    """The author's half of a round: keep it away from raters."""

    format: Literal[1] = 1
    round: str
    reference: str
    content_digest: str
    against: str
    raters: int
    items: dict[str, KeyItem]


class RatedMean(Record):
    """A mean over `n` items of their means over raters, with its interval and the raters' agreement (alpha)."""

    mean: float
    interval: tuple[float, float] | None
    n: int
    alpha: float | None


class RaterRecord(Record):
    """One rater: answers given of those asked for, controls failed of those answered, median seconds an item."""

    rater: int
    answers: int
    asked: int
    failed: tuple[str, ...]
    controls: int
    seconds: float


class RatingReport(Record):
    """What raters said of a version: `consistency` a share, `quality` 1 to 5, `diversity` from -1 (real) to 1."""

    round: str
    reference: str
    against: str
    consistency: RatedMean | None
    quality: RatedMean | None
    quality_real: RatedMean | None
    diversity: RatedMean | None
    classes: dict[str, dict[str, float]]
    raters: tuple[RaterRecord, ...]
    notes: tuple[str, ...]
    written: str = ""

    def __str__(self) -> str:
        lines = [f"{self.reference}: round {self.round}, {len(self.raters)} raters"]
        for name in ("consistency", "quality", "quality_real", "diversity"):
            found = getattr(self, name)
            if found:
                low, high = found.interval or (found.mean, found.mean)
                alpha = "undefined" if found.alpha is None else f"{found.alpha:.2f}"
                lines.append(f"  {name:<14}{found.mean:8.3f}  ({low:.3f} to {high:.3f})  n {found.n}  alpha {alpha}")
        for one in self.raters:
            failed = f"{len(one.failed)} of {one.controls} controls failed"
            lines.append(
                f"  rater {one.rater}: {one.answers} of {one.asked} answers, {failed}, {one.seconds:.1f} s an item"
            )
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join([*lines, f"report: {self.written}"] if self.written else lines)
