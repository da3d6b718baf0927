"""Pieces that the pages of a data leaderboard share: tables with intervals, lists, and tables in Markdown."""

from collections.abc import Iterable
from html import escape

from bench.reports.data_words import Table
from bench.reports.markdown import table as in_markdown
from bench.reports.page_parts import table, with_interval
from bench.reports.plain_text import one_line, to_markdown


def boxed(one: Table, *, caption: str, kind: str = "numbers", lead: int = 0, wide: Iterable[int] = ()) -> str:
    """`lead`: mark columns before the name, which move into it, so that the name heads its row; `wide`: columns of
    text that may break into lines."""
    head, rows = one
    heads = [escape(one_line(cell)) for cell in head[lead:]]
    cells = [
        [
            _cell(row[lead]) + "".join(f" <i>{escape(mark)}</i>" for mark in row[:lead] if mark),
            *(_cell(cell) for cell in row[lead + 1 :]),
        ]
        for row in rows
    ]
    for place in wide:
        for row in [heads, *cells]:
            row[place] = f"<span class='words'>{row[place]}</span>"
    return table(heads, cells, caption=caption, kind=kind)


def _cell(text: str) -> str:
    """`61.2 (58.0 to 64.4)` as the number over its interval."""
    number, bracket, rest = text.partition(" (")
    if bracket and rest.endswith(")") and " to " in rest:
        return with_interval(escape(number), escape(rest[:-1]))
    return escape(one_line(text))


def items(lines: Iterable[str]) -> str:
    """List items."""
    return "".join(f"<li>{escape(one_line(line))}</li>" for line in lines)


def markdown_table(one: Table, *, left: int = 1) -> str:
    """The table in Markdown, its text inert."""
    head, rows = one
    return in_markdown(
        [to_markdown(cell) for cell in head], [[to_markdown(cell) for cell in row] for row in rows], left=left
    )
