"""Boards of other dataset versions beside a track's board: `editions/<version>/` with its own `results/`.

To keep a board when the dataset moves on, move `results`, `version.json`, `distances.json` and `labels.json`
there; publishing the track then renders both, and their pages lead to each other.
"""

import json
from pathlib import Path

from bench.core.dataset_version import Edition

FOLDER = "editions"


def edition_folders(folder: Path) -> tuple[Path, ...]:
    """The folders of the other editions of the board in `folder`, by name."""
    return tuple(sorted(path.parent for path in (folder / FOLDER).glob("*/results") if any(path.glob("*.json"))))


def other_editions(one: Path, boards: tuple[Path, ...]) -> tuple[Edition, ...]:
    """Every board of `boards` but `one`, as it is reached from there; the first of `boards` is the track's own."""
    here = "" if one == boards[0] else "../../"
    return tuple(
        Edition(
            reference=_reference(board),
            page=f"{here}index.html" if board == boards[0] else f"{here}{FOLDER}/{board.name}/index.html",
        )
        for board in boards
        if board != one
    )


def _reference(board: Path) -> str:
    try:
        return str(json.loads((board / "version.json").read_bytes())["reference"])
    except (OSError, ValueError, KeyError, TypeError):
        return board.name
