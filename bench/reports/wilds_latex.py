"""A WILDS board, and the three-column table of methods, as LaTeX tables (booktabs)."""

from bench.core.wilds_board import Poster, WildsBoard
from bench.reports.plain_text import to_latex
from bench.reports.wilds_poster import HEAD, cells
from bench.reports.wilds_words import heads, legend, lines


def render(board: WildsBoard) -> str:
    """A `table` environment of the test splits; quoted rows are in italics."""
    tests = board.model_copy(update={"columns": tuple(one for one in board.columns if one.split.endswith("test"))})
    kept = [index for index, one in enumerate(board.columns) if one in tests.columns]
    cut = [row.model_copy(update={"cells": tuple(row.cells[index] for index in kept)}) for row in board.rows]
    tests = tests.model_copy(update={"rows": tuple(cut)})
    rows = [
        [f"\\textit{{{to_latex(line[0])}}}" if row.quoted else to_latex(line[0]), *map(_cell, line[2:])]
        for row, line in zip(tests.rows, lines(tests), strict=True)
    ]
    named = heads(tests)
    caption = f"{to_latex(board.title)}. {to_latex(legend(board))} Rows in italics are quoted."
    return _table([to_latex(one) for one in [named[0], *named[2:]]], rows, caption=caption, label=board.track)


def poster(report: Poster) -> str:
    """The table of `bench/reports/wilds_poster.py`."""
    rows = [list(map(_cell, line)) for line in cells(report)]
    warnings = " ".join(to_latex(one) for row in report.rows for one in row.warnings)
    caption = f"Figures on the shifted test sets; standard deviations in brackets. {warnings}"
    return _table([to_latex(one) for one in HEAD], rows, caption=caption, label="wilds-methods")


def _cell(text: str) -> str:
    return to_latex(text).replace("–", "--").replace("¹", "$^{1}$").replace("\N{MINUS SIGN}", "$-$")


def _table(head: list[str], rows: list[list[str]], *, caption: str, label: str) -> str:
    return "\n".join(
        [
            "% Needs \\usepackage{booktabs}. Made by the benchmark; edit the data, not this file.",
            "\\begin{table}",
            "  \\centering\\small",
            f"  \\caption{{{caption.replace('¹', '$^{1}$')}}}",
            f"  \\label{{tab:{label}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            "    \\toprule",
            f"    {' & '.join(head)} \\\\",
            "    \\midrule",
            *(f"    {' & '.join(row)} \\\\" for row in rows),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
            "",
        ]
    )
