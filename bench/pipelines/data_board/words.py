"""The sentences of a data leaderboard, made from its numbers."""

from collections.abc import Sequence

from bench.core.data_board import Advice, DataRow
from bench.core.data_cell import DataCell
from bench.pipelines.data_board.robustness import Lines


def summary_of(rows: Sequence[DataRow], advice: Sequence[Advice]) -> str:
    """What the board says first: the largest gain, who ties with it, and who loses."""
    compared = [row for row in rows if row.gain]
    if not compared:
        return "Nothing to compare yet: standard augmentation and one other method make a difference."
    first = compared[0]
    said = [f"{first.method} adds most to standard augmentation under shift, {_points(first)}"]
    ties = sum(row.ties_first for row in rows) - rows[0].ties_first
    if first.gain and first.gain.interval is None:
        said.append("one trial has no interval, so none is told apart")
    elif ties:
        said.append(f"{ties} of the other {len(rows) - 1} methods can't be told from the first")
    else:
        said.append(f"it is told apart from all {len(rows) - 1} others")
    worse = [row.method for row in compared if row.gain and row.gain.interval and row.gain.interval[1] < 0]
    tail = f" Surely below standard augmentation: {', '.join(worse)}." if worse else ""
    return "; ".join(said) + "." + tail


def notes_of(cells: Sequence[DataCell], lines: Lines | None) -> tuple[str, ...]:
    """The caveats."""
    trials = {cell.settings.trial for cell in cells}
    notes = [
        "Rows that draw images have standard augmentation too; what they gain over it is theirs. Every row of a number"
        " of shots has the same optimizer steps and sees as many images; AugMix reads three views of each.",
        "The generator has learned from far more images than the shots, and from kinds of picture that some shifted"
        " sets hold: what it adds is also what it has seen (bench/sources/README.md says who has seen what). Methods"
        " that prompt it with class names are not few-shot methods in the strict sense.",
        f"Intervals are Student's t over {len(trials)} trials, differences paired by trial; ties are by one comparison"
        " each, without a correction for their number."
        if len(trials) > 1
        else "One trial: no difference has an interval.",
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


def _points(row: DataRow) -> str:
    assert row.gain is not None
    said = f"{100 * row.gain.mean:+.1f} points"
    if row.gain.interval:
        low, high = row.gain.interval
        said += f" (95 % interval {100 * low:+.1f} to {100 * high:+.1f} over {row.gain.n} trials)"
    return said.replace("-", "\N{MINUS SIGN}")
