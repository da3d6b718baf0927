"""A board of accuracies that others published: the rows of a population, on the sets of a track."""

from collections.abc import Callable
from functools import partial

import numpy as np

from bench import __version__
from bench.core.errors import DataError
from bench.core.leaderboard import Cell, Column, Leaderboard, Row
from bench.core.population import Population
from bench.core.track import Track
from bench.metrics.accuracy import proportion_interval
from bench.pipelines.boards.board import robustness_notes, tie_sentence
from bench.pipelines.boards.fits import Accuracies, Found, Lines
from bench.pipelines.boards.ranks import Ranks, ranks_of_accuracies

Z95 = 1.959963984540054


def population_board(
    track: Track, everybody: Population, fitted: Population, *, command: Callable[[dict[str, str], str], str]
) -> Leaderboard:
    """Every model of `everybody` that has the track's headline sets and in-distribution set, best first.

    Sets are found by the names of columns and their aliases; `fitted` are the standard models. No bits are known,
    so that ranks rest on accuracies alone. `command`: from the sets on the axes, and a model's name, to what judges
    it again. DataError where a headline set has no column, or no number of images.
    """
    columns = _columns(track, everybody)
    data, listed = _accuracies(track, everybody, fitted, columns)
    shares = np.column_stack([data.shares[one][:listed] for one in track.headline.sets])
    ranks = ranks_of_accuracies(shares, np.array([columns[one].n for one in track.headline.sets]))
    lines = Lines.of(track, data)
    found = lines.robustness()
    robustness = {slug: found[slug] for slug in data.slugs[:listed]}
    axes = {one: lines.sets.get(one, track.in_distribution) for one in track.headline.sets}
    made = (ranks, robustness, partial(command, axes))
    best = f"{data.slugs[0]} has the highest mean shifted accuracy, {100 * shares[0].mean():.1f} %."
    return Leaderboard(
        track=track.name,
        title=track.title,
        question=track.question,
        summary=f"{best} {tie_sentence(ranks)}".strip(),
        software=__version__,
        classes=len(track.classes),
        columns=tuple(columns.values()),
        rows=tuple(_row(i, data, everybody, track, made) for i in range(listed)),
        fits=lines.fits(),
        ranking=ranks.ranking,
        arms=(),
        gains=(),
        distances=None,
        version=None,
        notes=(
            f"Accuracies as published in {everybody.name} ({everybody.source_digest[:19]}…); none was measured here.",
            "Without answers image by image ranks rest on accuracies alone: more models are separable than is shown.",
            *robustness_notes(lines, robustness),
        ),
    )


def _accuracies(
    track: Track, everybody: Population, fitted: Population, columns: dict[str, Column]
) -> tuple[Accuracies, int]:
    """The models that have every set that a row needs, best mean shifted accuracy first, and how many they are.

    After them come the other models to fit: who misses a set stands on no row, and counts in the lines of the others.
    """
    needed = (track.in_distribution, *track.headline.sets)
    missing = [one for one in needed if one not in columns]
    if missing:
        raise DataError(
            f"population {everybody.name}: no column for {', '.join(missing)} of track {track.name}; rename a column,"
            " or use a track of your own"
        )
    shares = {one: everybody.shares(one) for one in columns}
    whole = np.isfinite(np.stack([shares[one] for one in needed])).all(axis=0)
    means = np.mean([shares[one] for one in track.headline.sets], axis=0)
    order = sorted(np.flatnonzero(whole).tolist(), key=lambda i: (-means[i], everybody.models[i]))
    if not order:
        raise DataError(f"population {everybody.name}: no model has all of {', '.join(needed)}")
    inside = {one: everybody.models.index(one) for one in fitted.models}
    places = order + [i for i in inside.values() if not whole[i]]
    data = Accuracies(
        slugs=tuple(everybody.models[i] for i in places),
        standard=np.array([everybody.models[i] in inside for i in places]),
        shares={one: values[places] for one, values in shares.items()},
        sizes={one: column.n for one, column in columns.items()},
        population=f"{fitted.name}: {fitted.filter}",
    )
    return data, len(order)


def _columns(track: Track, population: Population) -> dict[str, Column]:
    found = {}
    for name, spec in track.sets.items():
        column = population.aliases.get(name, name)
        if column not in population.columns:
            continue
        n = population.sizes.get(column)
        if n is None:
            raise DataError(f"population {population.name}: the number of images behind {column} is not known")
        found[name] = Column(
            name=name,
            title=spec.title,
            about=f"{spec.about} (column {column})".strip(),
            n=n,
            digest=population.source_digest,
            headline=name in track.headline.sets,
            in_distribution=name == track.in_distribution,
        )
    return found


def _row(
    index: int, data: Accuracies, population: Population, track: Track, made: tuple[Ranks, Found, Callable[[str], str]]
) -> Row:
    ranks, robustness, command = made
    slug = data.slugs[index]
    shares = {name: float(values[index]) for name, values in data.shares.items() if np.isfinite(values[index])}
    headline = track.headline.sets
    middle = float(np.mean([shares[name] for name in headline]))
    variance = sum(shares[name] * (1 - shares[name]) / data.sizes[name] for name in headline) / len(headline) ** 2
    half, kind = Z95 * variance**0.5, population.types.get(slug)
    return Row(
        rank=index + 1,
        rank_interval=ranks.intervals[index],
        band=ranks.bands[index],
        ties_first=ranks.ties_first[index],
        slug=slug,
        title=slug,
        model=slug,
        role="standard" if data.standard[index] else "arm" if kind else "submitted",
        arch="unknown",
        arm=kind or "unknown",
        match="",
        seed=0,
        parameters=None,
        shifted=middle,
        shifted_interval=(max(0.0, middle - half), min(1.0, middle + half)),
        cells={
            name: Cell(n=data.sizes[name], top1=share, top5=None, interval=_interval(share, data.sizes[name]))
            for name, share in shares.items()
        },
        robustness=robustness[slug],
        command=command(slug),
    )


def _interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's; a published accuracy may be rounded, so the count is the nearest whole one."""
    low, high = proportion_interval(round(share * n), n)
    return min(low, share), max(high, share)
