"""Accuracy bars by training arm, on each set and on their headline mean."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.core.leaderboard import Leaderboard, Mean
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, text, tick_labels
from bench.reports.numerals import percent
from bench.reports.plain_text import one_line, shorten
from bench.reports.series import INK, MUTED, arm_key, arm_labels, arm_looks

_BAR, _GAP = 14.0, 24.0


@house_style
def arm_bars(board: Leaderboard) -> Figure:
    """A group of bars for each set, the headline mean first; whiskers are 95 % intervals over seeds."""
    groups = _groups(board)
    each = _BAR * len(board.arms) + _GAP
    height = each * len(groups) + 44
    figure, axes = new_figure("arms", height=height, left=124, right=34, bottom=38, top=6)
    for k, (title, means) in enumerate(groups):
        text(axes, -0.46, k * each + 9, shorten(title, 58), fontsize=NORMAL, weight="bold")
        for j, mean in enumerate(means):
            _bar(axes, board, j, mean, y=k * each + _GAP - 1 + _BAR * j)
    axes.set_xlim(0, 1)
    axes.set_ylim(each * len(groups), 0)
    grid(axes, axis="x")
    tick_labels(axes.xaxis, [0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    axes.set_yticks([])
    axes.set_xlabel("accuracy, %; whiskers: 95 % interval over seeds", fontsize=NORMAL, color=INK, labelpad=5)
    return figure


def _groups(board: Leaderboard) -> list[tuple[str, list[Mean | None]]]:
    headline = [one_line(column.title) for column in board.columns if column.headline]
    groups: list[tuple[str, list[Mean | None]]] = [
        (f"mean over {len(headline)} shifted sets", [arm.shifted for arm in board.arms])
    ]
    for column in board.columns:
        kind = ", in distribution" if column.in_distribution else "" if column.headline else ", not in the mean"
        means = [arm.sets.get(column.name) for arm in board.arms]
        groups.append((f"{one_line(column.title)}{kind} (n = {column.n:,})", means))
    return groups


def _bar(axes: Axes, board: Leaderboard, index: int, mean: Mean | None, *, y: float) -> None:
    arm = board.arms[index]
    colour, _ = arm_looks(arm_labels(board))[arm_key(arm)]
    text(axes, -0.02, y, shorten(one_line(arm.label), 26), ha="right", color=MUTED)
    if mean is None:
        text(axes, 0.01, y, "not measured", color=MUTED)
        return
    axes.barh(y, mean.mean, height=_BAR - 4, color=colour, linewidth=0, alpha=0.85)
    end = mean.mean
    if mean.interval:
        low, high = max(mean.interval[0], 0), min(mean.interval[1], 1)
        axes.plot([low, high], [y, y], color=INK, linewidth=1.2, solid_capstyle="butt")
        end = max(high, end)
    text(axes, end + 0.015, y, percent(mean.mean), fontsize=SMALL)
