"""A share of what is printed of a board; apart from `publish`, so that a process that prints starts quickly."""

from bench.core.leaderboard import Leaderboard
from bench.core.registry import look_up
from bench.reports import FIGURES, FOLDERS, PRESSES


def print_share(share: tuple[Leaderboard, bool, tuple[float, float]]) -> dict[str, str | bytes]:
    """The texts of a board, if they are asked for, and the figures from one part of their list to another."""
    board, texts, part = share
    outputs: dict[str, str | bytes] = look_up(FIGURES, "plots", kind="press")(board, part)
    if texts:
        outputs |= {path: look_up(PRESSES, path, kind="press")(board) for path in PRESSES}
        for folder in FOLDERS:
            outputs |= look_up(FOLDERS, folder, kind="press")(board)
    return outputs
