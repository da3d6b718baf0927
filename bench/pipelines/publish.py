"""Publishing a track: from its score cards to the page, Markdown, CSV, LaTeX and plots.

The FID table and the contact sheets are kept beside the cards (`distances.json`, `version.json`), bound to
the digests of what they show, so that a board can be published again, byte for byte, without the images.
"""

import json
from pathlib import Path
from typing import Literal, TypeVar

from bench.core.detection_board import DetectionBoard
from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import DatasetVersion, Distances, Leaderboard
from bench.core.record import Record, parse
from bench.core.registry import look_up
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.pipelines.board import leaderboard
from bench.pipelines.board_labels import with_labels
from bench.pipelines.board_population import population_board
from bench.pipelines.detection_board import detection_board
from bench.pipelines.detection_pictures import with_pictures
from bench.pipelines.editions import edition_folders, other_editions
from bench.pipelines.populations import Choice, open_population, select
from bench.reports import DETECTION_FILES, DETECTION_PRESSES, FOLDERS, PRESSES, TARGETS
from bench.store.atomic import write_bytes, write_json
from bench.store.cards import CARDS, read_cards
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
    if track.task == "detection":
        return _write(_board(track, folder, data_root), folder, target)
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


def outputs_of(board: Leaderboard | DetectionBoard, target: Target = "folder") -> dict[str, str | bytes]:
    """Everything that is published of a board, by path."""
    if isinstance(board, DetectionBoard):
        if target != "folder":
            raise UsageError(f"publish {board.track} --target {target}: boards of detectors are folders so far")
        outputs = {path: look_up(DETECTION_PRESSES, path, kind="press")(board) for path in DETECTION_PRESSES}
        return outputs | look_up({"all": DETECTION_FILES}, "all", kind="press")(board)
    outputs: dict[str, str | bytes] = {path: look_up(PRESSES, path, kind="press")(board) for path in PRESSES}
    for name in FOLDERS:
        outputs |= look_up(FOLDERS, name, kind="press")(board)
    return look_up(TARGETS, target, kind="target")(board, outputs) if target != "folder" else outputs


def _board(track: Track, folder: Path, data_root: Path) -> Leaderboard | DetectionBoard:
    """The board of the listed cards in one folder."""
    cards = tuple(card for card in read_cards(folder / "results", CARDS[track.task]) if card.state == "listed")
    if track.task == "detection":
        return with_pictures(detection_board(track, cards), track, folder=folder, data_root=data_root)
    board = leaderboard(
        track,
        cards,
        distances=_distances(track, cards, folder, data_root),
        version=_version(track, cards, folder, data_root),
    )
    return with_labels(board, track, folder=folder, data_root=data_root)


def _write(board: Leaderboard | DetectionBoard, folder: Path | None, target: Target) -> Published:
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
    kept = kept_record(DatasetVersion, folder / "version.json")
    if kept and used.intersection(kept.digests.values()):
        return kept
    from bench.pipelines.quality import dataset_version

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
