"""Publishing a track: from its score cards to the page, Markdown, CSV, LaTeX and plots.

The FID table and the contact sheets are kept beside the cards (`distances.json`, `version.json`), bound to
the digests of what they show, so that a board can be published again, byte for byte, without the images.
"""

import json
from pathlib import Path
from typing import TypeVar

from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import DatasetVersion, Distances, Leaderboard
from bench.core.record import Record, parse
from bench.core.registry import look_up
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.board import leaderboard
from bench.pipelines.board_labels import with_labels
from bench.pipelines.editions import edition_folders, other_editions
from bench.reports import PLOTS, PRESSES
from bench.store.atomic import write_bytes, write_json
from bench.store.cards import read_cards
from bench.store.paths import leaderboards_folder

R = TypeVar("R", bound=Record)


class Published(Record):
    """Where a board was written, and what is on it."""

    track: str
    page: str
    models: int
    files: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.track}: {self.models} models, {self.files} files", *(f"  note: {note}" for note in self.notes)]
        return "\n".join([*lines, f"page: {self.page}"])


def publish(track: Track, *, data_root: Path, board_dir: Path | None = None, quiet: bool = False) -> Published:
    """Write `<board_dir>/<track>/…` from the listed cards there; the same cards give the same bytes."""
    folder = (board_dir or leaderboards_folder()).resolve() / track.name
    boards = (folder, *edition_folders(folder))
    board, files = _press(track, folder, boards, data_root)
    for one in boards[1:]:
        files += _press(track, one, boards, data_root)[1]
    return Published(
        track=track.name,
        page=str(folder / "index.html"),
        models=len(board.rows),
        files=files,
        notes=board.notes,
    )


def _press(track: Track, folder: Path, boards: tuple[Path, ...], data_root: Path) -> tuple[Leaderboard, int]:
    """Print the board of one folder, which is one of `boards`; the board, and how many files it has."""
    cards = tuple(card for card in read_cards(folder / "results") if card.state == "listed")
    board = leaderboard(
        track,
        cards,
        distances=_distances(track, cards, folder, data_root),
        version=_version(track, cards, folder, data_root),
    )
    board = with_labels(board, track, folder=folder, data_root=data_root)
    board = board.model_copy(update={"editions": other_editions(folder, boards)})
    outputs = {path: look_up(PRESSES, path, kind="press")(board) for path in PRESSES}
    outputs |= look_up({"plots": PLOTS}, "plots", kind="press")(board)
    for path, content in outputs.items():
        write_bytes(folder / path, content.encode() if isinstance(content, str) else content)
    return board, len(outputs)


def _distances(track: Track, cards: tuple[ScoreCard, ...], folder: Path, data_root: Path) -> Distances | None:
    kept = _kept(Distances, folder / "distances.json")
    digests = cards[0].dataset_digests if cards else {}
    if kept and all(kept.digests.get(name) == digest for name, digest in digests.items()):
        return kept
    from bench.pipelines.quality import distances

    try:
        fresh = distances(track, data_root=data_root)
    except (DataError, UsageError):
        return None
    if any(fresh.digests.get(name, digest) != digest for name, digest in digests.items()):
        return None
    write_json(folder / "distances.json", fresh.model_dump(mode="json"))
    return fresh


def _version(track: Track, cards: tuple[ScoreCard, ...], folder: Path, data_root: Path) -> DatasetVersion | None:
    if track.synthetic is None or track.synthetic.dataset is None:
        return None
    used = {digest for card in cards for digest in card.dataset_digests.values()}
    kept = _kept(DatasetVersion, folder / "version.json")
    if kept and used.intersection(kept.digests.values()):
        return kept
    from bench.pipelines.quality import dataset_version

    try:
        fresh = dataset_version(track.synthetic.dataset, data_root=data_root)
    except (DataError, UsageError):
        return None
    write_json(folder / "version.json", fresh.model_dump(mode="json"))
    return fresh


def _kept(kind: type[R], path: Path) -> R | None:
    if not path.is_file():
        return None
    try:
        return parse(kind, json.loads(path.read_bytes()), where=str(path))
    except ValueError:
        raise DataError(f"{path}: not JSON; remove it and publish again") from None
    except UsageError as error:
        raise DataError(f"{error}; remove the file and publish again") from None
