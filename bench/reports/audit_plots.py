"""The figures of an audit: how near generated images are to real ones, and how the classes differ."""

import numpy as np
from matplotlib.figure import Figure

from bench.core.audit import Audit, ClassAudit
from bench.reports.canvas import grid, house_style, new_figure, text, tick_labels
from bench.reports.plain_text import one_line, shorten
from bench.reports.series import BLUE, GRID, INK, MUTED, VERMILLION

_LOOKS = {"generated": (VERMILLION, "-"), "real": (BLUE, "-"), "held out": (MUTED, "--")}
_TITLES = {"generated": "generated", "real": "real to other real", "held out": "held-out real"}
NAMED_CLASSES = 30


@house_style
def distance_curves(distances: dict[str, np.ndarray], threshold: float) -> Figure:
    """For each kind of image the share with a real neighbour nearer than x; the threshold as a line."""
    figure, axes = new_figure("nearest-real", height=230, left=44, right=12, bottom=40, top=24)
    top = 0.0
    for kind, values in distances.items():
        ordered = np.sort(values)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        colour, line = _LOOKS[kind]
        axes.step(ordered, shares, where="post", color=colour, linestyle=line, linewidth=1.6, label=_TITLES[kind])
        top = max(top, float(ordered[-1]))
    axes.axvline(threshold, color=INK, linewidth=0.8, linestyle=":")
    text(axes, threshold, 1.06, "threshold", ha="center", color=MUTED)
    axes.set(xlim=(0, top * 1.02 or 1), ylim=(0, 1))
    axes.set_xlabel("distance to the nearest real image (unit features)", fontsize=8.5, color=MUTED)
    tick_labels(axes.yaxis, [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    grid(axes, axis="both")
    axes.legend(loc="upper left", frameon=False, fontsize=8.5, labelcolor=INK)
    return figure


@house_style
def class_rows(audit: Audit) -> Figure:
    """Consistency and diversity of each class, worst first; of the worst ones where there are many."""
    shown = sorted(audit.classes, key=lambda one: (_consistency(one), one.class_id))[:NAMED_CLASSES]
    figure, axes = new_figure("classes", height=14.0 * len(shown) + 66, left=118, right=14, bottom=24, top=36)
    for row, one in enumerate(shown):
        axes.axhline(row, color=GRID, linewidth=0.6, zorder=0)
        if one.consistent is not None:
            axes.plot(one.consistent, row, "o", color=VERMILLION, markersize=5, clip_on=False)
        if one.diversity is not None and one.real_diversity:
            axes.plot(min(one.diversity / one.real_diversity, 1.25), row, "D", color=BLUE, markersize=4, clip_on=False)
    axes.axvline(1, color=MUTED, linewidth=0.8)
    axes.set(xlim=(0, 1.25), ylim=(len(shown) - 0.5, -0.5))
    tick_labels(axes.yaxis, list(range(len(shown))), [shorten(one_line(one.name), 22) for one in shown])
    tick_labels(axes.xaxis, [0, 0.25, 0.5, 0.75, 1, 1.25], ["0 %", "25 %", "50 %", "75 %", "100 %", "≥ 125 %"])
    grid(axes, axis="x")
    head = -0.5 - 14 / 14
    text(axes, 0, head, "● seen as the class asked for", color=VERMILLION)
    text(axes, 0.72, head, "◆ diversity, real class = 100 %", color=BLUE)
    return figure


def _consistency(one: ClassAudit) -> float:
    return 1.0 if one.consistent is None else one.consistent
