"""What a board says of the quality of its generated dataset: the report that `quality --track` made of these images."""

from pathlib import Path

from bench.core.leaderboard import Leaderboard
from bench.store.atomic import write_json
from bench.store.qualities import QUALITY, read_qualities, read_quality


def with_quality(board: Leaderboard, *, folder: Path, data_root: Path) -> Leaderboard:
    """`board` with the report of its version on its track: the one on this machine, else the one beside the cards."""
    if board.version is None:
        return board
    made = read_qualities(data_root, board.version.reference, board.version.content_digest)
    report = next((one for one in made if one.track == board.track), None)
    if report is not None:
        # The page has contact sheets of every class already.
        report = report.model_copy(update={"best": (), "worst": ()})
        write_json(folder / QUALITY, report.model_dump(mode="json"))
    else:
        kept = read_quality(folder)
        report = kept if kept and kept.content_digest == board.version.content_digest else None
    return board.model_copy(update={"version": board.version.model_copy(update={"quality": report})})
