"""What page, Markdown and LaTeX of a board of detectors say alike: heads, rows and sentences, as plain text."""

from bench.core.detection_board import DetectionBoard, DetectionColumn, DetectionRow, TableRow
from bench.core.detection_score import DetectionScore
from bench.reports.numerals import NOTHING, fixed, percent, percent_interval
from bench.reports.plain_text import one_line

TIED, QUOTED = "≈", "quoted"
HEADS = ("AP@0.5, 95 % interval", "AP@0.75", "AP@.5:.95", "best F1 (at)", "F1 at {}", "detection accuracy")


def main_table(board: DetectionBoard) -> tuple[list[str], list[list[str]]]:
    """Head and rows: rank, model, arm, the headline, AP at 0.5 on every set."""
    head = ["rank", "model", "training data", "shifted, 95 % interval", *(one.title for one in board.columns)]
    rows = []
    for row in board.rows:
        cells = [_with(row.cells.get(one.name)) for one in board.columns]
        shifted = f"{percent(row.shifted)} ({percent_interval(row.shifted_interval)})"
        rows.append([rank(board, row), row.title, row.arm, shifted, *cells])
    return head, rows


def set_table(board: DetectionBoard, column: DetectionColumn) -> tuple[list[str], list[list[str]]]:
    """Head and rows: every figure of every model on one set."""
    scores = [(row, row.cells[column.name]) for row in board.rows if column.name in row.cells]
    fixed_at = fixed(scores[0][1].fixed, 2) if scores else NOTHING
    head = ["model", *(one.format(fixed_at) for one in HEADS)]
    return head, [
        [
            row.title,
            *(
                f"{percent(getattr(one, name))} ({percent_interval(one.intervals[name])})"
                for name in ("ap50", "ap75", "ap")
            ),
            f"{percent(one.f1)} ({fixed(one.confidence, 2)})",
            percent(one.f1_fixed),
            f"{percent(one.accuracy)} ({percent_interval(one.intervals['accuracy'])})",
        ]
        for row, one in scores
    ]


def class_table(board: DetectionBoard, column: DetectionColumn) -> tuple[list[str], list[list[str]]]:
    """Head and rows: AP at 0.5 of every class, of every model, on one set."""
    scores = [(row, row.cells[column.name]) for row in board.rows if column.name in row.cells]
    head = ["class", "boxes", *(row.title for row, _ in scores)]
    return head, [
        [
            board.class_names[one],
            f"{scores[0][1].per_class[one].boxes:,}",
            *(_percent(score.per_class[one].ap50) for _, score in scores),
        ]
        for one in board.class_names
        if scores
    ]


def hits_and_misses(model: str) -> str:
    """What stands over the pictures of what `model` found."""
    return f"What {one_line(model)} finds: hits with a full line, false finds with a double one, misses dashed"


def quoted_table(board: DetectionBoard) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a published table, ours under the quoted ones; figures as the table has them."""
    assert board.table is not None
    return ["augmentation", *board.table.columns], [
        [_quoted(one), *(NOTHING if (v := one.figures[head]) is None else f"{v:.4g}" for head in board.table.columns)]
        for one in board.table.rows
    ]


def how_made(board: DetectionBoard) -> list[str]:
    """How to read the numbers, in sentences."""
    headline = ", ".join(one.title for one in board.columns if one.headline)
    return [
        "AP is COCO's average precision (pycocotools; 101 recalls, 100 boxes of a class and image), mean over the"
        f" classes that have a box; shifted is the plain mean of AP@0.5 over {headline}.",
        "Intervals are 95 % by a bootstrap over images, less its bias; all models are resampled alike.",
        "F1 is averaged over classes at 1,000 confidences with an overlap of 0.5, as YOLO's scripts have it; the best"
        " one is chosen on the set itself, and so a little high.",
        "Detection accuracy is WILDS': hits / (hits + false + missed) of an image, scores above 0.5, blind to classes.",
        f"Ranks are intervals that hold for the whole board at once ({board.ranking.method}); {TIED} marks the models"
        " that the data cannot tell from the first.",
    ]


def rank(board: DetectionBoard, row: DetectionRow) -> str:
    """The interval of ranks, with the mark of a tie with the first."""
    first, last = row.rank_interval
    tied = f" {TIED}" if row.ties_first and board.ranking.tied > 1 else ""
    return (str(first) if first == last else f"{first}–{last}") + tied


def _with(score: DetectionScore | None) -> str:
    return NOTHING if score is None else f"{percent(score.ap50)} ({percent_interval(score.intervals['ap50'])})"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else percent(value)


def _quoted(row: TableRow) -> str:
    return f"{row.title} ({QUOTED})" if row.quoted else row.title
