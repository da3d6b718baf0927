"""A board of detectors as one HTML file that opens from the disk and asks no server for anything."""

from html import escape

from bench.core.detection_board import DetectionBoard, DetectionColumn
from bench.reports.detection_plots import figures
from bench.reports.detection_words import class_table, hits_and_misses, how_made, main_table, quoted_table, set_table
from bench.reports.inline_svg import inline
from bench.reports.page_parts import table
from bench.reports.plain_page import plain_page
from bench.reports.plain_text import one_line

_STYLE = """
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr)); gap: 28px; }
.charts, .sheet, section .box + .box { margin-top: 16px; }
.charts { margin-bottom: 20px; } .charts svg { max-width: 520px; }
.models :is(td, th):nth-child(-n + 3) { text-align: left; }
.sheet { max-width: 100%; height: auto; image-rendering: pixelated; border-radius: 3px; }
"""


def render(board: DetectionBoard) -> str:
    """The whole board; the same board gives the same text."""
    title, drawings = escape(one_line(board.title)), figures(board)
    facts = f"{len(board.rows)} models · {len(board.columns)} sets · {len(board.class_names)} classes"
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in board.notes)
    guide = "".join(f"<li>{escape(one)}</li>" for one in how_made(board))
    commands = escape("\n".join(one_line(row.command) for row in board.rows))
    parts = [
        f"<section><h1>{title}</h1><p class='summary'>{escape(one_line(board.question))}</p>"
        f"<p class='meta'>{facts}</p><p class='summary'>{escape(one_line(board.summary))}</p>"
        + (f"<div class='notes'><b>Read with care</b><ul>{notes}</ul></div>" if notes else "")
        + _table(*main_table(board), caption="AP@0.5 in percent, best mean under shift first", kind="numbers models")
        + (_table(*quoted_table(board), caption=f"As published, and ours: {board.table.source}") if board.table else "")
        + "</section>",
        *(_set(board, column, drawings) for column in board.columns),
        f"<section><h2>How to read this</h2><ul>{guide}</ul><h2>Reproduce</h2><pre>{commands}\n"
        f"python run_bench.py publish {escape(one_line(board.track))}</pre>"
        f"<p class='meta'>Made by {escape(board.software)}.</p></section>",
    ]
    return plain_page(title, parts, style=_STYLE)


def _set(board: DetectionBoard, column: DetectionColumn, drawings: dict) -> str:
    name = escape(one_line(column.title))
    charts = "".join(
        f"<figure>{inline(drawings[stem], label=f'{words} on {one_line(column.title)}')}</figure>"
        for stem, words in (
            (f"precision-recall-{column.name}", "Precision against recall"),
            (f"f1-{column.name}", "F1 against confidence"),
        )
    )
    sheets = "".join(
        f"<figure><figcaption>{escape(hits_and_misses(one.model))}</figcaption>"
        f"<img class='sheet' alt='Eight images with what was found and what was missed'"
        f" src='data:image/png;base64,{escape(one.png)}'></figure>"
        for one in board.pictures
        if one.set == column.name
    )
    classes = _table(*class_table(board, column), caption=f"AP@0.5 by class on {one_line(column.title)}, percent")
    facts = f"{column.n:,} images, {column.boxes:,} boxes, <code>{escape(column.digest)}</code>"
    return (
        f"<section><h2>{name}</h2><p>{escape(one_line(column.about))}</p><p class='meta'>{facts}</p>"
        + _table(*set_table(board, column), caption=f"Every figure on {one_line(column.title)}, percent")
        + f"<div class='charts'>{charts}</div>{sheets}"
        + (classes if len(board.class_names) > 1 else "")
        + "</section>"
    )


def _table(head: list[str], rows: list[list[str]], *, caption: str, kind: str = "numbers") -> str:
    cells = [[escape(one_line(cell)) for cell in row] for row in rows]
    return table([escape(one_line(one)) for one in head], cells, caption=caption, kind=kind)
