"""Predictions from elsewhere, as CSV: keyed by image, or one class a line in the order of the set.

Keyed: `image_id,predicted_class[,probability]`, or ImageNet-X's `file_name,predicted_class,
predicted_probability`. In order: no header, a class a line, as WILDS has it (methods.md 19.5).
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.core.errors import DataError
from bench.core.predictions import Answers

CSV = ".csv"
LARGEST = 512 * 1024 * 1024
_KEYS = {"image_id": "image_id", "file_name": "image_id", "predicted_class": "predicted_class"}
_KEYS |= {"probability": "probability", "predicted_probability": "probability"}
_WILDS = re.compile(r".+?_split[:_-]?(?P<split>[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*?)_(?:seed|fold)[:_-]?")


def wilds_split(path: Path) -> str | None:
    """The split in a name such as `dataset_split:test_seed:0_epoch:best_pred.csv`, or None."""
    match = _WILDS.match(path.name)
    return match["split"] if match else None


def read_csv(path: Path, ids: Sequence[str]) -> tuple[tuple[str, ...], Answers]:
    """The image ids and answers of a CSV; one without a header answers `ids` in their order.

    DataError of one line, with the line's number, for what is not such a file.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path}: larger than {LARGEST >> 20} MB; give a Parquet prediction file")
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [(number, row) for number, row in enumerate(csv.reader(file), start=1) if row]
    except FileNotFoundError:
        raise DataError(f"{path}: no such prediction file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable CSV ({str(error)[:80]})") from None
    if not rows:
        raise DataError(f"{path}: the file is empty; expected a line an image")
    if len(rows[0][1]) == 1 and _whole(rows[0][1][0]) is not None:
        return _in_order(path, rows, ids)
    return _keyed(path, rows)


def by_file_name(found: Sequence[str], ids: Sequence[str]) -> tuple[str, ...]:
    """`found`, with file names that stand for exactly one image of `ids` replaced by that image's id."""
    known, names = set(ids), {}
    for image_id in ids:
        name = image_id.rsplit("/", 1)[-1]
        names[name] = image_id if name not in names else ""
    return tuple(one if one in known else names.get(one) or one for one in found)


def _in_order(path: Path, rows: list[tuple[int, list[str]]], ids: Sequence[str]) -> tuple[tuple[str, ...], Answers]:
    classes = [_class(path, number, row[0] if len(row) == 1 else ",".join(row)) for number, row in rows]
    if len(classes) != len(ids):
        raise DataError(
            f"{path}: {len(classes)} lines without a header, the set has {len(ids)} images; give one class a line in"
            " the order of the sorted image ids, or a header image_id,predicted_class"
        )
    return tuple(ids), Answers(np.array(classes, dtype=np.int64)[:, None])


def _keyed(path: Path, rows: list[tuple[int, list[str]]]) -> tuple[tuple[str, ...], Answers]:
    head = [_KEYS.get(name.strip(), name) for name in rows[0][1]]
    for needed in ("image_id", "predicted_class"):
        if head.count(needed) != 1:
            raise DataError(f"{path}: expected one column {needed!r}, found {', '.join(rows[0][1])[:120]}")
    found: list[str] = []
    classes: list[int] = []
    odds: list[float] = []
    for number, row in rows[1:]:
        if len(row) != len(head):
            raise DataError(f"{path}, line {number}: expected {len(head)} cells, got {len(row)}")
        cells = dict(zip(head, row, strict=True))
        found.append(cells["image_id"])
        classes.append(_class(path, number, cells["predicted_class"]))
        if "probability" in head:
            odds.append(_probability(path, number, cells["probability"]))
    answers = np.array(classes, dtype=np.int64)[:, None]
    return tuple(found), Answers(answers, np.array(odds, dtype=np.float32)[:, None] if odds else None)


def _class(path: Path, number: int, text: str) -> int:
    found = _whole(text)
    if found is None:
        raise DataError(f"{path}, line {number}: expected the number of a class, got {text[:40]!r}")
    return found


def _probability(path: Path, number: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{path}, line {number}: expected a probability, got {text[:40]!r}") from None


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
