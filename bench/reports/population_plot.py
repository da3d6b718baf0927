"""The robustness scatter of a declared population, as the papers draw it: any models, any transform."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.core.population import Population
from bench.core.robustness import DeclaredRobustness
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, tick_labels
from bench.reports.label_places import Places
from bench.reports.plain_text import one_line, shorten
from bench.reports.robustness_plot import forward, ticks
from bench.reports.series import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, PURPLE, SKY, VERMILLION

_LOOKS = ((BLUE, "v"), (GREEN, "s"), (PURPLE, "D"), (SKY, "^"), (VERMILLION, "P"))
_REST = (MUTED, "x")
_NAMED = 12  # judged models up to which each one bears its name
_FEW = 60  # points up to which intervals are drawn


class Curve(NamedTuple):
    """A fitted line with its band, at accuracies `x`; all arrays [points], fractions."""

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Group(NamedTuple):
    """Models that are drawn alike: accuracies [models], and how many images stand behind them, where known."""

    label: str
    colour: str
    marker: str
    x: np.ndarray
    y: np.ndarray


@house_style
def population_scatter(
    everybody: Population,
    fitted: Population,
    judged: Sequence[DeclaredRobustness],
    curves: Sequence[Curve],
    *,
    axes: tuple[str, str],
    transform: str,
) -> Figure:
    """Models that are fitted, others by type, and those that are judged with their intervals; lines, bands, y = x.

    `axes`: the columns on x and y. Types differ by colour and by shape.
    """
    figure, plot = new_figure(f"population-{axes[1]}-{transform}", height=390, left=46, right=14, bottom=42, top=12)
    groups = _groups(everybody, fitted, axes)
    stars = Group("judged", ORANGE, "*", *(np.array([getattr(one, k) for one in judged]) for k in "xy"))
    _limits(plot, [*groups, stars], [groups[0], stars], transform)
    ends = np.array([min(plot.get_xlim()[0], plot.get_ylim()[0]), max(plot.get_xlim()[1], plot.get_ylim()[1])])
    plot.plot(ends, ends, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2.5)), scalex=False, scaley=False)
    for curve in curves:
        x, y, low, high = (forward(values, transform) for values in curve)
        plot.fill_between(x, low, high, color=MUTED, alpha=0.18, linewidth=0)
        plot.plot(x, y, color=INK, linewidth=1.3)
    for group in groups:
        _points(plot, group, transform, hollow=group is groups[0])
    _errors(plot, judged, transform)
    _points(plot, stars, transform, hollow=False)
    _words(plot, groups, judged, curves, transform)
    _frame(plot, axes, transform)
    return figure


def _groups(everybody: Population, fitted: Population, axes: tuple[str, str]) -> list[Group]:
    """The fitted models first; then the others by type, or as one group where no types are known."""
    names, x, y = fitted.pairs(*axes)
    groups = [Group(f"fitted: {fitted.filter.split(';')[0]}", MUTED, "o", x, y)]
    inside = set(names)
    names, x, y = everybody.pairs(*axes)
    outside = np.array([name not in inside for name in names], dtype=bool)
    kinds = np.array([everybody.types.get(name, "other") for name in names])
    sizes = {kind: int((kinds[outside] == kind).sum()) for kind in sorted(set(kinds[outside]))}
    shown = sorted((kind for kind in sizes if kind != "other"), key=lambda kind: -sizes[kind])[: len(_LOOKS)]
    kinds[~np.isin(kinds, shown)] = "other"
    for kind, (colour, marker) in zip([*shown, "other"], [*_LOOKS[: len(shown)], _REST], strict=True):
        rows = outside & (kinds == kind)
        groups += [Group(f"{kind}, not fitted", colour, marker, x[rows], y[rows])] if rows.any() else []
    return groups


def _limits(plot: Axes, groups: Sequence[Group], framed: Sequence[Group], transform: str) -> None:
    """From the models that are fitted and judged on x, and from all that then are in sight on y."""
    x, y = (forward(np.concatenate([getattr(group, k) for group in groups]), transform, n=2000) for k in "xy")
    inside = forward(np.concatenate([group.x for group in framed]), transform, n=2000)
    room = max(0.08 * np.ptp(inside), 0.02 if transform == "linear" else 0.1)
    plot.set_xlim(inside.min() - room, inside.max() + room)
    seen = y[(x >= plot.get_xlim()[0]) & (x <= plot.get_xlim()[1])]
    room = max(0.06 * np.ptp(seen), 0.02 if transform == "linear" else 0.1)
    plot.set_ylim(seen.min() - room, seen.max() + room)


def _points(plot: Axes, group: Group, transform: str, *, hollow: bool) -> None:
    size = {"*": 11.0}.get(group.marker, 4.6)
    plot.plot(
        forward(group.x, transform, n=2000),
        forward(group.y, transform, n=2000),
        linestyle="none",
        marker=group.marker,
        markersize=size,
        markerfacecolor="none" if hollow else group.colour,
        markeredgecolor=group.colour if hollow or group.marker == "x" else PAPER,
        markeredgewidth=0.9 if hollow else 0.5,
        alpha=1 if hollow or group.marker == "*" else 0.85,
        zorder=5 if group.marker == "*" else 3,
    )


def _errors(plot: Axes, judged: Sequence[DeclaredRobustness], transform: str) -> None:
    """The 95 % binomial intervals of the judged models, where their numbers of images are known."""
    for one in judged if len(judged) <= _FEW else ():
        if one.x_interval and one.y_interval:
            x, y = (forward(values, transform) for values in ([one.x, *one.x_interval], [one.y, *one.y_interval]))
            plot.plot(x[1:], [y[0], y[0]], color=ORANGE, linewidth=1.1, zorder=4)
            plot.plot([x[0], x[0]], y[1:], color=ORANGE, linewidth=1.1, zorder=4)


def _words(plot: Axes, groups, judged, curves: Sequence[Curve], transform: str) -> None:
    x, y = (forward(np.concatenate([getattr(group, k) for group in groups]), transform, n=2000) for k in "xy")
    places = Places(plot, np.column_stack([x, y]))
    for one in judged if len(judged) <= _NAMED else ():
        at = [float(forward(value, transform, n=2000)) for value in (one.x, one.y)]
        places.put(shorten(one_line(one.model), 34), *at, color=INK, fontsize=SMALL)
    low, high = max(plot.get_xlim()[0], plot.get_ylim()[0]), min(plot.get_xlim()[1], plot.get_ylim()[1])
    if high > low:
        places.put("y = x", low + 0.9 * (high - low), low + 0.9 * (high - low), color=MUTED, fontsize=SMALL)
    handles = [
        plot.plot([], [], linestyle="none", marker=g.marker, color=g.colour, markersize=4.6, markerfacecolor=face)[0]
        for g, face in ((group, "none" if index == 0 else group.colour) for index, group in enumerate(groups))
    ]
    labels = [f"{shorten(one_line(group.label), 34)} ({len(group.x)})" for group in groups]
    legend = plot.legend(handles, labels, loc="best", fontsize=SMALL, frameon=False, handletextpad=0.2)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _frame(plot: Axes, axes: tuple[str, str], transform: str) -> None:
    grid(plot, axis="both")
    for axis, limits in ((plot.xaxis, plot.get_xlim()), (plot.yaxis, plot.get_ylim())):
        shown = ticks(limits, transform)
        tick_labels(axis, list(forward(shown, transform)), [f"{100 * tick:g}" for tick in shown])
    scale = "" if transform == "linear" else f", {transform} scale"
    style = {"fontsize": NORMAL, "color": INK, "parse_math": False}
    plot.set_xlabel(f"accuracy on {shorten(one_line(axes[0]), 40)}, %{scale}", labelpad=5, **style)
    plot.set_ylabel(f"accuracy on {shorten(one_line(axes[1]), 40)}, %{scale}", labelpad=3, **style)
