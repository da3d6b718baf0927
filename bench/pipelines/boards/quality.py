"""What a board says of the quality of its generated dataset: the report that `quality --track` made of these images."""

from bench.core.leaderboard import Leaderboard
from bench.core.quality import VersionQuality
from bench.pipelines.boards.kept import Beside
from bench.store.qualities import QUALITY, read_qualities


def with_quality(board: Leaderboard, beside: Beside) -> Leaderboard:
    """`board` with the report of its version on its track: the one on this machine, else the one beside the cards."""
    if board.version is None:
        return board
    kept = beside.read(VersionQuality, QUALITY)
    report = kept if kept and kept.content_digest == board.version.content_digest else None
    for one in read_qualities(beside.data_root, board.version.reference, board.version.content_digest):
        if one.track == board.track:
            # The page has contact sheets of every class already.
            report = one.model_copy(update={"best": (), "worst": ()})
    if report is not None and report != kept:
        beside.keep(QUALITY, report)
    return board.model_copy(update={"version": board.version.model_copy(update={"quality": report})})
