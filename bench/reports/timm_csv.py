"""The board as CSV files in the columns of timm's `results/*.csv`, one file a set: `timm/results-<set>.csv`.

In percent with three decimals, parameters in millions with thousands commas, sorted by top-1, top-5 and name, as
timm's own tables are. Shifted sets carry the differences to the set in distribution.
"""

import csv
import io
import re

from bench.core.leaderboard import Column, Leaderboard, Row
from bench.reports.plain_text import to_csv

COLUMNS = ("model", "img_size", "top1", "top1_err", "top5", "top5_err", "param_count", "crop_pct", "interpolation")
DIFFERENCES = ("top1_diff", "top5_diff", "rank_diff")


def render_all(board: Leaderboard) -> dict[str, str]:
    """The text of each file, by path; a cell is empty where the board does not know."""
    inside = next((column for column in board.columns if column.in_distribution), None)
    files: dict[str, str] = {}
    for index, column in enumerate(board.columns):
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", column.name).strip("-") or "set"
        path = f"timm/results-{safe}.csv"
        files[path if path not in files else f"timm/results-{safe}-{index}.csv"] = _table(board, column, inside)
    return files


def _table(board: Leaderboard, column: Column, inside: Column | None) -> str:
    base = None if column is inside else inside
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(DIFFERENCES if base else ())])
    rows = _ordered(board, column)
    before = {row.slug: place for place, row in enumerate(_ordered(board, base))} if base else {}
    for place, row in enumerate(rows):
        writer.writerow([*_about(row, column), *(_differences(row, column, base, before, place) if base else ())])
    return text.getvalue()


def _ordered(board: Leaderboard, column: Column) -> list[Row]:
    rows = [row for row in board.rows if column.name in row.cells]
    return sorted(rows, key=lambda row: (-row.cells[column.name].top1, -(row.cells[column.name].top5 or 0), row.slug))


def _about(row: Row, column: Column) -> list[str]:
    cell, how = row.cells[column.name], row.preprocessing
    millions = f"{row.parameters / 1e6:,.2f}" if row.parameters is not None else ""
    crop = how.get("crop_pct", how.get("crop"))
    return [
        to_csv(row.title),
        str(how.get("size", how.get("img_size", ""))),
        *_with_error(cell.top1),
        *_with_error(cell.top5),
        millions,
        f"{crop:.3f}" if isinstance(crop, int | float) else "",
        str(how.get("interpolation", "")),
    ]


def _with_error(share: float | None) -> tuple[str, str]:
    return ("", "") if share is None else (f"{100 * share:.3f}", f"{100 - 100 * share:.3f}")


def _differences(row: Row, column: Column, base: Column, before: dict[str, int], place: int) -> list[str]:
    cell, other = row.cells[column.name], row.cells.get(base.name)
    if other is None:
        return ["", "", ""]
    top5 = "" if cell.top5 is None or other.top5 is None else _signed(100 * (cell.top5 - other.top5), ".3f")
    return [_signed(100 * (cell.top1 - other.top1), ".3f"), top5, _signed(before[row.slug] - place, "d")]


def _signed(value: float, form: str) -> str:
    return f"{value:+{form}}" if value else "0"
