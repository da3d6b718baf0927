"""The sentences of a data leaderboard, made from its numbers."""

from collections.abc import Sequence

from bench.core.data_board import DataRow
from bench.core.data_cell import DataCell
from bench.pipelines.data_board.gains import Shots, surely_positive
from bench.pipelines.data_board.robustness import Lines
from bench.pipelines.data_board.row import BASELINE
from bench.reports.numerals import points, points_interval

NAMED = 6  # methods in a sentence, before they are counted


def summary_of(rows: Sequence[DataRow], first: str) -> str:
    """What the board says first: the largest gain, whether it is one, who ties with it, and who loses."""
    rows = [row for row in rows if row.gain or row.method == BASELINE]
    leader = next((row for row in rows if row.method == first and row.gain), None)
    if leader is None:
        if any(row.gain for row in rows):
            return "No method with all trials has a larger mean than standard augmentation under shift." + _losers(rows)
        return "Nothing to compare yet: standard augmentation and one other method make a difference."
    return f"{_lead(rows, leader)}{_winners(rows, leader)}{_losers(rows)}"


def _lead(rows: Sequence[DataRow], leader: DataRow) -> str:
    assert leader.gain is not None
    said = f"{leader.method} adds most to standard augmentation under shift, {_points(leader)}"
    if leader.gain.interval is None:
        return f"{said}; one trial has no interval, so none is told apart."
    if not surely_positive(leader.gain):
        said += ", which can't be told from nothing"
        if not any(surely_positive(row.gain) for row in rows):
            said += ": no method is surely better than standard augmentation"
    ties, others = sum(row.ties_first for row in rows) - 1, len(rows) - 1
    return f"{said}; " + (
        f"{ties} of the other {others} methods can't be told from the first."
        if ties
        else f"it is told apart from all {others} others."
    )


def _winners(rows: Sequence[DataRow], leader: DataRow) -> str:
    """Who is surely above standard augmentation besides the first."""
    sure = [row.method for row in rows if row is not leader and surely_positive(row.gain)]
    too = " too" if surely_positive(leader.gain) else ""
    return f" Surely above standard augmentation{too}: {_named(sure)}." if sure else ""


def _losers(rows: Sequence[DataRow]) -> str:
    worse = [row.method for row in rows if row.gain and row.gain.interval and row.gain.interval[1] < 0]
    return f" Surely below standard augmentation: {_named(worse)}." if worse else ""


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:NAMED])} and {more} more"


def notes_of(
    cells: Sequence[DataCell], rows: Sequence[DataRow], lines: Lines | None, over: Sequence[Shots]
) -> tuple[str, ...]:
    """The caveats."""
    notes = [
        "Rows that draw images have standard augmentation too; what they gain over it is theirs. Every row of a number"
        " of shots has the same optimizer steps and sees as many images; AugMix reads three views of each.",
        "The generator has learned from far more images than the shots, and from kinds of picture that some shifted"
        " sets hold: what it adds is also what it has seen (bench/sources/README.md says who has seen what). Methods"
        " that prompt it with class names are not few-shot methods in the strict sense.",
        _of_trials(rows),
        *_of_shots(rows, over),
    ]
    if lines is None:
        notes.append("No effective robustness: fewer than three standard models were scored on these very images.")
    else:
        outside = sum(lines.extrapolates(cell.last) for cell in cells)
        if outside:
            notes.append(
                f"Effective robustness is extrapolated for {outside} of {len(cells)} cells, which are outside the range"
                " of the standard models in distribution."
            )
    return tuple(notes)


def _of_trials(rows: Sequence[DataRow]) -> str:
    counts = {len(one.trials) for row in rows for one in row.results}
    if counts == {1}:
        return "One trial: no difference has an interval, and the order of the rows says nothing."
    few = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else str(max(counts))
    return (
        f"Intervals are Student's t over {few} trials, differences paired by trial: so few trials make wide intervals,"
        " and the order of rows whose intervals overlap is not a result. Ties are by one comparison each with the"
        " first, at 95 %, without a correction for their number."
    )


def _of_shots(rows: Sequence[DataRow], over: Sequence[Shots]) -> list[str]:
    """Rows whose mean gain is over fewer numbers of shots than that of others."""
    if len(over) < 2:
        return []
    partial = [row.method for row in rows if row.gain and not set(over) <= {one.shots for one in row.results}]
    return [f"Not run at every number of shots that the mean gain is over: {', '.join(partial)}."] if partial else []


def _points(row: DataRow) -> str:
    assert row.gain is not None
    said = f"{points(row.gain.mean)} points"
    if row.gain.interval:
        said += f" (95 % interval {points_interval(row.gain.interval)} over {row.gain.n} trials)"
    return said
