"""Mean shifted accuracy against the number of parameters."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.core.leaderboard import Leaderboard
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, tick_labels
from bench.reports.label_places import Places
from bench.reports.plain_text import one_line, shorten
from bench.reports.robustness_plot import MANY, draw_points
from bench.reports.series import INK, Series, series_of

_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))


def sized_rows(board: Leaderboard, series: Series) -> list[int]:
    """The rows of a series whose number of parameters is known, in the order in which they are drawn."""
    return [index for index in series.rows if board.rows[index].parameters]


@house_style
def size_scatter(board: Leaderboard) -> Figure:
    """Every model of known size: parameters (log axis) and mean shifted accuracy with its interval.

    The points of series k have the gid `points-k`.
    """
    figure, axes = new_figure("size", height=350, left=46, right=14, bottom=42, top=12)
    groups = [(series, *_coordinates(board, series)) for series in series_of(board)]
    count = sum(len(x) for _, x, *_ in groups)
    _limits(axes, groups)
    for k, (series, x, y, y_err) in enumerate(groups):
        if count <= MANY:
            axes.errorbar(x, y, yerr=y_err, fmt="none", ecolor=series.colour, elinewidth=0.7, alpha=0.45)
        draw_points(axes, series, x, y, count).set_gid(f"points-{k}")
    _labels(axes, groups)
    _frame(axes)
    return figure


def _coordinates(board: Leaderboard, series: Series):
    rows = [board.rows[index] for index in sized_rows(board, series)]
    x = np.log10([row.parameters for row in rows])
    y = np.array([row.shifted for row in rows])
    ends = np.array([row.shifted_interval for row in rows]).reshape(-1, 2).T
    return x, y, np.maximum(np.vstack([y - ends[0], ends[1] - y]), 0)


def _limits(axes: Axes, groups) -> None:
    x, y = (np.concatenate([group[k] for group in groups] or [[]]) for k in (1, 2))
    for values, setter, least in ((x, axes.set_xlim, 0.3), (y, axes.set_ylim, 0.03)):
        low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
        room = max(0.06 * (high - low), least)
        setter(low - room, high + room)


def _labels(axes: Axes, groups) -> None:
    places = Places(axes, np.column_stack([np.concatenate([group[k] for group in groups] or [[]]) for k in (1, 2)]))
    for series, x, y, _ in groups:
        if len(x):
            words = shorten(f"{one_line(series.label)} ({len(x):,})", 34)
            places.put(words, float(np.median(x)), float(np.median(y)), color=INK, fontsize=SMALL)


def _frame(axes: Axes) -> None:
    grid(axes, axis="both")
    low, high = axes.get_xlim()
    steps = (1, 3) if high - low < 3 else (1,)
    ticks = [step * 10.0**k for k in range(int(low) - 1, int(high) + 2) for step in steps]
    ticks = [tick for tick in ticks if low <= np.log10(tick) <= high]
    tick_labels(axes.xaxis, list(np.log10(ticks)), [_short(tick) for tick in ticks])
    low, high = axes.get_ylim()
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if s * 7 >= high - low or s == 0.5)
    heights = [round(step * k, 2) for k in range(round(1 / step) + 1) if low <= step * k <= high]
    tick_labels(axes.yaxis, heights, [f"{100 * tick:g}" for tick in heights])
    style = {"fontsize": NORMAL, "color": INK, "parse_math": False}
    axes.set_xlabel("parameters, log scale", labelpad=5, **style)
    axes.set_ylabel("mean shifted accuracy, %", labelpad=3, **style)


def _short(number: float) -> str:
    """3e6 as "3 M"."""
    size, letter = next(unit for unit in _UNITS if number >= unit[0] or unit[0] == 1)
    return f"{number / size:g} {letter}".strip()
