"""The layout that every trainer reads: `<split>/<class_id>/<image>`, and `<split>/metadata.csv`."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple
from itertools import groupby
from pathlib import Path

from bench.core.errors import DataError
from bench.core.manifest import COLUMNS
from bench.store.exported import Found, Stored, inside

METADATA = "metadata.csv"
TABLES = f"*/{METADATA}"
HEAD = ("file_name", "label", *COLUMNS)


def write(folder: Path, images: Iterable[Stored], *, labels: list[str], cell: Callable[[str], str]) -> None:
    """Write `images`, which come split by split; `cell` makes a text harmless in a spreadsheet."""
    for split, group in groupby(images, key=lambda one: one.item.split):
        (folder / split).mkdir()
        with open(folder / split / METADATA, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(HEAD)
            for one in group:
                name = f"{one.item.class_id}/{one.item.image_name}"
                (folder / split / one.item.class_id).mkdir(exist_ok=True)
                (folder / split / name).write_bytes(one.data)
                row = [name, one.label, *astuple(one.item)]
                table.writerow([cell(value) if isinstance(value, str) else value for value in row])


def read(folder: Path) -> Iterator[Found]:
    """Every image that a metadata.csv names; one that is absent, or a picture that none names, is a DataError."""
    for metadata in sorted(folder.glob(TABLES)):
        named = set()
        for row in _rows(metadata):
            path = inside(metadata.parent, row["file_name"])
            named.add(path)
            try:
                yield Found(row["id"], row["sha256"], path.read_bytes())
            except OSError as error:
                raise DataError(f"{path}: cannot be read: {error.strerror}") from None
        for path in sorted(metadata.parent.glob("*/*")):
            if path not in named:
                raise DataError(f"{path}: {metadata} does not name it; remove it, or export the version again")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                if not all(isinstance(row.get(key), str) for key in ("file_name", "id", "sha256")):
                    raise DataError(f"{path}: a row without file_name, id or sha256; export the version again")
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: damaged ({str(error)[:100]}); export the version again") from None
