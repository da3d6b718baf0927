"""What the verb `robustness` was asked: from options to points and populations, and from results to text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import check_one_board
from bench.core.population import Population, Unit
from bench.core.registry import unknown
from bench.core.robustness import DeclaredRobustness, SensitivityRow, TransformName
from bench.pipelines.robustness.populations import Choice, open_population, select, track_cards
from bench.pipelines.robustness.robustness import TRANSFORMS, Axes, Point, axes_of, curves, declare, sensitivity
from bench.pipelines.tracks import load_track, track_names
from bench.reports.plots import save
from bench.reports.population_plot import Curve, population_scatter
from bench.sources.accuracy_tables import read_accuracies
from bench.store.atomic import write_bytes
from bench.store.cards import read_card

LEAST_X = 0.55  # the figures of the testbed fit models of at least 55 % (methods.md 8.2)
KINDS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Request:
    """What is judged: numbers `at`, every row of a CSV, models of the population by name, or score cards."""

    at: tuple[str, ...] = ()
    rows: Path | None = None
    models: tuple[str, ...] = ()
    cards: tuple[Path, ...] = ()
    x: str | None = None
    y: tuple[str, ...] = ()
    n_x: int | None = None
    n_y: int | None = None
    keep_tested: bool = False


class Opened:
    """The populations that were named, as they are and as they are fitted, and what is judged against the first."""

    def __init__(self, names: Sequence[str], choice: Choice, request: Request, **places) -> None:
        cards = [read_card(path) for path in request.cards]
        tracks = sorted({card.track for card in cards})
        if len(tracks) > 1:
            raise UsageError(f"score cards of the tracks {' and '.join(tracks)}: judge one track at a time")
        names = list(names) or tracks
        if not names:
            raise UsageError("robustness: name a population with --population (a table's name, a track, or a CSV file)")
        if names[0] in track_names():
            check_one_board((*track_cards(names[0], places.get("board_dir")), *cards))
        self.everybody = [open_population(name, choice, **places) for name in names]
        self.fitted = [select(everybody, choice) for everybody in self.everybody]
        self.request, self.cards, self.choice = request, cards, choice
        self.pairs = self._pairs()

    def points(self, x: str, y: str, *, required: bool = True) -> list[Point]:
        """What is judged, on two sets of the first population, as fractions."""
        unit = self.fitted[0].unit
        points = [_written(text, unit) for text in self.request.at]
        points += [_row(self.everybody[0], name, x, y) for name in self.request.models]
        if self.request.rows:
            points += _table(self.request.rows, x, y, unit=self.choice.unit or unit, key=self.choice.key)
        for card in self.cards:
            if {x, y} <= card.sets.keys():
                points.append(Point(card.slug, card.sets[x].top1, card.sets[y].top1))
            elif required and len(self.pairs) == 1:
                missing = " and ".join(sorted({x, y} - card.sets.keys()))
                raise DataError(f"{card.slug}: no score on {missing}; it has {', '.join(card.sets)}")
        if required and not points and not self.cards:
            raise UsageError("robustness: say what is judged: --at X,Y, --rows FILE, --model NAME, or score cards")
        return points

    def axes(self, x: str, y: str) -> Axes:
        """The columns with their numbers of images."""
        return axes_of(self.fitted[0], x, y, n_x=self.request.n_x, n_y=self.request.n_y)

    def _pairs(self) -> list[tuple[str, str]]:
        """The (x, y) that were asked for; of a track, by default every shifted set on its own x-axis."""
        request, population = self.request, self.fitted[0]
        if population.unit == "fraction" and population.types and population.name in track_names():
            track = load_track(population.name)
            shifted = request.y or tuple(name for name in track.shifted if name in population.columns)
            return [(request.x or track.sets[y].x_axis or track.in_distribution, y) for y in shifted if y in track.sets]
        if request.x is None or not request.y:
            raise UsageError(
                f"population {population.name}: say --x and --y, two of {', '.join(sorted(population.columns)[:12])}…"
            )
        return [(request.x, y) for y in request.y]


def robustness(opened: Opened, transform: TransformName) -> list[DeclaredRobustness]:
    """Every point on every pair of sets that was asked for."""
    found = []
    for x, y in opened.pairs:
        axes, keep = opened.axes(x, y), opened.request.keep_tested
        found += declare(opened.fitted[0], opened.points(x, y), axes, transform=transform, keep_tested=keep)
    return found


def sensitivity_table(opened: Opened) -> list[SensitivityRow]:
    """One model under all transforms, populations and x-axes.

    Populations: each that was named; its models of 55 % or more on x; and all its models, whatever their type.
    The x-axes: the one asked for, and those on matched classes where the model was measured there. UsageError
    for more than one model.
    """
    (x, y), rest = opened.pairs[0], opened.pairs[1:]
    if rest or len(opened.points(x, y)) != 1:
        raise UsageError("--sensitivity: expected one model on one shifted set; give one --at, --model or card")

    def point_of(at_x: str, at_y: str) -> Point | None:
        if opened.request.at and (at_x, at_y) != (x, y):
            return None
        found = opened.points(at_x, at_y, required=False)
        return found[0] if found and np.isfinite([found[0].x, found[0].y]).all() else None

    matched = {"imagenet-r": "val-on-imagenet-r-classes", "imagenet-a": "val-on-imagenet-a-classes"}
    matched["objectnet-1.0-beta"] = "val-on-objectnet-classes"
    other = matched.get(opened.axes(x, y).y)
    known = opened.everybody[0].columns
    x_axes = [(x, y)] + ([(other, y)] if other and other in known and not opened.request.at else [])
    sizes = (opened.request.n_x, opened.request.n_y)
    return sensitivity(_variants(opened, x), point_of, x_axes, sizes=sizes)


def _variants(opened: Opened, x: str) -> list[Population]:
    """Each named population as fitted, its models of 55 % or more, and everybody (a model never judges itself)."""
    variants = []
    for fitted, everybody in zip(opened.fitted, opened.everybody, strict=True):
        variants.append(fitted)
        if x in {*fitted.columns, *fitted.aliases}:
            shares = fitted.shares(x)
            above = fitted.keep(lambda index, _, s=shares: bool(s[index] >= LEAST_X), f"{x} at least {LEAST_X:.0%}")
            variants += [above] if 3 < len(above.models) < len(fitted.models) else []
        if len(everybody.models) > len(fitted.models):
            variants.append(everybody)
    return variants


def draw(opened: Opened, transform: TransformName, path: Path) -> None:
    """The scatter of the first pair of sets to `path` (.png, .svg or .pdf)."""
    if path.suffix not in KINDS:
        raise UsageError(f"--plot {path}: expected a file ending in {', '.join(KINDS)}")
    axes, keep = opened.axes(*opened.pairs[0]), opened.request.keep_tested
    found = declare(opened.fitted[0], opened.points(*opened.pairs[0]), axes, transform=transform, keep_tested=keep)
    figure = population_scatter(
        opened.everybody[0],
        opened.fitted[0],
        found,
        [Curve(*curve) for curve in curves(opened.fitted[0], axes, transform=transform)],
        axes=axes[:2],
        transform=transform,
    )
    write_bytes(path, save(figure, path.suffix[1:]))


def as_text(results: Sequence[DeclaredRobustness]) -> str:
    """The declared lines, each followed by what was read off it, highest above it first."""
    lines: list[str] = []
    for fit in dict.fromkeys((one.population.digest, one.fit.x, one.fit.y, one.fit.transform) for one in results):
        here = [one for one in results if (one.population.digest, one.fit.x, one.fit.y, one.fit.transform) == fit]
        lines += [*([""] if lines else []), *_declaration(here)]
        lines += [f"  {one}" for one in sorted(here, key=lambda one: (-one.effective_robustness, one.model))]
    return "\n".join(lines)


def _declaration(here: Sequence[DeclaredRobustness]) -> list[str]:
    population = here[0].population
    lines = [
        f"{here[0].fit.y} against {here[0].fit.x} ({here[0].fit.x_axis} classes), {here[0].fit.transform},"
        f" {population.name}: {population.filter}; {population.models} models, {population.digest[:19]}…"
    ]
    for fit in {one.fit.piece: one.fit for one in here if not one.left_out}.values():
        side = f"{fit.piece} {100 * fit.pivot:.2f} %: " if fit.piece and fit.pivot is not None else ""
        low, high = fit.x_range
        lines.append(
            f"  line: {side}slope {fit.slope:.4f}, intercept {fit.intercept:.4f}, r {fit.r or 0:.4f}, n {fit.n},"
            f" fitted from {100 * low:.1f} to {100 * high:.1f} %"
        )
    over = here[0].interval_over
    return [*lines, f"  points above it, 95 % interval over {over} ({here[0].resamples} resamples)"]


def sensitivity_text(rows: Sequence[SensitivityRow]) -> str:
    """One table: a row a population and x-axis, a column a transform."""
    if not rows:
        raise DataError("sensitivity: no population has both columns with at least 4 models")
    first = rows[0].values["logit"]
    head = [f"{first.model} on {rows[0].y} {100 * first.y:.2f} %: points above the line, 95 % interval"]
    cells = [["population", "n", "x-axis", *TRANSFORMS]]
    for row in rows:
        x = row.values["logit"].x
        cells.append([row.population, str(row.models), f"{row.x} {100 * x:.2f} %", *map(_cell, row.values.values())])
    widths = [max(len(line[k]) for line in cells) for k in range(len(cells[0]))]
    head += ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    values = [one.effective_robustness for row in rows for one in row.values.values()]
    low, high = 100 * min(values), 100 * max(values)
    return "\n".join([*head, f"from {low:+.1f} to {high:+.1f} points by choice of line alone; * extrapolated"])


def _cell(one: DeclaredRobustness) -> str:
    low, high = one.interval
    mark = " *" if one.extrapolated else ""
    return f"{100 * one.effective_robustness:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}){mark}"


def _written(text: str, unit: Unit) -> Point:
    """`[NAME=]X,Y` in the population's unit."""
    name, _, numbers = text.rpartition("=")
    try:
        x, y = (float(number) for number in numbers.split(","))
    except ValueError:
        raise UsageError(f"--at {text!r}: expected X,Y or NAME=X,Y, two numbers in {unit}") from None
    top = 100 if unit == "percent" else 1
    if not (0 <= x <= top and 0 <= y <= top):
        looks = ", which looks like percent" if unit == "fraction" and max(x, y) > 1 else ""
        raise UsageError(
            f"--at {text}: expected two accuracies in {unit}, 0 to {top}{looks}; that is the population's unit"
        )
    if unit == "percent" and 0 < x <= 1:
        raise UsageError(f"--at {text}: the population is in percent, {x:g} looks like a fraction; give {100 * x:g}")
    scale = 100 if unit == "percent" else 1
    return Point(name or f"at {numbers}", x / scale, y / scale)


def _row(population: Population, name: str, x: str, y: str) -> Point:
    if name not in population.models:
        raise UsageError(f"population {population.name}: {unknown(name, known=population.models, kind='model')}")
    index = population.models.index(name)
    point = Point(name, float(population.shares(x)[index]), float(population.shares(y)[index]))
    if not np.isfinite(point[1:]).all():
        raise DataError(f"{name}: not measured on {x if np.isnan(point.x) else y} in population {population.name}")
    return point


def _table(path: Path, x: str, y: str, *, unit: Unit, key: str | None) -> list[Point]:
    table = read_accuracies([path], unit=unit, key=key)
    points = [Point(name, float(a), float(b)) for name, a, b in zip(*table.pairs(x, y), strict=True)]
    if not points:
        raise DataError(f"{path}: no row has both {x} and {y}")
    return points
