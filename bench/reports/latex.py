"""The board as a LaTeX table (booktabs): percent, best in bold, n and digests in the caption."""

from bench.core.leaderboard import Column, Leaderboard, Row
from bench.reports.numerals import fixed, percent, rank_interval
from bench.reports.page_data import ordered_sets
from bench.reports.plain_text import one_line, shorten, to_latex
from bench.reports.series import series_of

LONGEST = 60  # rows that fit on a page


def render(board: Leaderboard) -> str:
    """A `table` environment; needs `\\usepackage{booktabs}` and, for other alphabets, LuaLaTeX or XeLaTeX."""
    sets = ordered_sets(board)
    data = {index: group.label for group in series_of(board) for index in group.rows}
    best = {
        c.name: max((row.cells[c.name].top1 for row in board.rows if c.name in row.cells), default=None) for c in sets
    }
    top = max((row.shifted for row in board.rows), default=None)
    lines = [_line(row, data[index], sets, best, top) for index, row in enumerate(board.rows[:LONGEST])]
    heads = " & ".join(f"{to_latex(column.title)}" for column in sets)
    return "\n".join(
        [
            "% Needs \\usepackage{booktabs}. Made by the benchmark; edit the data, not this file.",
            "\\begin{table}",
            "  \\centering\\small",
            f"  \\caption{{{_caption(board, sets)}}}",
            f"  \\label{{tab:{_label(board)}}}",
            f"  \\begin{{tabular}}{{rll{'r' * (len(sets) + 1)}}}",
            "    \\toprule",
            f"    & model & data & shifted & {heads} \\\\" if sets else "    & model & data & shifted \\\\",
            "    \\midrule",
            *(lines or [f"    \\multicolumn{{{len(sets) + 4}}}{{l}}{{No model has been listed yet.}} \\\\"]),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
            "",
        ]
    )


def _line(row: Row, data: str, sets: list[Column], best: dict[str, float | None], top: float | None) -> str:
    low, high = row.shifted_interval
    shifted = f"{_bold(percent(row.shifted), row.shifted == top)} {{\\scriptsize[{percent(low)}, {percent(high)}]}}"
    cells = [row.cells.get(column.name) for column in sets]
    values = [_bold(percent(c.top1), c.top1 == best[s.name]) if c else "--" for c, s in zip(cells, sets, strict=True)]
    name = to_latex(shorten(one_line(row.title), 48))
    tied = "\\,$\\approx$" if row.ties_first else ""
    rank = rank_interval(row).replace("–", "--")
    return f"    {rank}{tied} & {name} & {to_latex(data)} & {' & '.join([shifted, *values])} \\\\"


def _bold(text: str, best: bool) -> str:
    return f"\\textbf{{{text}}}" if best else text


def _caption(board: Leaderboard, sets: list[Column]) -> str:
    headline = ", ".join(to_latex(column.title) for column in sets if column.headline)
    numbers = "; ".join(f"{to_latex(c.title)} $n = {c.n}$, \\texttt{{{to_latex(_hex(c.digest))}}}" for c in sets)
    version = (
        f" Dataset {to_latex(board.version.reference)},"
        f" content \\texttt{{{to_latex(_hex(board.version.content_digest))}}}."
        if board.version
        else ""
    )
    shown = f" First {LONGEST} of {len(board.rows)} models." if len(board.rows) > LONGEST else ""
    fits = [fit for fit in board.fits if fit.transform == "linear"]
    return (
        f"{to_latex(board.title)}: accuracy in percent. Shifted: mean over {headline or 'no set'},"
        f" with its 95\\,\\% interval"
        f" in brackets. Best in bold.{_ranks(board)}{shown}"
        f" {numbers}.{version}" + (f" Standard models in the robustness fit: {fits[0].n}." if fits else "")
    )


def _ranks(board: Leaderboard) -> str:
    if board.ranking is None:
        return " A difference smaller than the intervals may be chance."
    return (
        f" Ranks are intervals that hold together with {fixed(100 * board.ranking.confidence, 0)}\\,\\% confidence"
        f" ({to_latex(board.ranking.method)}); $\\approx$ marks models not separable from the first."
    )


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _label(board: Leaderboard) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in board.track)
