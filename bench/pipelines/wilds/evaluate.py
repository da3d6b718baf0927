"""`wilds-evaluate`: official folders of predictions for WILDS datasets, as the official script evaluates them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.model_ref import slug_of
from bench.core.record import parse
from bench.core.wilds import WildsTrack
from bench.core.wilds_card import WildsCard
from bench.pipelines.scoring.environment import environment
from bench.pipelines.wilds.board import publish_wilds
from bench.pipelines.wilds.figures import check_against_package, figures
from bench.pipelines.wilds.tracks import load_wilds, wilds_names, wilds_root
from bench.sources.wilds_dataset import WildsData, open_wilds
from bench.store.atomic import write_text
from bench.store.paths import leaderboards_folder
from bench.store.wilds_cards import write_wilds_card
from bench.store.wilds_folder import find_predictions, holds
from bench.store.wilds_predictions import Asked, read_answers

Results = dict[str, dict[str, dict[str, float | None]]]


@dataclass(frozen=True)
class Wanted:
    """Which `datasets` (default: those that the folder holds) and `replicates` (default: all that are official);
    `check`: hold every figure against the package's own. `title`: file cards under that name, publish the boards."""

    datasets: tuple[str, ...] = ()
    replicates: tuple[str, ...] = ()
    check: bool = False
    title: str | None = None


def evaluate(
    folder: Path,
    wanted: Wanted,
    *,
    data_root: Path,
    root: Path | None = None,
    out: Path | None = None,
    board_dir: Path | None = None,
) -> tuple[list[WildsCard], dict[str, str]]:
    """One card for each dataset that `folder` has predictions for; `out` gets the official JSON files.

    Predictions lie in `folder` itself, or in a folder of it named after the dataset. A dataset that cannot be
    evaluated does not keep the others from it: the second result says why, by dataset; where there is no other, that
    is the error. UsageError where `folder` holds predictions for no dataset.
    """
    places = _places(folder, wanted.datasets)
    cards: list[WildsCard] = []
    failed: dict[str, str] = {}
    for name, place in places.items():
        try:
            cards.append(_card(load_wilds(name), place, wanted, wilds_root(data_root, root)))
        except BenchError as error:
            if len(places) == 1:
                raise
            failed[name] = str(error)
    if not cards:
        raise DataError("; ".join(f"{name}: {why}" for name, why in failed.items()))
    _keep(cards, wanted, out, board_dir)
    return cards, failed


def results(cards: Sequence[WildsCard]) -> Results:
    """What the official script writes as `all_results.json`: {dataset: {split: {metric, metric_std}}}."""
    return {card.track: card.official(tuple(load_wilds(card.track).metrics)) for card in cards}


def as_text(card: WildsCard) -> str:
    """A line a split: mean and standard deviation of each figure over the replicates."""
    track = load_wilds(card.track)
    plural = "s" if len(card.replicates) > 1 else ""
    of = f"{card.replicate}{plural} {', '.join(card.replicates)}"
    lines = [f"{track.title} (version {card.version}), {of}: mean (standard deviation)"]
    for split in card.values:
        cells = []
        for metric in track.metrics:
            spread = card.spread(split, metric)
            cells.append(f"{metric} {spread.mean:.4f}" + (f" ({spread.std:.4f})" if spread.std is not None else ""))
        lines.append(f"  {split:<8} n {'/'.join(map(str, sorted(set(card.images[split])))):<10} {'  '.join(cells)}")
    return "\n".join([*lines, *(f"  note: {note}" for note in card.notes)])


def _places(folder: Path, datasets: tuple[str, ...]) -> dict[str, Path]:
    """Dataset -> the folder of its predictions."""
    found = {}
    for name in datasets or wilds_names():
        load_wilds(name)
        below = folder / name
        if below.is_dir() and not holds(folder, name):
            found[name] = below
        elif datasets or holds(folder, name):
            found[name] = folder
    if not found:
        raise UsageError(
            f"{folder}: no predictions for {', '.join(wilds_names())}; expected files such as"
            " iwildcam_split:test_seed:0_pred.csv there, or in folders named after the datasets"
        )
    return found


def _card(track: WildsTrack, folder: Path, wanted: Wanted, root: Path) -> WildsCard:
    asked, track = track, _with_replicates(track, wanted.replicates)
    files, more = find_predictions(folder, track)
    values: dict[str, dict[str, list[float]]] = {split: {} for split in track.evaluated}
    images: dict[str, list[int]] = {split: [] for split in track.evaluated}
    digests: dict[str, list[str]] = {split: [] for split in track.evaluated}
    data = None
    for replicate in track.replicates:
        # Every fold of PovertyMap is a dataset with other splits.
        if data is None or track.replicate == "fold":
            data = open_wilds(track, root, fold=replicate if track.replicate == "fold" else None)
        for split in track.evaluated:
            digest = data.parts[split].digest
            for metric, value in _measured(files[split, replicate], track, data, split, digest, wanted.check).items():
                values[split].setdefault(metric, []).append(value)
            images[split].append(len(data.parts[split]))
            digests[split].append(digest)
    assert data is not None
    title = wanted.title or folder.resolve().name or track.name
    said = {
        "track": track.name,
        "slug": slug_of(title),
        "title": title,
        "version": data.version,
        "replicate": track.replicate,
        "replicates": track.replicates,
        "images": images,
        "digests": digests,
        "values": values,
        "notes": _notes(asked, track, more),
        "environment": environment({}),
    }
    return parse(WildsCard, said, where=f"the card of {track.name}")


def _measured(path: Path, track: WildsTrack, data: WildsData, split: str, digest: str, check: bool) -> dict[str, float]:
    part = data.parts[split]
    answers = read_answers(path, Asked(track, split, part.ids, digest, data.classes))
    try:
        found = figures(data, split, answers)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    if check:
        check_against_package(data, split, answers, found)
    return found


def _with_replicates(track: WildsTrack, replicates: tuple[str, ...]) -> WildsTrack:
    for one in replicates:
        if not (one.isdecimal() if track.replicate == "seed" else one in track.replicates):
            raise UsageError(f"{track.name}: {track.replicate} {one!r}: expected {', '.join(track.replicates)}")
    return track.model_copy(update={"replicates": tuple(dict.fromkeys(replicates))}) if replicates else track


def _notes(official: WildsTrack, track: WildsTrack, more: tuple[str, ...]) -> list[str]:
    notes = []
    more = tuple(one for one in more if one not in official.replicates)
    if more:
        notes.append(f"left out: {track.replicate} {', '.join(more)}")
    if not set(official.replicates) <= set(track.replicates):
        notes.append(
            f"{track.replicate} {', '.join(track.replicates)} alone; the official evaluation takes"
            f" {', '.join(official.replicates)}"
        )
    return notes


def _keep(cards: list[WildsCard], wanted: Wanted, out: Path | None, board_dir: Path | None) -> None:
    if out is not None:
        found = results(cards)
        for name, one in found.items():
            write_text(out / f"{name}_results.json", json.dumps(one, indent=4))
        write_text(out / "all_results.json", json.dumps(found, indent=4))
    if wanted.title is not None:
        for card in cards:
            write_wilds_card((board_dir or leaderboards_folder()) / card.track / "results", card)
            publish_wilds(load_wilds(card.track), board_dir=board_dir)
