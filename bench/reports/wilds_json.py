"""A WILDS board as one JSON document, for other programs: every number at full precision, shares as fractions."""

import json

from bench.core.wilds_board import WildsBoard

FORMAT = 1


def render(board: WildsBoard) -> str:
    """The fields of `WildsBoard` (bench/core/wilds_board.py) with `format`."""
    document = {"format": FORMAT} | board.model_dump(mode="json")
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
