"""The board as one JSON document, for other programs: every number at full precision, accuracies as fractions."""

import json

from bench.core.leaderboard import Leaderboard

FORMAT = 1
PICTURES = {"version": {"sheets"}}  # kept in the page and in version.json
BITS = {"rows": {"__all__": {"cells": {"__all__": {"correct"}}}}}  # kept in the score cards


def render(board: Leaderboard) -> str:
    """The fields of `Leaderboard` (bench/core/leaderboard.py) with `format`, but for pictures and correctness bits."""
    document = board.model_dump(mode="json", exclude=PICTURES | BITS)
    return json.dumps({"format": FORMAT} | document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
