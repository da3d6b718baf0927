"""A data leaderboard as one HTML file that opens from the disk and asks no server for anything."""

import base64
from html import escape

from bench.core.data_board import DataBoard
from bench.reports import data_comparisons
from bench.reports.data_advice_words import TITLE as WHICH
from bench.reports.data_advice_words import advice_lines
from bench.reports.data_parts import boxed, items
from bench.reports.data_plots import figures
from bench.reports.data_strips import on_any_ground
from bench.reports.data_words import how_made, main_table, method_table, shot_table, shots_in_words
from bench.reports.inline_svg import inline
from bench.reports.plain_page import plain_page
from bench.reports.plain_text import one_line

_STYLE = """
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 28px; }
.charts svg { max-width: 560px; } .charts { margin-top: 16px; }
tbody tr:has(th i) > * { background: var(--band) !important; } tbody th i { font-style: normal; }
summary { cursor: pointer; font-weight: 600; padding: 4px 0; } article + article { margin-top: 36px; }
article ul { padding-left: 20px; } article li { margin: 4px 0; } article .pair { margin-top: 12px; }
.strips { display: grid; gap: 10px; }
.strips div { display: grid; grid-template-columns: 15em 1fr; gap: 12px; align-items: center; }
.strips img { max-width: 100%; height: auto; image-rendering: pixelated; }
@media (max-width: 600px) { .strips div { grid-template-columns: 1fr; gap: 2px; } }
"""
_ALT = {
    "gain": "Gain over standard augmentation under shift, with intervals; the numbers are in the table",
    "cost": "Seconds of a cell against gain; the numbers are in the table",
    "shots": "Shifted accuracy against shots, with bands; the numbers are in the tables",
}


def render(board: DataBoard) -> str:
    """The whole board; the same board gives the same text."""
    title = escape(one_line(board.title))
    trials = max(len(one.trials) for row in board.rows for one in row.results)
    shots = ", ".join(shots_in_words(one.shots) for one in board.protocols)
    facts = (
        f"{len(board.rows)} methods · {shots} · up to {trials} trial{'s' * (trials > 1)} · {len(board.columns)} sets"
    )
    charts = "".join(
        f"<figure>{inline(figure, label=_ALT[stem])}<figcaption class='files'><a href='plots/{stem}.svg'>SVG</a>"
        f" <a href='plots/{stem}.pdf'>PDF</a></figcaption></figure>"
        for stem, figure in figures(board).items()
    )
    tables = [
        f"<details{' open' * (len(board.protocols) == 1)}><summary>{shots_in_words(one.shots).capitalize()}</summary>"
        + boxed(shot_table(board, one.shots), caption="Accuracy after the last epoch, percent")
        + "</details>"
        for one in board.protocols
    ]
    parts = [
        f"<section><h1>{title}</h1><p class='summary'>{escape(one_line(board.question))}</p><p class='meta'>{facts}</p>"
        f"<p class='summary'>{escape(one_line(board.summary))}</p>"
        f"<div class='notes'><b>Read with care</b><ul>{items(board.notes)}</ul></div></section>",
        f"<section id='which'><h2>{WHICH}</h2><ul>{items(advice_lines(board))}</ul>"
        "<p class='meta'><a href='which.html'>By budget</a>: without a generator, with one as it is, and with"
        " lessons</p></section>",
        "<section><h2>Results</h2>"
        + boxed(main_table(board), caption="Percent; the largest mean gain first", lead=1)
        + "<p class='meta'>Take it away: <a href='table.csv'>CSV</a>, <a href='table.tex'>LaTeX</a>,"
        f" <a href='board.json'>JSON</a></p><div class='charts'>{charts}</div></section>",
        f"<section><h2>Every set</h2>{''.join(tables)}</section>",
        data_comparisons.to_html(board),
        f"<section><h2>Pictures</h2><p>Three real shots, and what became of each.</p><div class='strips'>"
        f"{_strips(board)}</div></section>",
        "<section><h2>The methods</h2>"
        + boxed(method_table(board), caption="What each does", kind="texts")
        + f"<h2>How to read this</h2><ul>{items(how_made(board))}</ul>"
        f"<h2>Reproduce</h2><pre>{escape(chr(10).join(one_line(row.command) for row in board.rows))}</pre>"
        f"<p class='meta'>Made by {escape(board.software)}.</p></section>",
    ]
    return plain_page(title, parts, style=_STYLE)


def _inline(strip: str) -> str:
    return base64.b64encode(on_any_ground(strip)).decode()


def _strips(board: DataBoard) -> str:
    return "".join(
        f"<div><span>{escape(one_line(row.method))}</span><img src='data:image/png;base64,{_inline(row.strip)}'"
        f" alt='Three shots and what {escape(one_line(row.method))} makes of each'></div>"
        for row in board.rows
        if row.strip
    )
