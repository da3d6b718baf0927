"""What the presses of a WILDS board say in common: the heads and cells of its table, as plain text."""

from bench.core.wilds import Spread
from bench.core.wilds_board import WildsBoard, WildsRow
from bench.reports.numerals import NOTHING, fixed

QUOTED, FEW = "quoted", "¹"


def number(spread: Spread | None, *, percent: bool, digits: int | None = None) -> str:
    """ "32.8 (0.1)" in percent, "0.45 (0.06)" else; without brackets where no deviation is known."""
    if spread is None:
        return NOTHING
    scale, places = (100, 1) if percent else (1, 2)
    places = places if digits is None else digits
    mean = fixed(scale * spread.mean, places)
    return mean if spread.std is None else f"{mean} ({fixed(scale * spread.std, places)})"


def replicates(board: WildsBoard, row: WildsRow) -> str:
    """How many replicates the headline figure is over, with a mark where that is fewer than is official."""
    n = row.cells[0].n if row.cells and row.cells[0] else None
    return "?" if n is None else f"{n}{FEW if n < board.replicates else ''}"


def heads(board: WildsBoard) -> list[str]:
    """The heads of the table's columns."""
    units = [f"{column.title}{', %' if column.percent else ''}" for column in board.columns]
    return ["method", "", f"{board.replicate}s", *units]


def lines(board: WildsBoard) -> list[list[str]]:
    """The table's rows in the order of `heads`."""
    return [
        [
            row.method,
            QUOTED if row.quoted else "evaluated here",
            replicates(board, row),
            *(number(cell, percent=c.percent) for cell, c in zip(row.cells, board.columns, strict=True)),
        ]
        for row in board.rows
    ]


def legend(board: WildsBoard) -> str:
    """How to read the numbers."""
    return (
        f"Mean over {board.replicate}s, in brackets the standard deviation over them (ddof 1); official are"
        f" {board.replicates} {board.replicate}s. {FEW} fewer than that. Sorted by the first figure."
    )


def sources(board: WildsBoard) -> list[tuple[str, str]]:
    """Method and where its numbers come from."""
    return [(row.method, row.source + (f" ({row.remark})" if row.remark else "")) for row in board.rows]
