"""The figures of an audit: how near generated images are to real ones, and how the classes differ."""

import numpy as np
from matplotlib.figure import Figure

from bench.core.audit import Audit, ClassAudit
from bench.reports.canvas import SMALL, WIDTH, grid, house_style, new_figure, text, tick_labels
from bench.reports.numerals import fixed
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
    """Left the consistency of each class, right its diversity as a multiple of that of real images, worst first.

    Of the worst `NAMED_CLASSES` where there are more.
    """
    shown = sorted(audit.classes, key=lambda one: (_consistency(one), one.class_id))[:NAMED_CLASSES]
    height = 14.0 * len(shown) + 60
    figure, left = new_figure("classes", height=height, left=108, right=136, bottom=24, top=34)
    right = figure.add_axes((256 / WIDTH, 24 / height, 108 / WIDTH, (height - 58) / height), facecolor="none")
    right.spines[:].set_visible(False)
    right.tick_params(length=0, labelsize=SMALL, labelcolor=MUTED, pad=4)
    ratios = [one.diversity / one.real_diversity if one.diversity and one.real_diversity else None for one in shown]
    top = max(1.25, 1.05 * max((ratio for ratio in ratios if ratio is not None), default=1))
    for row, one in enumerate(shown):
        if one.consistent is not None:
            left.plot(one.consistent, row, "o", color=VERMILLION, markersize=5, clip_on=False)
        if ratios[row] is not None:
            right.plot(ratios[row], row, "D", color=BLUE, markersize=4, clip_on=False)
    right.axvline(1, color=MUTED, linewidth=0.8)
    for axes, end, title in ((left, 1, "seen as asked"), (right, top, "diversity, real = 1")):
        axes.set(xlim=(0, end), ylim=(len(shown) - 0.5, -0.5))
        axes.hlines(range(len(shown)), 0, end, color=GRID, linewidth=0.6, zorder=0)
        text(axes, 0, -1.4, title)
    tick_labels(left.yaxis, list(range(len(shown))), [shorten(one_line(one.name), 20) for one in shown])
    tick_labels(right.yaxis, [], [])
    tick_labels(left.xaxis, [0, 0.5, 1], ["0 %", "50 %", "100 %"])
    tick_labels(right.xaxis, [1, top], ["1", fixed(top)])
    return figure


def _consistency(one: ClassAudit) -> float:
    return 1.0 if one.consistent is None else one.consistent
