"""The section of the documents' comparisons, for the page and for Markdown."""

from html import escape

from bench.core.data_board import Comparison, DataBoard
from bench.reports.data_comparison_words import difference_table, missing_lines, verdicts
from bench.reports.data_parts import boxed, items, markdown_table
from bench.reports.data_plots import comparison_figures
from bench.reports.inline_svg import inline
from bench.reports.plain_text import one_line, to_markdown

TITLE = "The documents' comparisons"
ABOUT = (
    "What the documents behind this benchmark compare, on the cells of this board: digits, a small generator and a"
    " small classifier, so what holds here need not hold there. Each difference is first less second, paired by trial."
)
QUOTED = "Published (quoted, not measured here)"


def to_html(board: DataBoard) -> str:
    """An article a comparison: what it asks, verdicts, quoted figures, what is missing; figure and table."""
    figures = comparison_figures(board)
    articles = []
    for one in board.comparisons:
        stem = f"comparison-{one.name}"
        said = [*verdicts(one), *(f"{QUOTED}: {text}" for text in one.quoted), *missing_lines(one)]
        command = f"<pre>{escape(one_line(one.command))}</pre>" if one.missing else ""
        words = f"<ul>{items(said)}</ul>{command}"
        if stem in figures:
            numbers = boxed(
                difference_table(one), caption="Points, first less second; paired 95 % interval over trials"
            )
            numbers = f"<details><summary>All differences</summary>{numbers}</details>"
            drawing = inline(figures[stem], label=f"{one.title}; the numbers are in the table beside")
            links = "".join(f"<a href='plots/{stem}.{kind}'>{kind.upper()}</a> " for kind in ("svg", "pdf", "csv"))
            figure = f"<figure>{drawing}<figcaption class='files'>{links}</figcaption></figure>"
            words = f"<div class='pair'>{figure}<div>{words}{numbers}</div></div>"
        articles.append(
            f"<article id='{stem}'><h3>{escape(one.title)}</h3><p class='words'>{escape(one_line(one.says))}"
            f" <small>{escape(one_line(one.document))}</small></p>{words}</article>"
        )
    return f"<section id='comparisons'><h2>{TITLE}</h2><p class='words'>{ABOUT}</p>{''.join(articles)}</section>"


def to_md(board: DataBoard) -> str:
    """The same as Markdown, the figures as pictures."""
    return "\n\n".join([f"## {TITLE}", ABOUT, *map(_article, board.comparisons)])


def _article(one: Comparison) -> str:
    said = [*verdicts(one), *(f"{QUOTED}: {text}" for text in one.quoted), *missing_lines(one)]
    parts = [
        f"### {to_markdown(one.title)}",
        f"{to_markdown(one.says)} ({to_markdown(one.document)})",
        "\n".join(f"- {to_markdown(line)}" for line in said),
    ]
    if one.missing:
        parts.append(f"```sh\n{one_line(one.command)}\n```")
    if one.differences:
        parts.append(f"![{to_markdown(one.title)}](plots/comparison-{one.name}.svg)")
        parts.append(markdown_table(difference_table(one)))
    return "\n\n".join(parts)
