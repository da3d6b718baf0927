"""Tables of accuracies that others published: wide CSVs, the ImageNet testbed's, and timm's result files.

Which format a file has is read off its header; a unit that the format does not define must be declared.
"""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.population import Population, Unit
from bench.core.registry import unknown

TESTBED = {"model", "val", "imagenetv2-matched-frequency", "imagenet-sketch", "val-on-objectnet-classes"}
TESTBED_EXCLUDED = ("aws", "batch64", "subsample")  # models that no figure of the testbed fits (methods.md 8.2)
TIMM = ("model", "img_size", "top1")

# Images behind each accuracy (methods.md 7.1, 7.3, 7.4). Sketch and ObjectNet as their own authors count them.
SIZES = {
    "val": 50000,
    "imagenetv2-matched-frequency": 10000,
    "imagenetv2-matched-frequency-format-val": 10000,
    "imagenetv2-threshold0.7": 10000,
    "imagenetv2-threshold-0.7-format-val": 10000,
    "imagenetv2-topimages": 10000,
    "imagenetv2-top-images-format-val": 10000,
    "imagenet-sketch": 50889,
    "imagenet-r": 30000,
    "imagenet-a": 7500,
    "objectnet-1.0-beta": 18514,
    "val-on-imagenet-r-classes": 10000,
    "val-on-imagenet-a-classes": 10000,
    "val-on-objectnet-classes": 6250,
}
# What timm calls the sets that the testbed names otherwise, and what a track of folders calls them.
ALIASES = {
    "imagenet": "val",
    "sketch": "imagenet-sketch",
    "imagenet-r-clean": "val-on-imagenet-r-classes",
    "imagenet-a-clean": "val-on-imagenet-a-classes",
    "v2": "imagenetv2-matched-frequency",
    "r": "imagenet-r",
    "a": "imagenet-a",
    "objectnet": "objectnet-1.0-beta",
    "val-r": "val-on-imagenet-r-classes",
    "val-a": "val-on-imagenet-a-classes",
    "val-objectnet": "val-on-objectnet-classes",
    "v2-threshold": "imagenetv2-threshold0.7",
    "v2-top": "imagenetv2-topimages",
}


def read_accuracies(paths: Sequence[Path], *, unit: Unit | None = None, key: str | None = None) -> Population:
    """The population in `paths`: one wide CSV with a row a model, or several of timm's files joined by model and size.

    `unit`: what the numbers are; None takes what the format defines (the testbed's and timm's: percent), and is
    refused for other tables. `key`: the column of unique names in a wide CSV (default `model`). DataError for a
    file that cannot be read, duplicate names, and cells that are no numbers, by line.
    """
    tables = [_read(path) for path in paths]
    if all(tuple(head[:3]) == TIMM for head, _, _ in tables):
        return _timm(paths, tables, unit or "percent")
    if len(paths) > 1:
        raise UsageError(f"{paths[1]}: only timm's result files are joined, got another table; give one wide CSV")
    head, rows, digest = tables[0]
    testbed = set(head) >= TESTBED
    declared = unit or ("percent" if testbed else None)
    if declared is None:
        raise UsageError(f"{paths[0]}: the table does not say its unit; declare --unit percent or --unit fraction")
    names = _unique(paths[0], head, rows, key or "model")
    read = {name: _numbers([row[index] for row in rows]) for index, name in enumerate(head) if name != (key or "model")}
    odd = {name: found for name, found in read.items() if isinstance(found, str)}
    if testbed and odd:
        raise DataError(f"{paths[0]}, {next(iter(odd))}, {next(iter(odd.values()))}")
    return Population(
        name="imagenet-testbed" if testbed else paths[0].name,
        source_digest=digest,
        unit=declared,
        models=names,
        columns={name: found for name, found in read.items() if not isinstance(found, str)},
        odd=odd,
        sizes=SIZES if testbed else {},
        aliases=ALIASES if testbed else {},
    )


def read_types(path: Path) -> dict[str, str]:
    """Model -> type, from a CSV with the columns `model,type`."""
    head, rows, _ = _read(path)
    if not {"model", "type"} <= set(head):
        raise DataError(f"{path}: expected the columns model,type, got {', '.join(head)[:80]}")
    names = _unique(path, head, rows, "model")
    return dict(zip(names, (row[head.index("type")] for row in rows), strict=True))


def _timm(paths: Sequence[Path], tables: list, unit: Unit) -> Population:
    """One column a file, named by it: `results-imagenet.csv` is `val`; models as `name@size`."""
    parts: dict[str, dict[str, float]] = {}
    for path, (head, rows, _) in zip(paths, tables, strict=True):
        stem = path.stem.removeprefix("results-")
        column = ALIASES.get(stem, stem)
        if column in parts:
            raise UsageError(f"{path}: the set {column} is given twice")
        names = [f"{row[0]}@{row[1]}" for row in rows]
        _refuse_twice(path, names)
        values = _numbers([row[head.index("top1")] for row in rows])
        if isinstance(values, str):
            raise DataError(f"{path}, top1, {values}")
        parts[column] = dict(zip(names, values, strict=True))
    models = tuple(sorted(set().union(*parts.values())))
    return Population(
        name="timm",
        source_digest="sha256:" + hashlib.sha256("".join(digest for *_, digest in tables).encode()).hexdigest(),
        unit=unit,
        models=models,
        columns={name: np.array([part.get(one, np.nan) for one in models]) for name, part in parts.items()},
        sizes=SIZES,
        aliases=ALIASES,
    )


def _read(path: Path) -> tuple[list[str], list[list[str]], str]:
    """Header, rows of its length, and the file's digest."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text; expected a CSV") from None
    try:
        lines = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV ({error})") from None
    if len(lines) < 2:
        raise DataError(f"{path}: expected a header and a row a model, got {len(lines)} lines")
    head = [name.strip() for name in lines[0]]
    _refuse_twice(path, head, what="column")
    for number, row in enumerate(lines[1:], start=2):
        if len(row) != len(head):
            raise DataError(f"{path}, row {number}: expected {len(head)} cells, got {len(row)}; is the file whole?")
    return head, lines[1:], "sha256:" + hashlib.sha256(data).hexdigest()


def _unique(path: Path, head: list[str], rows: list[list[str]], key: str) -> tuple[str, ...]:
    if key not in head:
        raise UsageError(f"{path}: {unknown(key, known=head, kind='column')}; say with --key which one names the model")
    names = [row[head.index(key)].strip() for row in rows]
    _refuse_twice(path, names)
    return tuple(names)


def _refuse_twice(path: Path, names: Sequence[str], what: str = "model") -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{path}: the {what} {name!r} stands twice; keep one, or give each a name of its own")
        seen.add(name)


def _numbers(cells: list[str]) -> np.ndarray | str:
    """float64 [rows], NaN for empty cells; for a column that holds other text, which row and what it has there."""
    values = np.full(len(cells), np.nan)
    for index, cell in enumerate(cells):
        text = cell.strip().replace(",", "")
        if text.lower() in ("", "nan", "na"):
            continue
        try:
            values[index] = float(text)
        except ValueError:
            values[index] = np.inf
        if not (np.isfinite(values[index]) and values[index] >= 0):
            return f"row {index + 2}: expected an accuracy, got {cell!r:.60}"
    return values
