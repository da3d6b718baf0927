"""The figure of one comparison: accuracy of each row above, paired differences below, a mark a number of shots."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.core.data_board import Comparison, DataBoard
from bench.core.leaderboard import Mean
from bench.reports.canvas import NORMAL, SMALL, add_axes, grid, house_style, new_figure
from bench.reports.data_words import shots_in_words
from bench.reports.plain_text import shorten
from bench.reports.series import BLUE, GREEN, INK, MUTED, PURPLE, VERMILLION

LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"), (PURPLE, "D"))
LEFT, RIGHT, KEY, AXIS = 138.0, 14.0, 26.0, 44.0
MARK, LINE = 9.0, 26.0  # points: between the marks of a row, and the least height of a row of two lines
NAME = 24  # characters


@house_style
def comparison_figure(board: DataBoard, one: Comparison) -> Figure:
    """Shifted accuracy (filled) and in distribution (hollow) of each row; below, first less second under shift."""
    pairs = list(dict.fromkeys((pair.first, pair.second) for pair in one.differences))
    step = max(MARK * (len(one.shots) + 1), 18.0)
    upper, lower = step * len(one.rows), max(step, LINE) * len(pairs)
    height = KEY + upper + AXIS + 8 + lower + AXIS
    figure, above = new_figure(
        f"comparison-{one.name}", height=height, left=LEFT, right=RIGHT, bottom=height - KEY - upper, top=KEY
    )
    below = add_axes(figure, left=LEFT, right=RIGHT, bottom=AXIS, top=height - AXIS - lower)
    _accuracies(board, one, above, step)
    _differences(one, pairs, below, max(step, LINE))
    _key(above, one)
    return figure


def _accuracies(board: DataBoard, one: Comparison, axes: Axes, step: float) -> None:
    inside = next(column.name for column in board.columns if column.in_distribution)
    rows = {row.method: {result.shots: result for result in row.results} for row in board.rows}
    for place, name in enumerate(one.rows):
        for order, shots in enumerate(one.shots):
            if shots in rows[name]:
                at, look = place + _dodge(order, one, step), LOOKS[order % len(LOOKS)]
                within = 100 * rows[name][shots].sets[inside].mean
                axes.plot(
                    [within], [at], marker=look[1], color=look[0], markersize=4.5, markerfacecolor="none", clip_on=False
                )
                _mark(axes, rows[name][shots].shifted, at, look)
    axes.set_xlim(0, 100)
    _rows(axes, [shorten(name, NAME) for name in one.rows])
    axes.set_xlabel("accuracy, %; 95 % interval over trials", fontsize=NORMAL, color=INK, labelpad=5)


def _differences(one: Comparison, pairs: list[tuple[str, str]], axes: Axes, step: float) -> None:
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set_xlim(*readable_limits([100 * pair.shifted.mean for pair in one.differences]))
    for pair in one.differences:
        order = one.shots.index(pair.shots)
        at = pairs.index((pair.first, pair.second)) + _dodge(order, one, step)
        _mark(axes, pair.shifted, at, LOOKS[order % len(LOOKS)])
    _rows(axes, [f"{shorten(first, NAME)}\n\N{MINUS SIGN} {shorten(second, NAME)}" for first, second in pairs])
    axes.set_xlabel("points, shifted; paired 95 % interval", fontsize=NORMAL, color=INK, labelpad=5)


def _mark(axes: Axes, mean: Mean, at: float, look: tuple[str, str]) -> None:
    colour, marker = look
    if mean.interval:
        interval_line(axes, mean, at, colour)
    axes.plot([100 * mean.mean], [at], color=colour, marker=marker, markersize=4.5, linewidth=0)


def interval_line(axes: Axes, mean: Mean, at: float, colour: str) -> None:
    """The interval in percent at height `at`; an arrow where the frame of the axes cuts it off."""
    assert mean.interval is not None
    low, high = (100 * end for end in mean.interval)
    axes.plot([low, high], [at, at], color=colour, linewidth=1.5, solid_capstyle="butt")
    left, right = axes.get_xlim()
    for end, edge, arrow in ((left - low, left, "<"), (high - right, right, ">")):
        if end > 0:
            axes.plot([edge], [at], color=colour, marker=arrow, markersize=4, linewidth=0, clip_on=False)


def readable_limits(means: list[float]) -> tuple[float, float]:
    """From the means, and zero: the intervals of two or three trials may be wider than anything that can be read."""
    low, high = min([*means, 0.0]), max([*means, 0.0])
    spread = max(high - low, 1.0)
    return low - 0.6 * spread, high + 0.6 * spread


def _dodge(order: int, one: Comparison, step: float) -> float:
    return (order - (len(one.shots) - 1) / 2) * MARK / step


def _rows(axes: Axes, labels: list[str]) -> None:
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)))
    for label in axes.set_yticklabels(labels, linespacing=1.15):
        label.set_parse_math(False)
    for edge in range(1, len(labels)):
        axes.axhline(edge - 0.5, color=MUTED, linewidth=0.4, alpha=0.35)
    grid(axes, axis="x")


def _key(axes: Axes, one: Comparison) -> None:
    looks = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=0, label=shots_in_words(shots))
        for shots, (colour, marker) in zip(one.shots, LOOKS, strict=False)
    ]
    colour, marker = LOOKS[0] if len(one.shots) == 1 else (MUTED, "o")
    looks.append(
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markersize=4.5,
            linewidth=0,
            markerfacecolor="none",
            label="in distribution",
        )
    )
    axes.legend(
        handles=looks, loc="lower right", bbox_to_anchor=(1, 1), ncol=len(looks), fontsize=SMALL, frameon=False,
        labelcolor=MUTED, handletextpad=0.1, columnspacing=0.9, borderpad=0.1,
    )  # fmt: skip
