"""The classes of a board's images, so that its page can say how models differ from class to class.

Kept beside the cards (`labels.json`), bound to the digests of the sets, as the FID table is: a board can be
published again without the images.
"""

import base64
from pathlib import Path

import numpy as np
from pydantic import Field

from bench.core.errors import DataError, UsageError
from bench.core.leaderboard import Leaderboard
from bench.core.record import Record
from bench.core.track import Track
from bench.pipelines.boards.kept import Beside
from bench.pipelines.tracks import open_set

FILE = "labels.json"


class SetLabels(Record):
    """For each set its digest, and the class index of each image in the order of sorted ids (base64, uint16)."""

    digests: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)


def with_labels(board: Leaderboard, track: Track, beside: Beside) -> Leaderboard:
    """`board` with the labels of every set that were kept, or whose images are here in the same version."""
    kept = beside.read(SetLabels, FILE) or SetLabels()
    digests, labels = {}, {}
    for column in board.columns:
        found = kept.labels.get(column.name) if kept.digests.get(column.name) == column.digest else None
        found = found or _labels(track, column.name, digest=column.digest, data_root=beside.data_root)
        if found:
            digests[column.name], labels[column.name] = column.digest, found
    if labels and (digests, labels) != (kept.digests, kept.labels):
        beside.keep(FILE, SetLabels(digests=digests, labels=labels))
    columns = tuple(one.model_copy(update={"labels": labels.get(one.name)}) for one in board.columns)
    return board.model_copy(update={"columns": columns})


def pack_labels(labels: np.ndarray) -> str:
    """The base64 text of class indices [n], for `Column.labels`."""
    return base64.b64encode(labels.astype("<u2").tobytes()).decode()


def _labels(track: Track, name: str, *, digest: str, data_root: Path) -> str | None:
    try:
        images = open_set(track, name, data_root=data_root)
        if images.digest != digest:
            return None
    except (DataError, UsageError):
        return None
    order = sorted(range(len(images)), key=lambda i: images.ids[i])
    return pack_labels(np.asarray(images.labels)[order])
