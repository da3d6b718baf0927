"""Opening a population by what the user names: a published table, files, or the standard models of a track."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.core.digests import digest_json
from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import check_one_board
from bench.core.population import Population, Unit
from bench.core.registry import unknown
from bench.core.score import ScoreCard
from bench.pipelines.tracks import track_names
from bench.sources.accuracy_tables import TESTBED_EXCLUDED, read_accuracies, read_types
from bench.sources.published_tables import PUBLISHED, published_tables
from bench.store.cards import read_cards
from bench.store.paths import leaderboards_folder


@dataclass(frozen=True)
class Choice:
    """Which models of a population are fitted: of which types, without which names, in which unit they stand."""

    types_file: Path | None = None
    types: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    unit: Unit | None = None
    key: str | None = None


def open_population(
    name: str, choice: Choice, *, data_root: Path, offline: bool = False, board_dir: Path | None = None
) -> Population:
    """All models of the population `name`, with their types where known; `select` keeps those to fit.

    `name`: one of `PUBLISHED`, a track (its listed cards of role standard), or files parted by commas. UsageError
    for a name that is none of these.
    """
    files = [Path(part) for part in name.split(",")]
    if name in PUBLISHED:
        found = read_accuracies(published_tables(name, data_root, offline=offline), unit=choice.unit)
    elif name in track_names():
        found = of_cards(name, track_cards(name, board_dir))
    elif all(path.suffix == ".csv" or path.is_file() for path in files):
        found = read_accuracies(files, unit=choice.unit, key=choice.key)
    else:
        raise UsageError(unknown(name, known=[*PUBLISHED, *track_names()], kind="population") + " (or a CSV file)")
    return replace(found, types=read_types(choice.types_file)) if choice.types_file else found


def track_cards(track: str, board_dir: Path | None = None) -> tuple[ScoreCard, ...]:
    """The listed cards of a track's board; DataError where two were scored on different data."""
    cards = read_cards((board_dir or leaderboards_folder()) / track / "results")
    listed = tuple(card for card in cards if card.state == "listed")
    check_one_board(listed)
    return listed


def of_cards(track: str, cards: Sequence[ScoreCard]) -> Population:
    """Score cards as a population; the type of a model is its role, so that `standard` is one."""
    if not cards:
        raise DataError(f"track {track}: no listed score card; submit models or run the demo first")
    names = {name: card.sets[name].n for card in cards for name in card.sets}
    shares = [{name: score.top1 for name, score in card.sets.items()} for card in cards]
    return Population(
        name=track,
        source_digest=digest_json({card.slug: share for card, share in zip(cards, shares, strict=True)}),
        unit="fraction",
        models=tuple(card.slug for card in cards),
        columns={name: np.array([share.get(name, np.nan) for share in shares]) for name in names},
        types={card.slug: card.role for card in cards},
        sizes=names,
    )


def select(population: Population, choice: Choice) -> Population:
    """The models to fit. A track's are its standard ones; of the testbed, names that none of its figures fit go.

    UsageError for types where none are known, and for a type that no model has.
    """
    types = choice.types or (("standard",) if population.name in track_names() else ())
    if types:
        known = set(population.types.values())
        if not known:
            raise UsageError(f"population {population.name}: --type {types[0]} needs --types FILE (model,type)")
        for one in types:
            if one not in known:
                raise UsageError(f"population {population.name}: {unknown(one, known=known, kind='type')}")
        kinds = population.types
        population = population.keep(lambda _, name: kinds.get(name) in types, f"type {' or '.join(types)}")
    exclude = choice.exclude
    if exclude is None:
        exclude = TESTBED_EXCLUDED if population.name == "imagenet-testbed" else ()
    exclude = tuple(text for text in exclude if text)
    if exclude:
        why = f"without names that hold {', '.join(exclude)}"
        population = population.keep(lambda _, name: not any(text in name for text in exclude), why)
    return population
