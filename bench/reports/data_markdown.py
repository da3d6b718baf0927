"""A data leaderboard as the README.md of its folder."""

from bench.core.data_board import DataBoard
from bench.reports.data_words import Table, advice_lines, how_made, main_table, method_table, shot_table, shots_in_words
from bench.reports.markdown import table
from bench.reports.plain_text import one_line, to_markdown


def render(board: DataBoard) -> str:
    """Summary, caveats, the advice, the tables, the plots, and the command of each row."""
    parts = [
        f"# {to_markdown(board.title)}: {to_markdown(board.question)}",
        to_markdown(board.summary),
        "\n".join(f"- {to_markdown(note)}" for note in board.notes),
        "[Page](index.html) · [table.csv](table.csv) · [table.tex](table.tex) · [board.json](board.json)",
        "## Which one should I use?\n\n" + "\n".join(f"- {to_markdown(one)}" for one in advice_lines(board)),
        f"## Results\n\nAccuracy in percent, differences in points.\n\n{_table(main_table(board), left=2)}",
        "![Gain over standard augmentation](plots/gain.svg) ![Cost against gain](plots/cost.svg)"
        " ![Accuracy against shots](plots/shots.svg)",
        *(
            f"## {to_markdown(shots_in_words(one.shots).capitalize())}\n\n{_table(shot_table(board, one.shots))}"
            for one in board.protocols
        ),
        f"## Pictures\n\nReal shots, and what became of each.\n\n{_pictures(board)}",
        f"## The methods\n\n{_table(method_table(board), left=3)}",
        "## How to read this\n\n" + "\n".join(f"- {to_markdown(one)}" for one in how_made(board)),
        "## Reproduce\n\n```sh\n" + "\n".join(one_line(row.command) for row in board.rows) + "\n```",
        f"Made by {to_markdown(board.software)}; do not edit by hand.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(one: Table, *, left: int = 1) -> str:
    head, rows = one
    return table([to_markdown(cell) for cell in head], [[to_markdown(cell) for cell in row] for row in rows], left=left)


def _pictures(board: DataBoard) -> str:
    lines = [[to_markdown(row.method), f"![](pictures/{row.method}.png)"] for row in board.rows if row.strip]
    return table(["method", "source and results, three times"], lines, left=2)
