"""The board as CSV: every number at full precision, as fractions, each with its n and its interval."""

import csv
import io

from bench.core.leaderboard import Column, Leaderboard, Row
from bench.reports.plain_text import to_csv

_ABOUT = ("rank", "slug", "title", "model", "role", "arm", "match", "variant", "arch", "seed", "seeds", "parameters")
_RANKS = ("rank_low", "rank_high", "band", "ties_first")
_TRANSFORMS = ("linear", "logit")


def render(board: Leaderboard) -> str:
    """One line a model, best first; an empty cell is a number that does not exist.

    Text that a spreadsheet could take for a formula starts with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_ABOUT, *_RANKS, "shifted", "shifted_low", "shifted_high", *_heads(board), "command"])
    for row in board.rows:
        writer.writerow(
            [
                *map(_written, _about(row)),
                *(row.rank_interval or (None, None)),
                row.band,
                row.ties_first,
                row.shifted,
                *row.shifted_interval,
                *_numbers(board, row),
                to_csv(row.command),
            ]
        )
    return text.getvalue()


def _about(row: Row) -> list[str | int | None]:
    return [getattr(row, name) for name in _ABOUT]


def _written(value: str | int | None) -> str | int | None:
    return to_csv(value) if isinstance(value, str) else value


def _heads(board: Leaderboard) -> list[str]:
    accuracies = [f"{c.name}_{part}" for c in board.columns for part in ("n", "top1", "low", "high", "top5")]
    return [
        to_csv(head)
        for head in accuracies
        + [
            f"{c.name}_robustness_{transform}{part}"
            for c in _shifted(board)
            for transform in _TRANSFORMS
            for part in ("", "_low", "_high", "_extrapolated")
        ]
    ]


def _numbers(board: Leaderboard, row: Row) -> list[float | bool | None]:
    numbers: list[float | bool | None] = []
    for column in board.columns:
        cell = row.cells.get(column.name)
        numbers += [cell.n, cell.top1, *cell.interval, cell.top5] if cell else [None] * 5
    for column in _shifted(board):
        for transform in _TRANSFORMS:
            value = row.robustness.get(column.name, {}).get(transform)
            numbers += [value.value, *(value.interval or (None, None)), value.extrapolated] if value else [None] * 4
    return numbers


def _shifted(board: Leaderboard) -> list[Column]:
    return [column for column in board.columns if not column.in_distribution]
