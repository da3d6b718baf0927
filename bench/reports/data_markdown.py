"""A data leaderboard as the README.md of its folder."""

from bench.core.data_board import DataBoard
from bench.reports import data_comparisons
from bench.reports.data_advice_words import TITLE as WHICH
from bench.reports.data_advice_words import advice_lines
from bench.reports.data_parts import markdown_table
from bench.reports.data_plots import figures
from bench.reports.data_words import how_made, main_table, method_table, shot_table, shots_in_words
from bench.reports.markdown import table
from bench.reports.plain_text import one_line, to_markdown

PLOTS = {
    "gain": "Gain over standard augmentation",
    "cost": "Cost against gain",
    "shots": "Accuracy against shots",
}


def render(board: DataBoard) -> str:
    """Summary, caveats, the advice, the tables, the plots, and the command of each row."""
    parts = [
        f"# {to_markdown(board.title)}: {to_markdown(board.question)}",
        to_markdown(board.summary),
        "\n".join(f"- {to_markdown(note)}" for note in board.notes),
        "[Page](index.html) · [table.csv](table.csv) · [table.tex](table.tex) · [board.json](board.json)",
        f"## {WHICH}\n\n"
        + "\n".join(f"- {to_markdown(one)}" for one in advice_lines(board))
        + "\n\n[By budget](which.md): without a generator, with one as it is, and with lessons.",
        f"## Results\n\nAccuracy in percent, differences in points.\n\n{markdown_table(main_table(board), left=2)}",
        " ".join(f"![{PLOTS[stem]}](plots/{stem}.svg)" for stem in figures(board)),
        *(
            f"## {shots_in_words(one.shots).capitalize()}\n\n{markdown_table(shot_table(board, one.shots))}"
            for one in board.protocols
        ),
        data_comparisons.to_md(board),
        f"## Pictures\n\nReal shots, and what became of each.\n\n{_pictures(board)}",
        f"## The methods\n\n{markdown_table(method_table(board), left=3)}",
        "## How to read this\n\n" + "\n".join(f"- {to_markdown(one)}" for one in how_made(board)),
        "## Reproduce\n\n```sh\n" + "\n".join(one_line(row.command) for row in board.rows) + "\n```",
        f"Made by {to_markdown(board.software)}; do not edit by hand.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pictures(board: DataBoard) -> str:
    lines = [[to_markdown(row.method), f"![](pictures/{row.method}.png)"] for row in board.rows if row.strip]
    return table(["method", "source and results, three times"], lines, left=2)
