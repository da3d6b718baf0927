"""The effective-robustness scatter: accuracy under one shift against accuracy in distribution."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtri

from bench.core.leaderboard import Column, Fit, Leaderboard
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, tick_labels
from bench.reports.label_places import Places
from bench.reports.plain_text import one_line, shorten
from bench.reports.series import INK, MUTED, PAPER, Series, series_of

_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
MANY, CROWD = 60, 300


def shifted_sets(board: Leaderboard) -> tuple[Column, ...]:
    """The sets that a scatter can be drawn for, those of the headline first; none without an x-axis."""
    if not any(column.in_distribution for column in board.columns):
        return ()
    shifted = [column for column in board.columns if not column.in_distribution]
    return tuple(sorted(shifted, key=lambda column: not column.headline))


def drawn_rows(board: Leaderboard, series: Series, name: str) -> list[int]:
    """The rows of a series that have both accuracies, in the order in which they are drawn."""
    x = x_axis(board, name).name
    return [index for index in series.rows if {x, name} <= board.rows[index].cells.keys()]


def x_axis(board: Leaderboard, name: str) -> Column:
    """The column on the x-axis of one set's scatter: its line's, else the set in distribution."""
    x_set = next((fit.x_set for fit in board.fits if fit.set == name), "")
    return next((column for column in board.columns if column.name == x_set), board.in_distribution)


def find_fit(board: Leaderboard, name: str, transform: str) -> Fit | None:
    """The robustness line of one set under one transform, if the board has it."""
    return next((fit for fit in board.fits if (fit.set, fit.transform) == (name, transform)), None)


@house_style
def robustness_scatter(board: Leaderboard, set: str, transform: str) -> Figure:
    """Every model with accuracies on `set` and in distribution; fit, 95 % band, y = x.

    `transform` is `linear` or `logit`; logit axes are labelled in percent, and accuracies are kept
    1/(2n) away from 0 and 1 to be drawn. The points of series k have the gid `points-k`.
    """
    figure, axes = new_figure(f"robustness-{set}-{transform}", height=350, left=46, right=14, bottom=42, top=12)
    fit = find_fit(board, set, transform)
    groups = [(series, *_coordinates(board, series, set, transform)) for series in series_of(board)]
    _limits(axes, groups, fit, transform)
    _lines(axes, fit, transform)
    count = sum(len(x) for _, x, *_ in groups)
    for k, (series, x, y, x_err, y_err) in enumerate(groups):
        if count <= MANY:
            axes.errorbar(x, y, xerr=x_err, yerr=y_err, fmt="none", ecolor=series.colour, elinewidth=0.7, alpha=0.45)
        draw_points(axes, series, x, y, count).set_gid(f"points-{k}")
    _labels(axes, groups, fit, transform)
    _frame(axes, board, set, transform)
    return figure


def forward(values, transform: str, n: int = 10**6) -> np.ndarray:
    """Accuracies to axis coordinates; under logit and probit kept 1/(2n) away from 0 and 1."""
    values = np.asarray(values, dtype=float)
    if transform == "linear":
        return values
    values = np.clip(values, 1 / (2 * n), 1 - 1 / (2 * n))
    return ndtri(values) if transform == "probit" else np.log(values) - np.log1p(-values)


def _coordinates(board: Leaderboard, series: Series, name: str, transform: str):
    rows = [board.rows[index] for index in drawn_rows(board, series, name)]
    found = []
    for which in (x_axis(board, name).name, name):
        cells = [row.cells[which] for row in rows]
        n = min((cell.n for cell in cells), default=1)
        at = forward([cell.top1 for cell in cells], transform, n)
        low = forward([cell.interval[0] for cell in cells], transform, n)
        high = forward([cell.interval[1] for cell in cells], transform, n)
        found.append((at, np.maximum(np.vstack([at - low, high - at]) if rows else np.zeros((2, 0)), 0)))
    (x, x_err), (y, y_err) = found
    return x, y, x_err, y_err


def _limits(axes: Axes, groups, fit: Fit | None, transform: str) -> None:
    x, y = (np.concatenate([_ends(group[k], group[k + 2]) for group in groups] or [[]]) for k in (1, 2))
    if fit and len(x):
        line = [point[1] for point in fit.line if x.min() <= forward(point[0], transform) <= x.max()]
        y = np.concatenate([y, np.clip(forward(line, transform), y.min() - 1, y.max() + 1)])
    for values, setter in ((x, axes.set_xlim), (y, axes.set_ylim)):
        low, high = (values.min(), values.max()) if len(values) else forward([0.25, 0.75], transform)
        room = max(0.05 * (high - low), 0.02 if transform == "linear" else 0.2)
        low, high = low - room, high + room
        setter(*((max(low, -0.02), min(high, 1.02)) if transform == "linear" else (low, high)))


def _ends(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """The ends of the intervals, where few enough models are drawn for intervals to be drawn too."""
    return np.concatenate([values - errors[0], values + errors[1]]) if len(values) <= MANY else values


def _lines(axes: Axes, fit: Fit | None, transform: str) -> None:
    ends = np.array([min(axes.get_xlim()[0], axes.get_ylim()[0]), max(axes.get_xlim()[1], axes.get_ylim()[1])])
    axes.plot(ends, ends, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2.5)), scalex=False, scaley=False)
    if not fit:
        return
    if fit.band:
        x, low, high = (forward(values, transform) for values in zip(*fit.band, strict=True))
        axes.fill_between(x, low, high, color=MUTED, alpha=0.16, linewidth=0)
    if fit.line:
        x, y = (np.array(values) for values in zip(*fit.line, strict=True))
        axes.plot(
            forward(x, transform), forward(y, transform), color=INK, linewidth=1, linestyle=(0, (4, 3)), alpha=0.6
        )
        inside = (x >= fit.x_range[0] - 1e-9) & (x <= fit.x_range[1] + 1e-9)
        axes.plot(forward(x[inside], transform), forward(y[inside], transform), color=INK, linewidth=1.3)


def draw_points(axes: Axes, series: Series, x: np.ndarray, y: np.ndarray, count: int):
    """One line of markers in the look of its series, smaller where `count` are drawn in all."""
    size = 6.2 if count <= MANY else 5.0 if count <= CROWD else 3.4
    hollow = series.role == "standard"
    (line,) = axes.plot(
        x, y, linestyle="none", marker=series.marker, markersize=size * (1.5 if series.marker == "*" else 1)
    )
    line.set_markerfacecolor("none" if hollow else series.colour)
    line.set_markeredgecolor(series.colour if hollow else PAPER)
    line.set_markeredgewidth(1.0 if hollow else 0.6)
    line.set_alpha(1 if count <= CROWD or not hollow else 0.5)
    line.set_zorder(3 if hollow else 4)
    return line


def _labels(axes: Axes, groups, fit: Fit | None, transform: str) -> None:
    """Names beside what they name: each series at its centre, the line at its middle, y = x where it is free."""
    line = np.array(fit.line).reshape(-1, 2).T if fit else np.zeros((2, 0))
    obstacles = [np.concatenate([group[1 + k] for group in groups] + [forward(line[k], transform)]) for k in (0, 1)]
    places = Places(axes, np.column_stack(obstacles))
    for series, x, y, *_ in groups:
        if len(x):
            words = shorten(f"{one_line(series.label)} ({len(x):,})", 34)
            places.put(words, float(np.median(x)), float(np.median(y)), color=INK, fontsize=SMALL)
    low, high = max(axes.get_xlim()[0], axes.get_ylim()[0]), min(axes.get_xlim()[1], axes.get_ylim()[1])
    if high > low:
        places.put("y = x", low + 0.85 * (high - low), low + 0.85 * (high - low), color=MUTED, fontsize=SMALL)
    if fit and fit.line:
        x, y = fit.line[len(fit.line) // 3]
        x, y = float(forward(x, transform)), float(forward(y, transform))
        places.put("line, 95 % band", x, y, color=MUTED, fontsize=SMALL)


def _frame(axes: Axes, board: Leaderboard, name: str, transform: str) -> None:
    grid(axes, axis="both")
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        shown = ticks(limits, transform)
        tick_labels(axis, list(forward(shown, transform)), [f"{100 * tick:g}" for tick in shown])
    titles = {column.name: shorten(one_line(column.title), 40) for column in board.columns}
    scale = ", logit scale" if transform == "logit" else ""
    style = {"fontsize": NORMAL, "color": INK, "parse_math": False}
    x_title = titles[x_axis(board, name).name]
    # Where the set is called so already, once is enough.
    where = f" ({x_title})" if x_title.lower() != "in distribution" else ""
    axes.set_xlabel(f"accuracy in distribution{where}, %{scale}", labelpad=5, **style)
    axes.set_ylabel(f"accuracy on {titles[name]}, %{scale}", labelpad=3, **style)


def ticks(limits: tuple[float, float], transform: str) -> list[float]:
    """Accuracies to label inside axis coordinates `limits`, far enough apart to be read."""
    if transform == "linear":
        step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if s * 7 >= limits[1] - limits[0] or s == 0.5)
        return [round(step * k, 2) for k in range(round(1 / step) + 1) if limits[0] <= step * k <= limits[1]]
    kept: list[float] = []
    for tick in _TICKS:
        at = float(forward(tick, transform))
        far = not kept or at - float(forward(kept[-1], transform)) > 0.09 * (limits[1] - limits[0])
        if limits[0] <= at <= limits[1] and far:
            kept.append(tick)
    return kept
