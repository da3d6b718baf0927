"""A share of the figures of a board; apart from `publish`, so that a process that draws starts quickly."""

from typing import Any

from bench.core.leaderboard import Leaderboard
from bench.core.registry import look_up
from bench.reports import FIGURES

Share = tuple[Leaderboard, tuple[float, float]]


def share_of(board: Leaderboard, part: tuple[float, float]) -> Share:
    """What a process needs to draw that part of the figures: no figure shows a model's effective robustness."""
    rows = tuple(row.model_copy(update={"robustness": {}}) for row in board.rows)
    return board.model_copy(update={"rows": rows}), part


def draw_share(share: Share) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The figures from one part of their list to another, as files by path and as the charts of the page."""
    board, part = share
    drawn: tuple[dict[str, bytes], dict[str, Any]] = look_up(FIGURES, "plots", kind="press")(board, part)
    return drawn
