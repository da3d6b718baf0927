"""The noun `HeldOut`: what DAGAN does for classes that it has not seen, at few real images of each."""

from typing import Literal

from bench.core.leaderboard import Mean
from bench.core.record import Record
from bench.core.text import Line


class HeldOutRow(Record):
    """Accuracies (fractions) at `shots` real images of each class, over seeds; gains are paired by seed.

    `accuracy`: arm -> mean; `gain`: of `dagan` over each other arm; `values`: arm -> one number a seed.
    """

    shots: int
    accuracy: dict[Line, Mean]
    gain: dict[Line, Mean]
    values: dict[Line, tuple[float, ...]]


class QuotedRow(Record):
    """A line of the published table, fractions."""

    shots: int
    standard: float
    dagan: float


class HeldOut(Record):
    """`state`: the digest of what DAGAN learned from the classes `source`; it has seen none of `classes`.

    `n`: test images; every arm has the same `steps`, `batch` and architecture.
    """

    format: Literal[1] = 1
    recipe: Line
    recipe_digest: str
    state: str
    track: Line
    source: tuple[str, ...]
    classes: tuple[str, ...]
    n: int
    arch: Line
    steps: int
    batch: int
    arms: dict[Line, Line]
    seeds: tuple[int, ...]
    rows: tuple[HeldOutRow, ...]
    published: tuple[QuotedRow, ...]
    published_source: Line
    command: Line
