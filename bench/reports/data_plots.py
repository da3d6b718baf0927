"""The figures of a data leaderboard: gain, cost against gain, accuracy against shots, and the comparisons."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from bench.core.data_board import DataBoard, DataRow
from bench.core.leaderboard import Mean
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, text, tick_labels
from bench.reports.data_comparison_plot import comparison_figure, interval_line, readable_limits
from bench.reports.data_csv import render_comparison as comparison_csv
from bench.reports.data_strips import on_any_ground
from bench.reports.data_words import TIED, shots_in_words
from bench.reports.label_places import Places
from bench.reports.plain_text import shorten
from bench.reports.plots import KINDS, save
from bench.reports.series import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE, SKY, VERMILLION

LOOKS = {"real": (MUTED, "o"), "augmentation": (BLUE, "s"), "synthesis": (VERMILLION, "^")}
OTHER = (PURPLE, "D")
LINES = (
    (VERMILLION, "^", "-"),
    (BLUE, "s", "--"),
    (GREEN, "o", "-."),
    (PURPLE, "D", ":"),
    (ORANGE, "v", "-"),
    (SKY, "P", "--"),
)
ROW, NAME = 16.0, 24


def figures(board: DataBoard) -> dict[str, Figure]:
    """Every figure of all methods that the board has data for, by file stem."""
    found = {}
    if any(row.gain for row in board.rows):
        found["gain"] = gain_intervals(board)
        if any(row.gain and _seconds(board, row) for row in board.rows):
            found["cost"] = cost_scatter(board)
    if len(board.compared_shots) > 1:
        found["shots"] = shot_curves(board)
    return found


def comparison_figures(board: DataBoard) -> dict[str, Figure]:
    """The figure of every comparison that has data, by file stem."""
    return {f"comparison-{one.name}": comparison_figure(board, one) for one in board.comparisons if one.differences}


def render_all(board: DataBoard) -> dict[str, str | bytes]:
    """Every figure as SVG and PDF, the numbers of each comparison as CSV, and the strips, by path."""
    drawn = figures(board) | comparison_figures(board)
    plots = {f"plots/{stem}.{kind}": save(figure, kind) for stem, figure in drawn.items() for kind in KINDS}
    strips = {f"pictures/{row.method}.png": on_any_ground(row.strip) for row in board.rows if row.strip}
    tables = {f"plots/comparison-{one.name}.csv": comparison_csv(one) for one in board.comparisons if one.differences}
    return plots | tables | strips


@house_style
def gain_intervals(board: DataBoard) -> Figure:
    """Mean gain of each method with its paired interval, the largest first; the baseline is the line at zero."""
    rows = [row for row in board.rows if row.gain]
    figure, axes = new_figure("gain", height=ROW * len(rows) + 70, left=142, right=14, bottom=44, top=26)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set_xlim(*readable_limits([100 * row.gain.mean for row in rows if row.gain]))
    for place, row in enumerate(rows):
        assert row.gain is not None
        colour, marker = _look(row)
        if row.ties_first:
            axes.axhspan(place - 0.5, place + 0.5, color=GRID, alpha=0.5, linewidth=0)
        if row.gain.interval:
            interval_line(axes, row.gain, place, colour)
        axes.plot([100 * row.gain.mean], [place], color=colour, marker=marker, markersize=5, linewidth=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    names = [f"{TIED} {shorten(row.method, NAME)}" if row.ties_first else shorten(row.method, NAME) for row in rows]
    tick_labels(axes.yaxis, list(range(len(rows))), names)
    grid(axes, axis="x")
    _key(axes, rows)
    axes.set_xlabel(f"points over {board.baseline}, shifted; 95 % interval", fontsize=NORMAL, color=INK, labelpad=5)
    return figure


@house_style
def cost_scatter(board: DataBoard) -> Figure:
    """Seconds of a cell (logarithmic) against mean gain; named are those that no cheaper method beats."""
    seconds = {row.method: _seconds(board, row) for row in board.rows if row.gain}
    rows = sorted((row for row in board.rows if seconds.get(row.method)), key=lambda row: seconds[row.method])
    figure, axes = new_figure("cost", height=320, left=46, right=20, bottom=44, top=26)
    axes.axhline(0, color=MUTED, linewidth=1)
    points = np.array([(seconds[row.method], 100 * row.gain.mean) for row in rows if row.gain])
    for row, point in zip(rows, points, strict=True):
        colour, marker = _look(row)
        axes.plot(*point[:, None], color=colour, marker=marker, markersize=6, linewidth=0, markeredgecolor="none")
    _key(axes, rows)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = points[:, 0].min(), points[:, 0].max()
    ticks = [one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if low / 1.5 <= one <= 1.5 * high]
    tick_labels(axes.xaxis, ticks, [str(one) for one in ticks])
    axes.set_xlim(low / 1.5, 1.5 * high)
    axes.margins(y=0.1)
    axes.set_ylim(axes.get_ylim())
    grid(axes, axis="both")
    said = f"seconds of one core a cell, {shots_in_words(board.compared_shots[-1])}"
    axes.set_xlabel(said, fontsize=NORMAL, color=INK, labelpad=5)
    axes.set_ylabel(f"points over {board.baseline}, shifted", fontsize=NORMAL, color=INK, labelpad=3)
    places = Places(axes, points)
    # One below the baseline is no bargain, however cheap.
    for place in np.flatnonzero(points[:, 1] > np.maximum.accumulate(np.r_[0.0, points[:-1, 1]])):
        places.put(shorten(rows[place].method, NAME), *points[place], color=INK, fontsize=SMALL)
    return figure


@house_style
def shot_curves(board: DataBoard) -> Figure:
    """Shifted accuracy against shots: the best, the baseline, no augmentation with 95 % bands, the others grey."""
    figure, axes = new_figure("shots", height=320, left=46, right=118, bottom=44, top=10)
    places = {shots: place for place, shots in enumerate(board.compared_shots)}
    curves = {row.method: {places[one.shots]: one for one in row.results if one.shots in places} for row in board.rows}
    ends, shown = [], _shown(board)
    for row in board.rows:
        if row not in shown:
            means = [100 * one.shifted.mean for one in curves[row.method].values()]
            axes.plot(list(curves[row.method]), means, color=MUTED, linewidth=0.8, alpha=0.35)
    for look, row in zip(LINES, shown, strict=False):
        at, means = list(curves[row.method]), [one.shifted for one in curves[row.method].values()]
        _band(axes, at, means, look)
        ends.append((100 * means[-1].mean, at[-1], row.method, look[0]))
    _direct_labels(axes, ends)
    axes.set_xlim(-0.3, max(len(places) - 0.7, 0.3))
    tick_labels(axes.xaxis, list(places.values()), ["all" if shots is None else str(shots) for shots in places])
    grid(axes, axis="both")
    axes.set_xlabel("real images of each class", fontsize=NORMAL, color=INK, labelpad=5)
    axes.set_ylabel("shifted accuracy, %", fontsize=NORMAL, color=INK, labelpad=3)
    return figure


def _shown(board: DataBoard) -> list[DataRow]:
    """The first of the methods that have the most trials at all the shots, and always what they are compared with."""
    trials = {row.method: {one.shots: len(one.trials) for one in row.results} for row in board.rows}
    most = {shots: max(mine.get(shots, 0) for mine in trials.values()) for shots in board.compared_shots}
    compared = [
        row for row in board.rows if row.method in (board.baseline, "none") and most.keys() & trials[row.method]
    ]
    best = [row for row in board.rows if row not in compared and most.items() <= trials[row.method].items()]
    return [*best[: len(LINES) - len(compared)], *compared]


def _band(axes: Axes, at: list[int], means: list[Mean], look: tuple[str, str, str]) -> None:
    colour, marker, style = look
    axes.plot(
        at, [100 * one.mean for one in means], color=colour, marker=marker, linestyle=style, markersize=5, linewidth=1.5
    )
    banded = [(x, one.interval) for x, one in zip(at, means, strict=True) if one.interval]
    if len(banded) > 1:
        axes.fill_between(
            [x for x, _ in banded],
            [100 * max(0, low) for _, (low, _) in banded],
            [100 * min(1, high) for _, (_, high) in banded],
            color=colour,
            alpha=0.12,
            linewidth=0,
        )
    else:
        for x, (low, high) in banded:
            axes.plot([x, x], [100 * max(0, low), 100 * min(1, high)], color=colour, linewidth=1, alpha=0.6)


def _direct_labels(axes: Axes, ends: list[tuple[float, int, str, str]]) -> None:
    """A name at the end of each line, moved apart where they would meet."""
    low, high = axes.get_ylim()
    least, last = (high - low) / 22, float("-inf")
    for y, x, name, colour in sorted(ends):
        last = max(y, last + least)
        text(axes, x + 0.08, last, shorten(name, 22), color=colour)


def _key(axes: Axes, rows: list[DataRow]) -> None:
    """Which mark is which kind of method."""
    for kind in dict.fromkeys(row.kind for row in rows):
        colour, marker = LOOKS.get(kind, OTHER)
        axes.plot([], [], color=colour, marker=marker, markersize=5, linewidth=0, label=kind)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncol=4, fontsize=SMALL, frameon=False, labelcolor=MUTED,
        handletextpad=0.1, columnspacing=1.0, borderpad=0.1,
    )  # fmt: skip


def _look(row: DataRow) -> tuple[str, str]:
    return LOOKS.get(row.kind, OTHER)


def _seconds(board: DataBoard, row: DataRow) -> float:
    """At the last of the compared shots, as in the table, or 0 where nobody measured."""
    known = next((one.seconds for one in row.results if one.shots == board.compared_shots[-1]), None)
    return known.mean if known else 0.0
