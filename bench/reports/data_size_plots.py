"""The figures of a data-size study: a heat map of real by generated data, and curves over each."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.core.data_size import DataSizes, SizeCell
from bench.core.leaderboard import Mean
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, text, tick_labels
from bench.reports.numerals import percent, points
from bench.reports.plots import save
from bench.reports.series import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, PURPLE, SKY, VERMILLION

FIGURES = {
    "heat-map": "Mean shifted accuracy by real and generated data",
    "robustness-map": "Mean effective robustness by real and generated data",
    "curves": "Mean shifted accuracy against generated data, a line for each share of real data",
    "in-distribution": "Accuracy in distribution against generated data, a line for each share of real data",
}
_COLOURS = (VERMILLION, ORANGE, GREEN, BLUE, PURPLE, SKY)
_MARKERS = "ov^sDP"
_LOW, _HIGH = np.array([236, 243, 249]) / 255, np.array([8, 64, 110]) / 255
_CELL = 38.0


def render_all(found: DataSizes) -> dict[str, bytes]:
    """Each figure as SVG and PNG, by path; the map of robustness only where there is a line."""
    figures = {
        "heat-map": heat_map(found, "heat-map", lambda cell: cell.shifted, percent),
        "curves": curves(found, "curves", found.headline, "mean shifted accuracy, %"),
        "in-distribution": curves(found, "in-distribution", (found.in_distribution,), "accuracy in distribution, %"),
    }
    if all(cell.robustness for cell in found.cells):
        figures["robustness-map"] = heat_map(found, "robustness-map", lambda cell: cell.robustness, points)
    return {f"plots/{stem}.{kind}": save(figure, kind) for stem, figure in figures.items() for kind in ("svg", "png")}


@house_style
def heat_map(found: DataSizes, stem: str, of: Callable[[SizeCell], Mean | None], words: Callable) -> Figure:
    """A row for each share of the real images, most at the top, a column for each ratio; the darker, the higher."""
    shares, ratios = found.shares[::-1], found.ratios
    figure, axes = new_figure(stem, height=_CELL * len(shares) + 70, left=92, right=8, bottom=40, top=30)
    values = {(s, r): one.mean for s in shares for r in ratios if (one := of(found.cell(s, r))) is not None}
    low, high = min(values.values()), max(values.values())
    for j, share in enumerate(shares):
        text(axes, -0.08, j + 0.5, f"{share:.0%} ({found.cell(share, ratios[0]).real:,})", ha="right", fontsize=NORMAL)
        for i, ratio in enumerate(ratios):
            depth = (values[share, ratio] - low) / max(high - low, 1e-9)
            axes.add_patch(
                Rectangle((i, j), 1, 1, facecolor=_LOW + depth * (_HIGH - _LOW), edgecolor=PAPER, linewidth=2)
            )
            colour = PAPER if depth > 0.55 else INK
            text(axes, i + 0.5, j + 0.5, words(values[share, ratio]), ha="center", color=colour, fontsize=NORMAL)
    for i, ratio in enumerate(ratios):
        text(axes, i + 0.5, len(shares) + 0.25, f"{ratio:g} ×", ha="center", fontsize=NORMAL)
    axes.set(xlim=(0, len(ratios)), ylim=(len(shares), 0), xticks=[], yticks=[])
    text(axes, 0, -0.3, FIGURES[stem] + (", points" if words is points else ", %"), color=MUTED)
    text(axes, 0, len(shares) + 0.75, "generated images for each real one", color=MUTED)
    text(axes, -0.08, -0.3, "real images", ha="right", color=MUTED)
    return figure


@house_style
def curves(found: DataSizes, stem: str, sets: Sequence[str], title: str) -> Figure:
    """A line for each share, over seeds and `sets`; its seeds are small points, its name stands at the end."""
    figure, axes = new_figure(stem, height=270, left=46, right=64, bottom=42, top=12)
    places = np.arange(len(found.ratios))
    ends = []
    for k, share in enumerate(found.shares):
        seeds = np.array([_by_seed(found.cell(share, ratio), sets) for ratio in found.ratios])
        means = seeds.mean(axis=1)
        colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)]
        axes.plot(places, means, color=colour, linewidth=1.4, marker=marker, markersize=5, markeredgecolor=PAPER)
        axes.plot(places, seeds, linestyle="none", marker=".", markersize=3, color=colour, alpha=0.6)
        ends.append((means[-1], f"{share:.0%} real", colour))
    _name_ends(axes, ends, places[-1] + 0.12)
    grid(axes, axis="y")
    tick_labels(axes.xaxis, list(places), [f"{ratio:g}" for ratio in found.ratios])
    low, high = axes.get_ylim()
    step = next(s for s in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if s * 8 >= high - low or s == 0.2)
    ticks = [round(step * k, 3) for k in range(int(low / step), int(high / step) + 2) if low <= step * k <= high]
    tick_labels(axes.yaxis, ticks, [f"{100 * tick:g}" for tick in ticks])
    style = {"fontsize": NORMAL, "color": INK, "parse_math": False}
    axes.set_xlabel("generated images for each real one", labelpad=5, **style)
    axes.set_ylabel(title, labelpad=3, **style)
    return figure


def _by_seed(cell: SizeCell, sets: Sequence[str]) -> list[float]:
    return [float(np.mean([run.accuracy[name] for name in sets])) for run in cell.runs]


def _name_ends(axes: Axes, ends: list[tuple[float, str, str]], x: float) -> None:
    """Names at the ends of the lines, pushed apart where they would touch."""
    low, high = axes.get_ylim()
    room, at = 0.055 * (high - low), -np.inf
    for value, words, colour in sorted(ends):
        at = max(value, at + room)
        text(axes, x, at, words, color=colour, fontsize=SMALL)
