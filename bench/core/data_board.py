"""The noun `DataBoard`: methods of making training data compared on equal terms, as numbers and pictures."""

from typing import Literal

from bench.core.data_cell import Protocol
from bench.core.errors import DataError
from bench.core.leaderboard import Mean
from bench.core.record import Record

Budget = Literal["no generator", "a generator as it is", "lessons too"]
"""What a method may need besides real images; each budget allows those before it as well."""


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

    `gain`: in each trial the mean, over those of the board's `compared_shots` that were run, of what it adds to
    standard augmentation under shift, over trials; None for standard augmentation itself, and where none was run.
    `ties_first`: paired over trials it can't be told from the first method of as many trials as any.
    `needs`: the least budget that has it.
    """

    method: str
    kind: str
    about: str
    needs: Budget
    results: tuple[ShotResult, ...]
    gain: Mean | None
    gain_inside: Mean | None
    ties_first: bool
    strip: str | None
    command: str


class Advice(Record):
    """Which method to use at a number of shots and a budget: the best under shift, and those that tie with it.

    `methods`: how many were there to choose from. `gain`, `gain_inside`: the best's over standard augmentation;
    `seconds`: a cell of it. `cheapest`: of the best and those of its ties whose mean is not below standard
    augmentation's. `told_apart`: are there intervals to tell any apart? `surely_below`: how many are below the best
    even with Bonferroni's correction for their number. `more`: what the best adds to the best of the budget before;
    None for the first, and where it is the same.
    """

    shots: int | None
    budget: Budget
    methods: int
    best: str
    gain: Mean | None
    gain_inside: Mean | None
    seconds: float | None
    ties: tuple[str, ...]
    cheapest: str
    cheapest_seconds: float | None
    told_apart: bool
    surely_below: int
    more: Mean | None


class Difference(Record):
    """`first` less `second` at a number of shots, under shift and in distribution, over the trials that both have."""

    first: str
    second: str
    shots: int | None
    shifted: Mean
    inside: Mean


class Missing(Record):
    """Rows that a comparison asks for at these numbers of shots and that have no cells."""

    rows: tuple[str, ...]
    shots: tuple[int | None, ...]


class Comparison(Record):
    """A comparison that one of the documents makes, and what the cells of this board say of it.

    `says`: what is compared with what, and what the document found. `quoted`: its published figures. `rows` and
    `shots`: those that have cells. `missing`: what has not been run; `command` makes it.
    """

    name: str
    title: str
    document: str
    says: str
    quoted: tuple[str, ...]
    rows: tuple[str, ...]
    shots: tuple[int | None, ...]
    differences: tuple[Difference, ...]
    missing: tuple[Missing, ...]
    command: str


class DataBoard(Record):
    """Everything that a published data leaderboard shows; `notes` are the caveats that a reader must see.

    `compared_shots`: the numbers of shots that most methods were run at, over which mean gains are.
    """

    track: str
    title: str
    question: str
    summary: str
    software: str
    protocols: tuple[Protocol, ...]
    columns: tuple[DataColumn, ...]
    baseline: str
    compared_shots: tuple[int | None, ...]
    rows: tuple[DataRow, ...]
    advice: tuple[Advice, ...]
    comparisons: tuple[Comparison, ...]
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
                " board compares at equal terms: say the options that its cells were made with, or write one of your"
                " own (--board-dir)"
            )
        if one.mix is not None:
            first, probability = mixed.setdefault(one.shots, (name, one.mix))
            if one.mix != probability:
                raise DataError(f"{name}: mixed in with probability {one.mix:g}, {first} with {probability:g}")
