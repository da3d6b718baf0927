"""A board of detectors as the README.md of its folder."""

from bench.core.detection_board import DetectionBoard
from bench.reports.detection_words import class_table, hits_and_misses, how_made, main_table, quoted_table, set_table
from bench.reports.markdown import table
from bench.reports.plain_text import one_line, to_markdown


def render(board: DetectionBoard) -> str:
    """Summary, caveats, the tables, the plots, and the commands that make it all again."""
    parts = [
        f"# {to_markdown(board.title)}: {to_markdown(board.question)}",
        to_markdown(board.summary),
        "\n".join(f"- {to_markdown(note)}" for note in board.notes),
        "[Page](index.html) · [table.csv](table.csv) · [table.tex](table.tex) · [board.json](board.json)",
        f"## Results\n\nAP@0.5 in percent.\n\n{_table(*main_table(board), left=3)}",
        f"## As published, and ours\n\n{_table(*quoted_table(board))}" if board.table else "",
        *(_set(board, column) for column in board.columns),
        "## How to read this\n\n" + "\n".join(f"- {to_markdown(one)}" for one in how_made(board)),
        _commands(board),
        f"Made by {to_markdown(board.software)}; do not edit by hand.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _set(board: DetectionBoard, column) -> str:
    pictures = [f"![Precision against recall](plots/precision-recall-{column.name}.svg)"]
    pictures.append(f"![F1 against confidence](plots/f1-{column.name}.svg)")
    pictures += [
        f"\n\n{to_markdown(hits_and_misses(one.model))}.\n\n![What is found](pictures/{one.set}.png)"
        for one in board.pictures
        if one.set == column.name
    ]
    about = f"{to_markdown(column.about)}; {column.n:,} images, {column.boxes:,} boxes; `{column.digest}`"
    classes = f"AP@0.5 by class.\n\n{_table(*class_table(board, column))}" if len(board.class_names) > 1 else ""
    head = f"## {to_markdown(column.title)}\n\n{about}\n\n{_table(*set_table(board, column))}"
    return "\n\n".join(part for part in (head, " ".join(pictures), classes) if part)


def _table(head: list[str], rows: list[list[str]], *, left: int = 1) -> str:
    # What others wrote stands in the head and in the first columns; the rest are our own numbers.
    lines = [[*map(to_markdown, row[:left]), *row[left:]] for row in rows]
    return table([to_markdown(one) for one in head], lines, left=left)


def _commands(board: DetectionBoard) -> str:
    commands = "\n".join(one_line(row.command).replace("`", "'") for row in board.rows)
    return f"## Reproduce\n\n```sh\n{commands}\npython run_bench.py publish {one_line(board.track)}\n```"
