"""The look that all figures share: one typeface, quiet axes, text that is never read as maths."""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.reports.plain_text import one_line
from bench.reports.series import GRID, INK, MUTED, PAPER

WIDTH = 380.0  # points: a column of a paper, and a phone
SMALL, NORMAL = 8.5, 9.5

# Matplotlib's own defaults, so that no settings file of the user changes a published figure.
DEFAULTS = {key: value for key, value in mpl.rcParamsDefault.items() if "backend" not in key and "toolbar" not in key}
house_style = mpl.rc_context(DEFAULTS)  # a decorator for what draws and what saves


def new_figure(
    label: str, *, height: float, left: float, right: float, bottom: float, top: float
) -> tuple[Figure, Axes]:
    """A figure `WIDTH` by `height` points with one axes inside margins given in points."""
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor=PAPER, label=label)
    return figure, add_axes(figure, left=left, right=right, bottom=bottom, top=top)


def add_axes(figure: Figure, *, left: float, right: float, bottom: float, top: float) -> Axes:
    """Quiet axes inside margins given in points."""
    height = figure.get_figheight() * 72
    box = (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - bottom - top) / height)
    axes = figure.add_axes(box, facecolor="none")
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=MUTED, pad=4)
    axes.set_axisbelow(True)
    return axes


def grid(axes: Axes, *, axis: str) -> None:
    """Light lines across the ticks of `axis` (`x`, `y` or `both`)."""
    axes.grid(axis=axis, color=GRID, linewidth=0.8)


def text(axes: Axes, x: float, y: float, words: str, **style):
    """Text at (x, y), as it is: a dollar sign is a dollar sign."""
    style = {"fontsize": SMALL, "color": INK, "va": "center"} | style
    return axes.text(x, y, one_line(words), parse_math=False, **style)


def tick_labels(axis, positions: list[float], labels: list[str]) -> None:
    """Fixed ticks; labels are never read as maths."""
    axis.set_ticks(positions)
    for label in axis.set_ticklabels([one_line(label) for label in labels]):
        label.set_parse_math(False)
