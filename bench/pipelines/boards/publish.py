"""Publishing a track: from its score cards to the page, Markdown, CSV, LaTeX and plots.

A board can be published again, byte for byte, without the images (`kept.py`).
"""

from functools import partial
from pathlib import Path
from typing import Literal

from bench.core.detection_board import DetectionBoard
from bench.core.errors import UsageError
from bench.core.leaderboard import Leaderboard
from bench.core.record import Record
from bench.core.registry import look_up
from bench.core.track import Track
from bench.engines.local import default_workers, meanwhile
from bench.pipelines.boards.board import leaderboard
from bench.pipelines.boards.commands import of_published
from bench.pipelines.boards.editions import edition_folders, other_editions
from bench.pipelines.boards.kept import Beside, distances_of, version_of
from bench.pipelines.boards.labels import with_labels
from bench.pipelines.boards.population import population_board
from bench.pipelines.boards.publish_share import draw_share, share_of
from bench.pipelines.boards.quality import with_quality
from bench.pipelines.detection.board import detection_board
from bench.pipelines.detection.pictures import with_pictures
from bench.pipelines.robustness.populations import Choice, open_population, select
from bench.reports import DETECTION_FILES, DETECTION_PRESSES, FOLDERS, PRESSES, TARGETS
from bench.store.atomic import clean_leftovers, write_many
from bench.store.cards import CARDS, read_cards
from bench.store.paths import leaderboards_folder


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
PAGE = "index.html"
DRAW = "bench.pipelines.boards.publish_share:draw_share"
MANY = 300  # models from which a second process is worth its start
HERE = 0.4  # the part of their figures that is drawn in this process, which has the texts to print as well


def publish(
    track: Track, *, data_root: Path, board_dir: Path | None = None, out: Path | None = None, target: Target = "folder"
) -> Published:
    """Write `<board_dir>/<track>/…` from the listed cards there; the same cards give the same bytes.

    The boards of other editions are written with it. With `out`, the board alone goes there instead; `target`
    `hub-space` adds what a static Space on the Hugging Face hub needs, and asks for `out`.
    """
    folder = (board_dir or leaderboards_folder()).resolve() / track.name
    if out is not None or target != "folder":
        place = _own(out, f"publish --target {target}")
        return _write(_board(track, Beside(folder, data_root, write=False)), place, target)
    if track.task == "detection":
        return _write(_board(track, Beside(folder, data_root)), folder, target)
    boards = (folder, *edition_folders(folder))
    made = []
    for one in boards:
        board = _board(track, Beside(one, data_root)).model_copy(update={"editions": other_editions(one, boards)})
        made.append(_write(board, one, target))
    return made[0].model_copy(update={"files": sum(one.files for one in made)})


def publish_population(
    track: Track, name: str, choice: Choice, *, out: Path | None, data_root: Path, target: Target = "folder", **places
) -> Published:
    """Write the board of a published population (`name` as in `open_population`) to `out`.

    UsageError without `out`: a board of other people's numbers does not take the place of one's own.
    """
    place = _own(out, f"publish --population {name}")
    everybody = open_population(name, choice, data_root=data_root, **places)
    board = population_board(track, everybody, select(everybody, choice), command=partial(of_published, name, choice))
    return _write(board, place, target)


def outputs_of(board: Leaderboard | DetectionBoard, target: Target = "folder") -> dict[str, str | bytes]:
    """Everything that is published of a board, by path; the figures of a large one by two processes."""
    if isinstance(board, DetectionBoard):
        return _outputs_of_detectors(board, target)
    if len(board.rows) > MANY and default_workers("cpu") > 1:
        with meanwhile(DRAW, share_of(board, (HERE, 1.0))) as drawn_there:
            outputs, here = _texts(board), draw_share((board, (0.0, HERE)))
            there = drawn_there()
    else:
        outputs, here, there = _texts(board), draw_share((board, (0.0, 1.0))), ({}, {})
    outputs |= here[0] | there[0] | {PAGE: look_up(PRESSES, PAGE, kind="press")(board, here[1] | there[1])}
    return look_up(TARGETS, target, kind="target")(board, outputs) if target != "folder" else outputs


def _texts(board: Leaderboard) -> dict[str, str | bytes]:
    """What is printed of a board but for the page, which shows the figures."""
    outputs = {path: look_up(PRESSES, path, kind="press")(board) for path in PRESSES if path != PAGE}
    for folder in FOLDERS:
        outputs |= look_up(FOLDERS, folder, kind="press")(board)
    return outputs


def _outputs_of_detectors(board: DetectionBoard, target: Target) -> dict[str, str | bytes]:
    if target != "folder":
        raise UsageError(f"publish {board.track} --target {target}: boards of detectors are folders so far")
    outputs = {path: look_up(DETECTION_PRESSES, path, kind="press")(board) for path in DETECTION_PRESSES}
    return outputs | look_up({"all": DETECTION_FILES}, "all", kind="press")(board)


def _own(out: Path | None, what: str) -> Path:
    if out is None:
        raise UsageError(f"{what}: say --out DIR, a folder of its own; it does not go among the boards of our cards")
    return out.resolve()


def _board(track: Track, beside: Beside) -> Leaderboard | DetectionBoard:
    """The board of the listed cards in one folder."""
    cards = tuple(card for card in read_cards(beside.folder / "results", CARDS[track.task]) if card.state == "listed")
    if track.task == "detection":
        return with_pictures(detection_board(track, cards), track, folder=beside.folder, data_root=beside.data_root)
    board = leaderboard(
        track, cards, distances=distances_of(track, cards, beside), version=version_of(track, cards, beside)
    )
    return with_quality(with_labels(board, track, beside), beside)


def _write(board: Leaderboard | DetectionBoard, folder: Path, target: Target) -> Published:
    outputs = outputs_of(board, target)
    clean_leftovers(folder)
    data = {folder / path: one.encode() if isinstance(one, str) else one for path, one in outputs.items()}
    # A file that says the same already stays: a board of 1,500 models has thousands of them.
    write_many({path: one for path, one in data.items() if not path.is_file() or path.read_bytes() != one})
    return Published(
        track=board.track,
        page=str(folder / "index.html"),
        models=len(board.rows),
        files=len(outputs),
        notes=board.notes,
    )
