"""Publishing a track: from its score cards to the page, Markdown, CSV, LaTeX and plots.

The FID table, the contact sheets and the quality report are kept beside the cards (`distances.json`,
`version.json`, `quality.json`), bound to the digests of what they show, so that a board can be published again,
byte for byte, without the images.
"""

import json
from pathlib import Path
from typing import Literal, TypeVar

from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import DatasetVersion, Distances, Leaderboard
from bench.core.record import Record, parse
from bench.core.registry import look_up
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.board import leaderboard
from bench.pipelines.board_labels import with_labels
from bench.pipelines.board_population import population_board
from bench.pipelines.board_quality import with_quality
from bench.pipelines.editions import edition_folders, other_editions
from bench.pipelines.populations import Choice, open_population, select
from bench.reports import FOLDERS, PRESSES, TARGETS
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


Target = Literal["folder", "hub-space"]


def publish(
    track: Track, *, data_root: Path, board_dir: Path | None = None, out: Path | None = None, target: Target = "folder"
) -> Published:
    """Write `<board_dir>/<track>/…` from the listed cards there; the same cards give the same bytes.

    The boards of other editions are written with it. With `out`, the board alone goes there instead; `target`
    `hub-space` adds what a static Space on the Hugging Face hub needs, and asks for `out`.
    """
    folder = (board_dir or leaderboards_folder()).resolve() / track.name
    if out is not None or target != "folder":
        return _write(_board(track, folder, data_root), out.resolve() if out else None, target)
    boards = (folder, *edition_folders(folder))
    made = []
    for one in boards:
        board = _board(track, one, data_root).model_copy(update={"editions": other_editions(one, boards)})
        made.append(_write(board, one, target))
    return made[0].model_copy(update={"files": sum(one.files for one in made)})


def publish_population(
    track: Track, name: str, choice: Choice, *, out: Path | None, data_root: Path, target: Target = "folder", **places
) -> Published:
    """Write the board of a published population (`name` as in `open_population`) to `out`.

    UsageError without `out`: a board of other people's numbers does not take the place of one's own.
    """
    if out is None:
        raise UsageError(
            f"publish --population {name}: say --out DIR; it does not go among the boards of our own cards"
        )
    everybody = open_population(name, choice, data_root=data_root, **places)
    board = population_board(track, everybody, select(everybody, choice), name=name)
    return _write(board, out.resolve(), target)


def outputs_of(board: Leaderboard, target: Target = "folder") -> dict[str, str | bytes]:
    """Everything that is published of a board, by path."""
    outputs: dict[str, str | bytes] = {path: look_up(PRESSES, path, kind="press")(board) for path in PRESSES}
    for name in FOLDERS:
        outputs |= look_up(FOLDERS, name, kind="press")(board)
    return look_up(TARGETS, target, kind="target")(board, outputs) if target != "folder" else outputs


def _board(track: Track, folder: Path, data_root: Path) -> Leaderboard:
    """The board of the listed cards in one folder."""
    cards = tuple(card for card in read_cards(folder / "results") if card.state == "listed")
    board = leaderboard(
        track,
        cards,
        distances=_distances(track, cards, folder, data_root),
        version=_version(track, cards, folder, data_root),
    )
    board = with_labels(board, track, folder=folder, data_root=data_root)
    return with_quality(board, folder=folder, data_root=data_root)


def _write(board: Leaderboard, folder: Path | None, target: Target) -> Published:
    if folder is None:
        raise UsageError(f"publish --target {target}: say --out DIR, a folder of its own")
    outputs = outputs_of(board, target)
    for path, content in outputs.items():
        data = content.encode() if isinstance(content, str) else content
        # A file that says the same already stays: a board of 1,500 models has thousands of them.
        if not (folder / path).is_file() or (folder / path).read_bytes() != data:
            write_bytes(folder / path, data)
    return Published(
        track=board.track,
        page=str(folder / "index.html"),
        models=len(board.rows),
        files=len(outputs),
        notes=board.notes,
    )


def _distances(track: Track, cards: tuple[ScoreCard, ...], folder: Path, data_root: Path) -> Distances | None:
    kept = kept_record(Distances, folder / "distances.json")
    digests = cards[0].dataset_digests if cards else {}
    if kept and any(kept.digests.get(name) != digest for name, digest in digests.items()):
        kept = None
    from bench.pipelines.board_distances import DRAW, distances

    if kept and kept.draw == DRAW:
        return kept
    try:
        fresh = distances(track, data_root=data_root)
    except (DataError, UsageError):
        return kept
    if any(fresh.digests.get(name, digest) != digest for name, digest in digests.items()):
        return kept
    write_json(folder / "distances.json", fresh.model_dump(mode="json"))
    return fresh


def _version(track: Track, cards: tuple[ScoreCard, ...], folder: Path, data_root: Path) -> DatasetVersion | None:
    if track.synthetic is None or track.synthetic.dataset is None:
        return None
    used = {digest for card in cards for digest in card.dataset_digests.values()}
    kept = kept_record(DatasetVersion, folder / "version.json")
    if kept and used.intersection(kept.digests.values()):
        return kept
    from bench.pipelines.board_sheets import dataset_version

    try:
        fresh = dataset_version(track.synthetic.dataset, data_root=data_root)
    except (DataError, UsageError):
        return None
    write_json(folder / "version.json", fresh.model_dump(mode="json"))
    return fresh


def kept_record(kind: type[R], path: Path) -> R | None:
    if not path.is_file():
        return None
    try:
        return parse(kind, json.loads(path.read_bytes()), where=str(path))
    except ValueError:
        raise DataError(f"{path}: not JSON; remove it and publish again") from None
    except UsageError as error:
        raise DataError(f"{error}; remove the file and publish again") from None
