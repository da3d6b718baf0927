"""A board of detectors as CSV: a line for each model and set, fractions at full precision."""

import csv
import io

from bench.core.detection_board import DetectionBoard
from bench.reports.plain_text import to_csv

_ABOUT = ("rank", "slug", "title", "model", "role", "arm", "arch", "seed", "parameters", "shifted")
_PLAIN = ("n", "boxes", "detections", "confidence", "fixed")
_FIGURES = ("ap50", "ap75", "ap", "f1", "f1_fixed", "accuracy")


def render(board: DetectionBoard) -> str:
    """Text that a spreadsheet could take for a formula starts with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = [f"{name}{part}" for name in _FIGURES for part in ("", "_low", "_high")]
    writer.writerow([*_ABOUT, "set", *_PLAIN, *ends, *(f"ap50_{one}" for one in board.class_names)])
    for row in board.rows:
        about = [to_csv(v) if isinstance(v := getattr(row, name), str) else v for name in _ABOUT]
        for name, score in row.cells.items():
            figures = [part for one in _FIGURES for part in (getattr(score, one), *score.intervals[one])]
            classes = [score.per_class[one].ap50 for one in board.class_names]
            writer.writerow([*about, to_csv(name), *(getattr(score, one) for one in _PLAIN), *figures, *classes])
    return text.getvalue()
