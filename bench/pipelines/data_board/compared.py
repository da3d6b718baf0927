"""What the cells of a board say of the documents' comparisons, and what is missing for them."""

from collections.abc import Callable, Mapping, Sequence

from bench.core.data_board import Comparison, Difference, Missing
from bench.core.track import Track
from bench.pipelines.data_board.comparisons import COMPARISONS, Compare
from bench.pipelines.data_board.gains import ByShots, Shots, in_order, inside, paired, shifted
from bench.pipelines.data_board.registry import METHOD_ROWS


def compare_all(
    track: Track, cells: Mapping[str, ByShots], command: Callable[[str, Sequence[Shots]], str]
) -> tuple[Comparison, ...]:
    """Every comparison; `command`: what makes the cells of the comparison of a name, as those that are there."""
    return tuple(_compared(track, name, cells, command(name, one.shots)) for name, one in COMPARISONS.items())


def _compared(track: Track, name: str, cells: Mapping[str, ByShots], command: str) -> Comparison:
    asked = COMPARISONS[name]
    here = {
        row: {shots: cells[row][shots] for shots in asked.shots if shots in cells[row]}
        for row in asked.rows
        if row in cells
    }
    differences = _differences(track, asked, here)
    # A row of which nothing can be said is left out of the figure.
    used = {end for pair in differences for end in (pair.first, pair.second)} | set(asked.beside)
    return Comparison(
        name=name,
        title=asked.title,
        document=asked.document,
        says=asked.says,
        quoted=asked.quoted,
        rows=tuple(row for row in asked.rows if row in used and here.get(row)),
        shots=tuple(sorted({pair.shots for pair in differences}, key=in_order)),
        differences=tuple(differences),
        missing=tuple(_missing(asked, here)),
        command=command,
    )


def _differences(track: Track, asked: Compare, here: Mapping[str, ByShots]) -> list[Difference]:
    found = []
    for first, second in asked.pairs:
        for shots in asked.shots:
            a, b = here.get(first, {}).get(shots, {}), here.get(second, {}).get(shots, {})
            under, within = paired(a, b, shifted(track)), paired(a, b, inside(track))
            if under and within:
                found.append(Difference(first=first, second=second, shots=shots, shifted=under, inside=within))
    return found


def _missing(asked: Compare, here: Mapping[str, ByShots]) -> list[Missing]:
    """Rows that lack the same shots, together."""
    lacking: dict[tuple[Shots, ...], list[str]] = {}
    for name in asked.rows:
        few = METHOD_ROWS[name].few
        shots = tuple(one for one in asked.shots if (not few or one in few) and one not in here.get(name, {}))
        if shots:
            lacking.setdefault(shots, []).append(name)
    return [Missing(rows=tuple(names), shots=shots) for shots, names in lacking.items()]
