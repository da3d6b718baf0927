"""The table of distances between training sources and test sets, as a heat map with its numbers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.core.leaderboard import Distances, Leaderboard
from bench.reports.canvas import NORMAL, house_style, new_figure, text
from bench.reports.numerals import fixed
from bench.reports.plain_text import one_line, shorten
from bench.reports.series import GRID, INK, MUTED

_CELL = 30.0
_NEAR, _FAR = np.array([232, 241, 248]) / 255, np.array([8, 64, 110]) / 255


@house_style
def distance_heatmap(board: Leaderboard) -> Figure:
    """A row for each source, a column for each set; the darker, the farther. `board.distances` is required."""
    distances = board.distances
    sources, sets = list(distances.values), distance_sets(board)
    figure, axes = new_figure("distances", height=_CELL * len(sources) + 62, left=92, right=6, bottom=20, top=42)
    top = max((v for row in distances.values.values() for v in row.values() if v is not None), default=1) or 1
    for j, source in enumerate(sources):
        text(axes, -0.08, j + 0.5, shorten(one_line(source), 18), ha="right", fontsize=NORMAL)
        for i, name in enumerate(sets):
            _cell(axes, i, j, distances.values[source].get(name), top)
    for i, name in enumerate(sets):
        text(axes, i + 0.5, -0.25, shorten(one_line(name), 14 if len(sets) < 7 else 8), ha="center", color=INK)
    text(axes, 0, -0.85, _heading(distances), color=MUTED)
    axes.set(xlim=(0, max(len(sets), 1)), ylim=(len(sources), 0), xticks=[], yticks=[])
    text(axes, 0, len(sources) + 0.3, "lower is closer; mean over classes", color=MUTED)
    return figure


def distance_sets(board: Leaderboard) -> list[str]:
    """The sets of the table in the order of the board's columns; others by name."""
    known = {name for row in board.distances.values.values() for name in row}
    order = [column.name for column in board.columns if column.name in known]
    return order + sorted(known - set(order))


def _heading(distances: Distances) -> str:
    return f"FID, {shorten(one_line(distances.extractor), 24)}, {distances.per_class} images a class"


def _cell(axes: Axes, i: int, j: int, value: float | None, top: float) -> None:
    share = None if value is None else float(np.sqrt(max(value, 0) / top))
    colour = "none" if share is None else tuple(_NEAR + share * (_FAR - _NEAR))
    axes.add_patch(
        Rectangle((i + 0.03, j + 0.05), 0.94, 0.9, facecolor=colour, edgecolor=GRID if share is None else "none")
    )
    if share is None:
        text(axes, i + 0.5, j + 0.5, "no value", ha="center", color=MUTED)
        return
    dark = share > 0.5
    text(
        axes,
        i + 0.5,
        j + 0.5,
        fixed(value, 1 if value < 100 else 0),
        ha="center",
        fontsize=NORMAL,
        color="#ffffff" if dark else "#000000",
    )
