"""The noun `DataBoard`: methods of making training data compared on equal terms, as numbers and pictures."""

from bench.core.data_cell import Protocol
from bench.core.errors import DataError
from bench.core.leaderboard import Mean
from bench.core.record import Record


class DataColumn(Record):
    """One evaluation set."""

    name: str
    title: str
    about: str
    n: int
    digest: str
    in_distribution: bool


class ShotResult(Record):
    """One method at one number of shots (None: all real images), over its trials; accuracies as fractions.

    `sets`: after the last epoch on each set; `shifted`: their mean over the shifted ones; `best`: the best epoch's on
    the in-distribution set, which that set itself chose. `gain` and `gain_inside`: over standard augmentation in the
    same trials, under shift and in distribution; None where that was not run. `robustness`: mean effective robustness.
    """

    shots: int | None
    trials: tuple[int, ...]
    sets: dict[str, Mean]
    shifted: Mean
    best: Mean
    gain: Mean | None
    gain_inside: Mean | None
    robustness: Mean | None
    images: int
    frechet: Mean | None
    consistency: Mean | None
    seconds: Mean | None
    evaluations: Mean | None


class DataRow(Record):
    """One method over all numbers of shots that it was run at.

    `gain`: the mean over shots, in each trial, of what it adds to standard augmentation under shift, over trials;
    None for standard augmentation itself. `ties_first`: paired over trials it can't be told from the first method.
    """

    method: str
    kind: str
    about: str
    results: tuple[ShotResult, ...]
    gain: Mean | None
    gain_inside: Mean | None
    ties_first: bool
    strip: str | None
    command: str


class Advice(Record):
    """Which method to use at a number of shots: the best, those that tie with it, the cheapest of them all."""

    shots: int | None
    best: str
    ties: tuple[str, ...]
    cheapest: str
    told_apart: bool


class DataBoard(Record):
    """Everything that a published data leaderboard shows; `notes` are the caveats that a reader must see."""

    track: str
    title: str
    question: str
    summary: str
    software: str
    protocols: tuple[Protocol, ...]
    columns: tuple[DataColumn, ...]
    baseline: str
    rows: tuple[DataRow, ...]
    advice: tuple[Advice, ...]
    notes: tuple[str, ...]


def check_equal_terms(protocols: dict[str, Protocol]) -> None:
    """DataError where two cells (by name) of one number of shots differ in more than how images are joined."""
    known: dict[int | None, tuple[str, Protocol]] = {}
    mixed: dict[int | None, tuple[str, float]] = {}
    for name, one in protocols.items():
        first, other = known.setdefault(one.shots, (name, one))
        differ = [key for key in Protocol.model_fields if key != "mix" and getattr(one, key) != getattr(other, key)]
        if differ:
            raise DataError(
                f"{name}: {differ[0]} is {getattr(one, differ[0])}, that of {first} is {getattr(other, differ[0])}; a"
                " board compares at equal terms: remove the cells of one kind, or write them to a board of their own"
            )
        if one.mix is not None:
            first, probability = mixed.setdefault(one.shots, (name, one.mix))
            if one.mix != probability:
                raise DataError(f"{name}: mixed in with probability {one.mix:g}, {first} with {probability:g}")
