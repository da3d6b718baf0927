"""A board of detectors as LaTeX (booktabs): AP at 0.5 on every set, and a published table with our rows."""

from bench.core.detection_board import DetectionBoard
from bench.reports.detection_words import how_made, main_table, quoted_table
from bench.reports.plain_text import to_latex


def render(board: DetectionBoard) -> str:
    """One `table` environment, or two; they need `\\usepackage{booktabs}`."""
    sets = "; ".join(
        f"{one.title}: {one.n} images, {one.boxes} boxes, {one.digest.removeprefix('sha256:')[:12]}"
        for one in board.columns
    )
    said = f"{board.title}: AP@0.5 in percent. {how_made(board)[1]} {sets}."
    tables = [_table(*main_table(board), caption=said, label=board.track, left=3)]
    if board.table:
        caption = f"As published ({board.table.source}), and ours."
        tables.append(_table(*quoted_table(board), caption=caption, label=f"{board.track}-published", left=1))
    head = "% Needs \\usepackage{booktabs}. Made by the benchmark; edit the data, not this file.\n"
    return head + "\n".join(tables)


def _table(head: list[str], rows: list[list[str]], *, caption: str, label: str, left: int) -> str:
    lines = [" & ".join(to_latex(cell) for cell in row).replace("≈", "$\\approx$") + " \\\\" for row in rows]
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in label)
    return "\n".join(
        [
            "\\begin{table}",
            "  \\centering\\small",
            f"  \\caption{{{to_latex(caption)}}}",
            f"  \\label{{tab:{safe}}}",
            f"  \\begin{{tabular}}{{{'l' * left}{'r' * (len(head) - left)}}}",
            "    \\toprule",
            f"    {' & '.join(to_latex(one) for one in head)} \\\\",
            "    \\midrule",
            *(f"    {line}" for line in lines),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
            "",
        ]
    )
