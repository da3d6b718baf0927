"""A board of detectors as one JSON document: every number at full precision, fractions throughout."""

import json

from bench.core.detection_board import DetectionBoard

FORMAT = 1
LEFT_OUT = {
    "pictures": True,
    "rows": {"__all__": {"cells": {"__all__": {"draws"}}}},
}  # in files of their own, and in the cards


def render(board: DetectionBoard) -> str:
    """The fields of `DetectionBoard` (bench/core/detection_board.py) with `format`, but for pictures and draws."""
    document = board.model_dump(mode="json", exclude=LEFT_OUT)
    return json.dumps({"format": FORMAT} | document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
