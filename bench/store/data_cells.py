"""Cells of the data leaderboard on the disk: `<folder>/<id>.json`, each whole or absent."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from bench.core.data_cell import DataCell, Settings
from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.store.atomic import write_json


def cells_folder(root: Path, track: str) -> Path:
    """Where the cells of a track are kept while they are made."""
    return root / "data-board" / track / "cells"


def find_cell(folder: Path, settings: Settings) -> DataCell | None:
    """The finished cell of exactly these settings, or None; a damaged one is a DataError."""
    path = folder / f"{settings.id}.json"
    return read_cell(path) if path.exists() else None


def read_cells(folder: Path) -> tuple[DataCell, ...]:
    """Every cell in a folder, in the order of their names."""
    return tuple(read_cell(path) for path in sorted(folder.glob("*.json")))


def write_cell(folder: Path, cell: DataCell) -> None:
    """Keep a cell, whole or not at all."""
    write_json(folder / f"{cell.settings.id}.json", cell.model_dump(mode="json"))


def keep_only(files: Collection[Path], folders: Iterable[Path]) -> None:
    """Remove what else is in `folders`: a figure of what a board has no more would be taken for its own."""
    for path in [path for folder in folders for path in folder.glob("[!.]*")]:
        if path not in files:
            path.unlink(missing_ok=True)


def read_cell(path: Path) -> DataCell:
    """The cell in a file; DataError where it is damaged, or another than its name says."""
    try:
        cell = parse(DataCell, json.loads(path.read_bytes()), where=path.name)
    except (OSError, ValueError, UsageError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: damaged ({reason[:200]}); remove it, run the command again") from None
    if cell.settings.id != path.stem:
        raise DataError(f"{path}: holds other settings, those of {cell.settings.id}; remove it, run the command again")
    return cell
