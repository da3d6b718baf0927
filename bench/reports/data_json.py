"""A data leaderboard as one JSON document: every number at full precision, fractions throughout."""

import json

from bench.core.data_board import DataBoard

FORMAT = 1


def render(board: DataBoard) -> str:
    """The fields of `DataBoard` (bench/core/data_board.py) with `format`, but for the pictures."""
    document = board.model_dump(mode="json", exclude={"rows": {"__all__": {"strip"}}})
    return json.dumps({"format": FORMAT} | document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
