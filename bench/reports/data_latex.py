"""A data leaderboard as LaTeX (booktabs)."""

from bench.core.data_board import DataBoard
from bench.reports.data_words import TIED, how_made, main_table
from bench.reports.plain_text import to_latex


def render(board: DataBoard) -> str:
    """One `table*` environment; it needs `\\usepackage{booktabs}`."""
    head, rows = main_table(board)
    sets = "; ".join(f"{one.title}: {one.n} images, {one.digest.removeprefix('sha256:')[:12]}" for one in board.columns)
    caption = f"{board.title}. {how_made(board)[0]} {how_made(board)[1]} {sets}."
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in board.track)
    return "\n".join(
        [
            "% Needs \\usepackage{booktabs}. Made by the benchmark; edit the data, not this file.",
            "\\begin{table*}",
            "  \\centering\\scriptsize",
            f"  \\caption{{{_cell(caption)}}}",
            f"  \\label{{tab:{safe}-methods}}",
            f"  \\begin{{tabular}}{{ll{'r' * (len(head) - 2)}}}",
            "    \\toprule",
            f"    {' & '.join(map(_cell, head))} \\\\",
            "    \\midrule",
            *(f"    {' & '.join(map(_cell, row))} \\\\" for row in rows),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table*}",
            "",
        ]
    )


def _cell(text: str) -> str:
    return to_latex(text).replace(TIED, "$\\approx$")
