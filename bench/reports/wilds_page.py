"""A WILDS board as one HTML file that opens from the disk and asks no server for anything."""

from html import escape

from bench.core.wilds_board import WildsBoard
from bench.reports.page import asset
from bench.reports.page_parts import table
from bench.reports.plain_text import one_line
from bench.reports.wilds_words import heads, legend, lines, sources

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
h1 + .notes { margin-top: 14px; }
.box table { border-collapse: collapse; }
.box td, .box thead th { text-align: right; }
.box th:first-child, .box td:nth-child(2), .box caption { text-align: left; }
.box td:nth-child(2) { color: var(--muted); }
"""


def render(board: WildsBoard) -> str:
    """The page of a board; the same board gives the same text."""
    title = f"{escape(one_line(board.title))}: {escape(one_line(board.question))}"
    rows = [[escape(one_line(cell)) for cell in line] for line in lines(board)]
    numbers = table([escape(one) for one in heads(board)], rows, caption="Mean (standard deviation), by split")
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in board.notes)
    origins = "".join(
        f"<div><dt>{escape(one_line(method))}</dt><dd>{escape(one_line(source))}</dd></div>"
        for method, source in sources(board)
    )
    parts = [
        f"<section><h1>{title}</h1><div class='notes'><b>Read with care</b><ul>{notes}</ul></div></section>",
        f"<section><h2>Results</h2><p class='meta'>{escape(legend(board))}</p>{numbers}"
        "<p class='meta'>Take it away: <a href='table.csv'>CSV</a>,"
        " <a href='table.tex'>LaTeX</a>, <a href='board.json'>JSON</a></p></section>",
        f"<section><h2>Where the numbers come from</h2><dl class='facts'>{origins}</dl>"
        f"<p class='meta'>Licence of the data: {escape(board.licence)}.</p>"
        f"<p class='meta'>Made by {escape(board.software)}.</p></section>",
    ]
    style = "\n".join([asset("page.css"), asset("parts.css"), STYLE])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{title}</title><style>{style}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )
