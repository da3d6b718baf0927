"""The figures of a quality report: sources against sets, classes, precision against recall, the paper's link."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.core.quality import VersionQuality
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, text, tick_labels
from bench.reports.label_places import Places
from bench.reports.numerals import fixed
from bench.reports.plain_text import one_line, shorten
from bench.reports.plots import save
from bench.reports.quality_words import shown
from bench.reports.series import BLUE, GREEN, INK, MUTED, VERMILLION

_CELL, _BAR, _HISTOGRAM = 30.0, 15.0, 64.0
_NEAR, _FAR = np.array([232, 241, 248]) / 255, np.array([8, 64, 110]) / 255
_ARMS = {"synthetic": (VERMILLION, "^"), "mixed": (GREEN, "s")}
KINDS = ("svg", "pdf")


def figures(report: VersionQuality) -> dict[str, Figure]:
    """Every figure that the report has data for, by file stem."""
    found = {}
    if report.sources:
        found["sources"] = source_heatmap(report)
    if any(card.classes.get("frechet") for card in report.cards.values()):
        found["classes"] = class_histograms(report)
    if sum("precision" in card.numbers for card in report.cards.values()) > 1:
        found["precision-recall"] = precision_against_recall(report)
    if report.consistency and report.consistency.templates:
        found["templates"] = template_bars(report)
    if report.link:
        found["link"] = gain_against_gap(report)
    return found


def render_all(report: VersionQuality) -> dict[str, bytes]:
    """Every figure as SVG and PDF, by path."""
    return {f"plots/{stem}.{kind}": save(figure, kind) for stem, figure in figures(report).items() for kind in KINDS}


@house_style
def source_heatmap(report: VersionQuality) -> Figure:
    """A row for each source of training images, a column for each set; the darker, the farther."""
    rows, sets = list(report.sources), list(next(iter(report.sources.values())))
    figure, axes = new_figure("sources", height=_CELL * len(rows) + 54, left=112, right=6, bottom=34, top=20)
    top = max(value for row in report.sources.values() for value in row.values()) or 1.0
    for j, source in enumerate(rows):
        text(axes, -0.06, j + 0.5, shorten(shown(source), 21), ha="right")
        for i, name in enumerate(sets):
            _cell(axes, i, j, report.sources[source][name], top)
    for i, name in enumerate(sets):
        text(axes, i + 0.5, -0.25, shorten(shown(name), 14 if len(sets) < 7 else 8), ha="center")
    axes.set(xlim=(0, len(sets)), ylim=(len(rows), 0), xticks=[], yticks=[])
    text(axes, 0, len(rows) + 0.3, "mean over classes; lower is closer", color=MUTED)
    if report.floor is not None:
        said = f"two halves of the real training images: {fixed(report.floor, 2)}"
        text(axes, 0, len(rows) + 0.72, said, color=MUTED)
    return figure


@house_style
def class_histograms(report: VersionQuality) -> Figure:
    """For each set, how many classes lie at which distance; the line is their mean."""
    cards = {name: card for name, card in report.cards.items() if card.classes.get("frechet")}
    figure, axes = new_figure("classes", height=_HISTOGRAM * len(cards) + 36, left=92, right=12, bottom=30, top=6)
    values = {name: np.array(list(card.classes["frechet"].values())) for name, card in cards.items()}
    top = max(float(one.max()) for one in values.values()) or 1.0
    edges = np.linspace(0, top, 25)
    for j, (name, each) in enumerate(values.items()):
        counts, _ = np.histogram(each, edges)
        base, scale = j + 0.92, 0.72 / max(counts.max(), 1)
        axes.bar(edges[:-1], -counts * scale, np.diff(edges) * 0.9, bottom=base, align="edge", color=BLUE, linewidth=0)
        axes.plot([each.mean()] * 2, [base, base - 0.8], color=INK, linewidth=1.2)
        text(axes, -0.02 * top, base - 0.3, shorten(shown(name), 16), ha="right", fontsize=NORMAL)
        text(axes, -0.02 * top, base - 0.06, f"mean {fixed(float(each.mean()), 1)}", ha="right", color=MUTED)
    axes.set(xlim=(0, top * 1.02), ylim=(len(cards), 0), yticks=[])
    grid(axes, axis="x")
    axes.set_xlabel("Fréchet distance of a class; height: number of classes", fontsize=NORMAL, color=INK, labelpad=5)
    return figure


@house_style
def precision_against_recall(report: VersionQuality) -> Figure:
    """One point a set: does the set's kind of image look like these, do these cover it?"""
    figure, axes = new_figure("precision-recall", height=300, left=44, right=20, bottom=40, top=10)
    sets = [(name, card.numbers) for name, card in report.cards.items() if "precision" in card.numbers]
    points = np.array([[numbers["recall"].value, numbers["precision"].value] for _, numbers in sets])
    axes.plot(*points.T, marker="o", color=BLUE, linestyle="none", markersize=6)
    _unit(axes)
    places = Places(axes, points)
    for (name, _), point in zip(sets, points, strict=True):
        places.put(shorten(shown(name), 24), *point, color=INK, fontsize=SMALL)
    axes.set_xlabel("recall, %: share of the set that the images reach", fontsize=NORMAL, color=INK, labelpad=5)
    axes.set_ylabel("precision, %: share of the images inside the set", fontsize=NORMAL, color=INK, labelpad=5)
    return figure


