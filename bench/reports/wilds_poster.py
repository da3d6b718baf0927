"""The table of GFlowAug's poster as a report: for each dataset the leaderboard's entry, a baseline's rerun, a method.

The poster shows one number a cell; here each says how many replicates it is over, and what may not be concluded.
"""

from bench.core.wilds_board import Poster, PosterCell, PosterRow
from bench.reports.markdown import table
from bench.reports.plain_text import to_markdown
from bench.reports.wilds_words import QUOTED, number

HEAD = ["dataset (figure on test OOD)", "leaderboard", "baseline rerun", "method"]


def render(report: Poster) -> str:
    """The table in Markdown, with the warnings below it."""
    rows = [[to_markdown(line[0]), *line[1:]] for line in cells(report)]
    warnings = [f"- **{to_markdown(row.title)}**: {to_markdown(one)}" for row in report.rows for one in row.warnings]
    names = [f"- {to_markdown(row.title)}: {to_markdown(_who(row))}" for row in report.rows]
    parts = [table(HEAD, rows), "\n".join(names), "\n".join(["Read with care:", "", *warnings]) if warnings else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def cells(report: Poster) -> list[list[str]]:
    """The table's rows as plain text."""
    return [
        [
            f"{row.title} ({row.metric}{', %' if row.percent else ''})",
            _cell(row.leaderboard, row, 1 if row.percent else 2),
            _cell(row.baseline, row, 2 if row.percent else 4),
            _cell(row.method, row, 2 if row.percent else 4),
        ]
        for row in report.rows
    ]


def _cell(cell: PosterCell, row: PosterRow, digits: int) -> str:
    text = number(cell.spread, percent=row.percent, digits=digits)
    if cell.spread is None:
        return text
    n = "n unknown" if cell.spread.n is None else f"n = {cell.spread.n}"
    return f"{text}, {n}" + (f", {QUOTED}" if cell.quoted else "")


def _who(row: PosterRow) -> str:
    named = (("leaderboard", row.leaderboard), ("baseline", row.baseline), ("method", row.method))
    return "; ".join(f"{what} is {cell.method}" for what, cell in named)
