"""The page `which.html`, and `which.md`: which method to use at which number of shots and budget."""

from html import escape

from bench.core.data_board import DataBoard
from bench.reports.data_advice_words import TITLE, budget_lines, budget_table, how_to_read, overview
from bench.reports.data_parts import boxed, items, markdown_table
from bench.reports.data_words import shots_in_words
from bench.reports.plain_page import plain_page
from bench.reports.plain_text import one_line, to_markdown

STYLE = """
section > ul { max-width: 90ch; padding-left: 20px; margin-bottom: 16px; } section > ul li { margin: 4px 0; }
"""
GAINS = "The highest shifted accuracy, how many can't be told from it, and the 95 % interval of its gain in points"


def render_page(board: DataBoard) -> str:
    """One HTML file; the same board gives the same text."""
    parts = [
        f"<section><h1>{TITLE}</h1><p class='meta'>{escape(one_line(board.title))} · {_methods(board)} ·"
        " <a href='index.html'>the board</a></p>"
        f"<p class='summary'>{escape(one_line(board.summary))}</p>"
        f"<div class='notes'><b>Read with care</b><ul>{items(board.notes)}</ul></div></section>",
        "<section><h2>The best, by shots and budget</h2>"
        + boxed(overview(board), caption=GAINS, wide=range(1, len(overview(board)[0])))
        + "</section>",
        *(
            f"<section><h2>{escape(_heading(one.shots))}</h2><ul>{items(budget_lines(board, one.shots))}</ul>"
            + boxed(budget_table(board, one.shots), caption="Points and seconds; means over trials", wide=(6, 7))
            + "</section>"
            for one in board.protocols
        ),
        f"<section><h2>How to read this</h2><ul>{items(how_to_read(board))}</ul>"
        f"<p class='meta'>Made by {escape(board.software)}.</p></section>",
    ]
    return plain_page(TITLE, parts, style=STYLE)


def render_markdown(board: DataBoard) -> str:
    """The same as Markdown."""
    parts = [
        f"# {TITLE}",
        f"{to_markdown(board.title)} · {_methods(board)} · [the board](README.md)",
        to_markdown(board.summary),
        "\n".join(f"- {to_markdown(note)}" for note in board.notes),
        f"{GAINS}.\n\n{markdown_table(overview(board), left=4)}",
        *(
            f"## {to_markdown(_heading(one.shots))}\n\n"
            + "\n".join(f"- {to_markdown(line)}" for line in budget_lines(board, one.shots))
            + f"\n\n{markdown_table(budget_table(board, one.shots), left=2)}"
            for one in board.protocols
        ),
        "## How to read this\n\n" + "\n".join(f"- {to_markdown(one)}" for one in how_to_read(board)),
        f"Made by {to_markdown(board.software)}; do not edit by hand.",
    ]
    return "\n\n".join(parts) + "\n"


def _heading(shots: int | None) -> str:
    words = shots_in_words(shots)
    return words[0].upper() + words[1:] + (" of each class" if shots else "")


def _methods(board: DataBoard) -> str:
    return f"{len(board.rows)} methods"
