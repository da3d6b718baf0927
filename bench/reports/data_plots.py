"""The figures of a data leaderboard: gain, cost against gain, and accuracy against shots with bands."""

import base64

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from bench.core.data_board import DataBoard, DataRow
from bench.core.leaderboard import Mean
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, text, tick_labels
from bench.reports.plain_text import shorten
from bench.reports.plots import KINDS, save
from bench.reports.series import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY, VERMILLION

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
ROW = 16.0


def figures(board: DataBoard) -> dict[str, Figure]:
    """Every figure that the board has data for, by file stem."""
    found = {}
    if any(row.gain for row in board.rows):
        found["gain"] = gain_intervals(board)
        if any(_seconds(row) for row in board.rows):
            found["cost"] = cost_scatter(board)
    found["shots"] = shot_curves(board)
    return found


def render_all(board: DataBoard) -> dict[str, bytes]:
    """Every figure as SVG and PDF, and the strips, by path."""
    plots = {f"plots/{stem}.{kind}": save(figure, kind) for stem, figure in figures(board).items() for kind in KINDS}
    strips = {f"pictures/{row.method}.png": base64.b64decode(row.strip) for row in board.rows if row.strip}
    return plots | strips


@house_style
def gain_intervals(board: DataBoard) -> Figure:
    """Mean gain of each method with its paired interval, the largest first; the baseline is the line at zero."""
    rows = [row for row in board.rows if row.gain]
    figure, axes = new_figure("gain", height=ROW * len(rows) + 52, left=132, right=14, bottom=44, top=8)
    axes.axvline(0, color=MUTED, linewidth=1)
    for place, row in enumerate(rows):
        assert row.gain is not None
        colour, marker = _look(row)
        low, high = row.gain.interval or (row.gain.mean, row.gain.mean)
        axes.plot([100 * low, 100 * high], [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
        axes.plot([100 * row.gain.mean], [place], color=colour, marker=marker, markersize=5, linewidth=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    # One trial's or two trials' intervals may be wider than anything that could be read: the axis follows the means.
    means = [100 * row.gain.mean for row in rows if row.gain]
    spread = max(max([*means, 0]) - min([*means, 0]), 1.0)
    axes.set_xlim(min([*means, 0]) - 0.6 * spread, max([*means, 0]) + 0.6 * spread)
    tick_labels(axes.yaxis, list(range(len(rows))), [shorten(row.method, 24) for row in rows])
    grid(axes, axis="x")
    _key(axes, rows)
    words = f"points over {board.baseline}, shifted; 95 % interval over trials"
    axes.set_xlabel(words, fontsize=NORMAL, color=INK, labelpad=5)
    return figure


@house_style
def cost_scatter(board: DataBoard) -> Figure:
    """Seconds of a cell (logarithmic) against mean gain; named are those that no cheaper method beats."""
    rows = sorted((row for row in board.rows if row.gain and _seconds(row)), key=_seconds)
    figure, axes = new_figure("cost", height=300, left=46, right=104, bottom=44, top=10)
    axes.axhline(0, color=MUTED, linewidth=1)
    highest = float("-inf")
    for row in rows:
        assert row.gain is not None
        colour, marker = _look(row)
        x, y = _seconds(row), 100 * row.gain.mean
        axes.plot([x], [y], color=colour, marker=marker, markersize=6, linewidth=0, markeredgecolor="none")
        if y > highest:
            highest = y
            axes.annotate(
                shorten(row.method, 22),
                (x, y),
                xytext=(6, 0),
                textcoords="offset points",
                fontsize=SMALL,
                color=INK,
                va="center",
                parse_math=False,
                annotation_clip=False,
            )
    _key(axes, rows)
    seconds = [_seconds(row) for row in rows]
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    ticks = [
        one
        for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
        if min(seconds) / 2.5 <= one <= 2.5 * max(seconds)
    ]
    tick_labels(axes.xaxis, ticks, [str(one) for one in ticks])
    axes.set_xlim(min(seconds) / 1.3, 1.3 * max(seconds))
    grid(axes, axis="both")
    axes.set_xlabel("seconds of one core a cell", fontsize=NORMAL, color=INK, labelpad=5)
    axes.set_ylabel(f"points over {board.baseline}, shifted", fontsize=NORMAL, color=INK, labelpad=3)
    return figure


@house_style
def shot_curves(board: DataBoard) -> Figure:
    """Shifted accuracy against shots with 95 % bands: the best methods, the baseline, and no augmentation."""
    figure, axes = new_figure("shots", height=320, left=46, right=118, bottom=44, top=10)
    places = {one.shots: place for place, one in enumerate(board.protocols)}
    ends = []
    for look, row in zip(LINES, _curves(board), strict=False):
        at = [places[one.shots] for one in row.results]
        means = [one.shifted for one in row.results]
        _band(axes, at, means, look)
        ends.append((100 * means[-1].mean, at[-1], row.method, look[0]))
    _direct_labels(axes, ends)
    axes.set_xlim(-0.3, max(len(places) - 0.7, 0.3))
    tick_labels(axes.xaxis, list(places.values()), ["all" if shots is None else str(shots) for shots in places])
    grid(axes, axis="both")
    axes.set_xlabel("real images of each class", fontsize=NORMAL, color=INK, labelpad=5)
    axes.set_ylabel("shifted accuracy, %", fontsize=NORMAL, color=INK, labelpad=3)
    return figure


def _curves(board: DataBoard) -> list[DataRow]:
    """The first methods, and always what they are compared with."""
    compared = [row for row in board.rows if row.method in (board.baseline, "none")]
    best = [row for row in board.rows if row not in compared][: len(LINES) - len(compared)]
    return [*best, *compared]


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
    axes.legend(loc="lower right", fontsize=SMALL, frameon=False, labelcolor=MUTED, handletextpad=0.2)


def _look(row: DataRow) -> tuple[str, str]:
    return LOOKS.get(row.kind, OTHER)


def _seconds(row: DataRow) -> float:
    """Of the largest number of shots, or 0 where nobody measured."""
    known = row.results[-1].seconds
    return known.mean if known else 0.0