@house_style
def template_bars(report: VersionQuality, *, most: int = 12) -> Figure:
    """The templates that the judge agrees with least; whiskers are 95 % intervals."""
    worst = sorted(report.consistency.templates.items(), key=lambda item: (item[1].share, item[0]))[:most]
    figure, axes = new_figure("templates", height=_BAR * len(worst) + 42, left=172, right=34, bottom=34, top=6)
    for j, (template, share) in enumerate(worst):
        y = j + 0.5
        text(axes, -0.02, y, shorten(one_line(template), 34), ha="right", color=MUTED)
        axes.barh(y, share.share, height=0.66, color=BLUE, linewidth=0, alpha=0.85)
        axes.plot(share.interval, [y, y], color=INK, linewidth=1.2, solid_capstyle="butt")
        text(axes, share.interval[1] + 0.015, y, fixed(100 * share.share, 0))
    axes.set(xlim=(0, 1), ylim=(len(worst), 0), yticks=[])
    tick_labels(axes.xaxis, [0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    grid(axes, axis="x")
    axes.set_xlabel("images that show the class asked for, %", fontsize=NORMAL, color=INK, labelpad=5)
    return figure


@house_style
def gain_against_gap(report: VersionQuality) -> Figure:
    """Gain in accuracy over the real arm against how much closer the arm's data lie to the set."""
    link = report.link
    figure, axes = new_figure("link", height=320, left=48, right=16, bottom=42, top=26)
    gaps, gains = [one.gap for one in link.points], [100 * one.gain for one in link.points]
    for one in link.points:
        colour, marker = _ARMS.get(one.arm, (BLUE, "o"))
        axes.plot([one.gap], [100 * one.gain], marker=marker, color=colour, linestyle="none", markersize=6)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    span = max(max(gaps) - min(gaps), 1e-9)
    axes.set_xlim(min([*gaps, 0]) - 0.05 * span, max([*gaps, 0]) + 0.32 * span)
    axes.set_ylim(min([*gains, 0]) - 5, max([*gains, 0]) + 5)
    places = Places(axes, np.array([gaps, gains]).T)
    for one, gap, gain in zip(link.points, gaps, gains, strict=True):
        places.put(shorten(one_line(f"{one.arm}, {one.set}"), 24), gap, gain, color=MUTED, fontsize=SMALL)
    grid(axes, axis="both")
    said = "no variation" if link.r is None else f"r = {fixed(link.r, 2)}"
    if link.interval is not None:
        low, high = (fixed(bound, 2) for bound in link.interval)
        said += f" (95 %: {low} to {high}), {len(gains)} points taken as independent"
    axes.set_title(said, fontsize=NORMAL, color=INK, loc="left")
    axes.set_xlabel("distance of the real data less that of the arm's; right is closer", fontsize=NORMAL, color=INK)
    axes.set_ylabel("gain in accuracy over the real arm, points", fontsize=NORMAL, color=INK)
    return figure


def _unit(axes: Axes) -> None:
    ticks, labels = [0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"]
    axes.set(xlim=(-0.02, 1.04), ylim=(-0.02, 1.04))
    tick_labels(axes.xaxis, ticks, labels)
    tick_labels(axes.yaxis, ticks, labels)
    grid(axes, axis="both")


def _cell(axes: Axes, i: int, j: int, value: float, top: float) -> None:
    share = float(np.sqrt(max(value, 0) / top))
    colour = tuple(_NEAR + share * (_FAR - _NEAR))
    axes.add_patch(Rectangle((i + 0.03, j + 0.05), 0.94, 0.9, facecolor=colour, edgecolor="none"))
    ink = "#ffffff" if share > 0.5 else "#000000"
    text(axes, i + 0.5, j + 0.5, fixed(value, 1 if value < 100 else 0), ha="center", fontsize=NORMAL, color=ink)
