"""The board as one JSON document, for other programs: every number at full precision, accuracies as fractions."""

import json
from typing import Any

from bench.core.leaderboard import Leaderboard

FORMAT = 1
PICTURES = {"version": {"sheets"}}  # kept in the page and in version.json
BITS = {"rows": {"__all__": {"cells": {"__all__": {"correct"}}}}}  # kept in the score cards


def render(board: Leaderboard) -> str:
    """The fields of `Leaderboard` (bench/core/leaderboard.py) with `format`, but for pictures and correctness bits.

    A line for each field, and for each entry of one that is a list: a line a model.
    """
    document = {"format": FORMAT} | board.model_dump(mode="json", exclude=PICTURES | BITS)
    lines = (f"{_line(name)}: {_lines(value)}" for name, value in sorted(document.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n " + ",\n ".join(map(_line, value)) + "\n]"
    return _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
