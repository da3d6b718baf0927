"""The board of the cells in a folder, printed: `<board_dir>/<track>-methods/`."""

from pathlib import Path

from bench.core.data_board import Comparison, DataBoard
from bench.core.record import Record
from bench.core.registry import look_up
from bench.core.track import Track
from bench.pipelines.data_board.board import data_board
from bench.pipelines.data_board.robustness import Lines
from bench.reports import DATA_FILES, DATA_PRESSES
from bench.store.atomic import clean_leftovers, write_many
from bench.store.data_cells import keep_only, read_cells
from bench.store.paths import leaderboards_folder

RESULTS = "results"


class PublishedData(Record):
    """Where a board was written, and what it says."""

    page: str
    cells: int
    summary: str
    comparisons: tuple[Comparison, ...] = ()


def board_folder(track: Track, board_dir: Path | None) -> Path:
    """Where the data leaderboard of a track lies."""
    return (board_dir or leaderboards_folder()).resolve() / f"{track.name}-methods"


def results_folder(track: Track, board_dir: Path | None) -> Path:
    """The cells that its board is made from."""
    return board_folder(track, board_dir) / RESULTS


def publish_data_board(track: Track, *, board_dir: Path | None = None) -> PublishedData:
    """Print the board of the cells there; the same cells, and standard cards of the track, give the same bytes."""
    folder = board_folder(track, board_dir)
    cells = read_cells(folder / RESULTS)
    cards = (board_dir or leaderboards_folder()).resolve() / track.name / RESULTS
    lines = Lines.of(track, cards, cells[0]) if cells else None
    board = data_board(track, cells, lines)
    clean_leftovers(folder)
    files = {folder / path: one.encode() if isinstance(one, str) else one for path, one in outputs_of(board).items()}
    write_many(files)
    keep_only(files, [folder / "plots", folder / "pictures"])
    return PublishedData(
        page=str(folder / "index.html"), cells=len(cells), summary=board.summary, comparisons=board.comparisons
    )


def outputs_of(board: DataBoard) -> dict[str, str | bytes]:
    """Everything that is published of a board, by path."""
    texts = {path: look_up(DATA_PRESSES, path, kind="press")(board) for path in DATA_PRESSES}
    return texts | look_up({"all": DATA_FILES}, "all", kind="press")(board)
