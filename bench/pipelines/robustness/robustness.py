"""`robustness`: effective robustness of any accuracies against a declared population."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.core.errors import DataError
from bench.core.population import Population
from bench.core.robustness import (
    DeclaredRobustness,
    FitRecord,
    PopulationRecord,
    SensitivityRow,
    TransformName,
)
from bench.metrics.accuracy import proportion_interval
from bench.metrics.robustness import RobustnessFit, effective_robustness, fit_line
from bench.metrics.robustness_bootstrap import accuracy_draws, bootstrap_lines, line_band, robustness_interval
from bench.metrics.robustness_left_out import left_out_lines

TRANSFORMS: tuple[TransformName, ...] = ("linear", "logit", "probit")
RESAMPLES = 1000
SEED = 720257663  # the testbed's (methods.md 8.2)


class Point(NamedTuple):
    """A model with its accuracies in and out of distribution, fractions."""

    model: str
    x: float
    y: float


class Axes(NamedTuple):
    """The two columns, with the number of images behind each (None: not known, nothing is clipped)."""

    x: str
    y: str
    n_x: int | None
    n_y: int | None


class Piece(NamedTuple):
    """The models of the population that one line is fitted to; `side` of the `pivot` where there are two lines."""

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    pivot: float | None = None
    side: str | None = None


def axes_of(population: Population, x: str, y: str, *, n_x: int | None = None, n_y: int | None = None) -> Axes:
    """The columns that `x` and `y` mean, with the sizes given, else those that the population knows."""
    x, y = population.column(x), population.column(y)
    sizes = population.sizes
    return Axes(x, y, sizes.get(x) if n_x is None else n_x, sizes.get(y) if n_y is None else n_y)


def declare(
    population: Population,
    points: Sequence[Point],
    axes: Axes,
    *,
    transform: TransformName,
    keep_tested: bool = False,
) -> list[DeclaredRobustness]:
    """Effective robustness of every point, in their order.

    A point that bears the name of a model of the population is taken out of its own line (methods.md
    8.6) unless `keep_tested`. DataError for fewer than 3 models in a line, and as `fit_line`.
    """
    pieces, record = _pieces(population, axes), _record(population, axes)
    found: dict[int, DeclaredRobustness] = {}
    for piece in pieces:
        here = [i for i, point in enumerate(points) if piece is _piece_for(pieces, point.x)]
        places = {name: place for place, name in enumerate(piece.names)}
        members = {} if keep_tested else {i: places[points[i].model] for i in here if points[i].model in places}
        guests = [i for i in here if i not in members]
        found |= _judge_guests(piece, [points[i] for i in guests], guests, axes, transform, record)
        found |= _judge_members(piece, members, points, axes, transform, record)
    return [found[i] for i in range(len(points))]


def sensitivity(
    populations: Sequence[Population], point_of, x_axes: Sequence[tuple[str, str]], *, sizes: tuple[int | None, ...]
) -> list[SensitivityRow]:
    """One model under every transform, population and x-axis; `point_of(x, y)` gives its point, or None.

    Populations without the columns, or with fewer than 4 models on them, are left out.
    """
    rows = []
    for population in populations:
        for x, y in x_axes:
            known = {*population.columns, *population.aliases}
            point = point_of(x, y)
            if point is None or not {x, y} <= known or len(population.pairs(x, y)[0]) < 4:
                continue
            axes = axes_of(population, x, y, n_x=sizes[0], n_y=sizes[1])
            values = {one: declare(population, [point], axes, transform=one)[0] for one in TRANSFORMS}
            rows.append(
                SensitivityRow(
                    population=f"{population.name}: {population.filter}",
                    models=values["logit"].fit.n,
                    x=axes.x,
                    y=axes.y,
                    values=values,
                )
            )
    return rows


def curves(population: Population, axes: Axes, *, transform: TransformName) -> list[np.ndarray]:
    """Each line for drawing, [4, points]: x over the range of its fit, y, and the ends of its 95 % band."""
    arguments = {"transform": transform, "n_x": axes.n_x, "n_y": axes.n_y}
    drawn = []
    for piece in _pieces(population, axes):
        fit = fit_line(piece.x, piece.y, **arguments)
        at = np.linspace(*fit.x_range, 101)
        lines = bootstrap_lines(piece.x, piece.y, **arguments, resamples=RESAMPLES, seed=SEED)
        drawn.append(np.stack([at, fit.predict(at), *line_band(lines, at)]))
    return drawn


def _pieces(population: Population, axes: Axes) -> list[Piece]:
    names, x, y = population.pairs(axes.x, axes.y)
    if len(names) < 3:
        raise DataError(
            f"population {population.name} ({population.filter}): {len(names)} models have both {axes.x} and {axes.y},"
            " expected at least 3; a line through fewer says nothing"
        )
    zeros = y == 0
    if not zeros.any():
        return [Piece(names, x, y)]
    pivot = float(x[zeros].max())
    sides = {"below": (x < pivot) & ~zeros, "above": (x > pivot) & ~zeros}
    pieces = [Piece(tuple(np.array(names)[kept]), x[kept], y[kept], pivot, side) for side, kept in sides.items()]
    for piece in pieces:
        if len(piece.names) < 3:
            zero = names[int(np.argmax(np.where(zeros, x, -1)))]
            raise DataError(
                f"population {population.name}: {zero} is at exactly 0 on {axes.y}, which asks for a line on each"
                f" side of its {axes.x}; {len(piece.names)} models lie {piece.side} it, expected at least 3; leave"
                " it out with --exclude"
            )
    return pieces


def _piece_for(pieces: list[Piece], x: float) -> Piece:
    return pieces[-1] if len(pieces) > 1 and pieces[0].pivot is not None and x > pieces[0].pivot else pieces[0]


def _judge_guests(piece, points, indices, axes: Axes, transform, record) -> dict[int, DeclaredRobustness]:
    if not points:
        return {}
    arguments = {"transform": transform, "n_x": axes.n_x, "n_y": axes.n_y}
    fit = fit_line(piece.x, piece.y, **arguments)
    lines = bootstrap_lines(piece.x, piece.y, **arguments, resamples=RESAMPLES, seed=SEED)
    sizes = {"n_x": axes.n_x, "n_y": axes.n_y} if axes.n_x and axes.n_y else {}
    return {
        index: _declared(
            point,
            fit,
            robustness_interval(lines, point.x, point.y, seed=SEED + 1, **sizes),
            (piece, axes, record, False),
        )
        for index, point in zip(indices, points, strict=True)
    }


def _judge_members(piece, members, points, axes: Axes, transform, record) -> dict[int, DeclaredRobustness]:
    if not members:
        return {}
    if len(piece.names) < 4:
        raise DataError(
            f"{piece.names[next(iter(members.values()))]} is one of the {len(piece.names)} models of its own line;"
            " without it fewer than 3 are left; name a larger population"
        )
    arguments = {"transform": transform, "n_x": axes.n_x, "n_y": axes.n_y}
    lines = left_out_lines(piece.x, piece.y, **arguments, resamples=RESAMPLES, seed=SEED)
    x, y = np.tile(piece.x[:, None], RESAMPLES), np.tile(piece.y[:, None], RESAMPLES)
    for index, place in members.items():
        x[place], y[place] = points[index].x, points[index].y
        if axes.n_x and axes.n_y:
            rng = np.random.default_rng(SEED + 1)
            x[place] = accuracy_draws(rng, x[place, :1], n=axes.n_x, draws=RESAMPLES)[:, 0]
            y[place] = accuracy_draws(rng, y[place, :1], n=axes.n_y, draws=RESAMPLES)[:, 0]
    low, high = lines.intervals(0, x, y)
    found = {}
    for index, place in members.items():
        others = np.arange(len(piece.x)) != place
        fit = fit_line(piece.x[others], piece.y[others], **arguments)
        interval = (float(low[place]), float(high[place]))
        found[index] = _declared(points[index], fit, interval, (piece, axes, record, True))
    return found


def _declared(point: Point, fit: RobustnessFit, interval: tuple[float, float], context) -> DeclaredRobustness:
    piece, axes, record, left_out = context
    value = effective_robustness(fit, point.x, point.y)
    return DeclaredRobustness(
        model=point.model,
        x=point.x,
        y=point.y,
        n_x=axes.n_x,
        n_y=axes.n_y,
        predicted=value.predicted,
        effective_robustness=value.value,
        interval=interval,
        interval_over="models and images" if axes.n_x and axes.n_y else "models",
        x_interval=_binomial(point.x, axes.n_x),
        y_interval=_binomial(point.y, axes.n_y),
        extrapolated=value.extrapolated,
        zero=point.y == 0,
        left_out=left_out,
        resamples=RESAMPLES,
        seed=SEED,
        population=record,
        fit=FitRecord(
            x=axes.x,
            y=axes.y,
            x_axis="matched" if "-on-" in axes.x or axes.x.endswith("-clean") else "full",
            transform=fit.transform,
            slope=fit.slope,
            intercept=fit.intercept,
            r=fit.r,
            n=fit.n,
            x_range=fit.x_range,
            clip=fit.clip,
            pivot=piece.pivot,
            piece=piece.side,
        ),
    )


def _binomial(share: float, n: int | None) -> tuple[float, float] | None:
    """Clopper-Pearson at 95 %; the accuracy may have been rounded, so the count is the nearest whole one."""
    return None if n is None else proportion_interval(round(share * n), n, method="clopper-pearson")


def _record(population: Population, axes: Axes) -> PopulationRecord:
    return PopulationRecord(
        name=population.name,
        source_digest=population.source_digest,
        filter=population.filter,
        models=len(population.pairs(axes.x, axes.y)[0]),
        digest=population.digest(axes.x, axes.y),
    )
