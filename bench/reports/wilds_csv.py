"""A WILDS board as CSV: every number at full precision, with its deviation and number of replicates."""

import csv
import io

from bench.core.wilds_board import WildsBoard
from bench.reports.plain_text import to_csv


def render(board: WildsBoard) -> str:
    """One line a method, best first; an empty cell is a number that is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"{column.split}_{column.metric}" for column in board.columns]
    writer.writerow(
        ["method", "quoted", "algorithm", "source", *(f"{name}{end}" for name in names for end in ("", "_std", "_n"))]
    )
    for row in board.rows:
        numbers = [(cell.mean, cell.std, cell.n) if cell else (None, None, None) for cell in row.cells]
        about = [to_csv(row.method), row.quoted, row.algorithm, to_csv(row.source)]
        writer.writerow([*about, *(number for three in numbers for number in three)])
    return text.getvalue()
