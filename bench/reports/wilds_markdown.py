"""A WILDS board as the README.md of its folder."""

from bench.core.wilds_board import WildsBoard
from bench.reports.markdown import table
from bench.reports.plain_text import to_markdown
from bench.reports.wilds_words import heads, legend, lines, sources


def render(board: WildsBoard) -> str:
    """Caveats, table, where each number comes from, and the command that makes it again."""
    rows = [[to_markdown(line[0]), *line[1:]] for line in lines(board)]
    parts = [
        f"# {to_markdown(board.title)}: {to_markdown(board.question)}",
        "\n".join(f"- {to_markdown(note)}" for note in board.notes),
        "[Page](index.html) · [table.csv](table.csv) · [table.tex](table.tex) · [board.json](board.json)",
        f"## Results\n\n{to_markdown(legend(board))}\n\n{table([to_markdown(h) for h in heads(board)], rows, left=2)}",
        "## Where the numbers come from\n\n"
        + "\n".join(f"- {to_markdown(method)}: {to_markdown(source)}" for method, source in sources(board)),
        f"## Reproduce\n\n```sh\npython run_bench.py wilds-evaluate DIR --dataset {board.track} --title NAME\n"
        f"python run_bench.py publish {board.track}\n```",
        f"Licence of the data: {to_markdown(board.licence)}.",
        f"Made by {to_markdown(board.software)}; do not edit by hand.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
