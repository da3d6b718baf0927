"""Predictions for one split of a WILDS dataset: the official forms, and keyed ones.

Official (methods.md 19.5): a CSV without header, one Python literal a line in the order of the split, or for detection
a .pth with a list of dicts `boxes`, `scores`, `labels`. Keyed: a CSV or Parquet file with `image_id` and `prediction`
(or `predicted_class`, or the `topk_class` of our prediction files), or for detection a Parquet file with `image_id`,
`boxes` and `scores`.
"""

import ast
import csv
import json
import math
import pickle
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import DataError
from bench.core.wilds import WildsTrack
from bench.core.wilds_answers import Boxes, WildsAnswers
from bench.store.predictions import HEADER_KEY

KEY, BEST_FIRST = "image_id", "topk_class"
NAMES = ("prediction", "predicted_class", BEST_FIRST)
READ = (*NAMES, "boxes", "scores")
DIGEST = b"dataset_digest"
LARGEST = 1 << 30
SIDE = 1024  # pixels of a GlobalWheat image
LONGEST = 60
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Asked:
    """What the file has to answer: the `ids` of a split in the official order, and how many `classes` there are."""

    track: WildsTrack
    split: str
    ids: Sequence[str]
    digest: str
    classes: int | None = None


def read_answers(path: Path, asked: Asked) -> WildsAnswers:
    """The answers in `path` to what is asked; DataError with the line (or row) of the first that cannot be one."""
    if path.stat().st_size > LARGEST:
        raise DataError(f"{path}: larger than {LARGEST >> 30} GB, which no predictions for this split are")
    if path.suffix == ".parquet":
        return _keyed(path, _parquet(path, asked), asked)
    if asked.track.task == "detection":
        if path.suffix != ".pth":
            raise DataError(f"{path}: detections come as .pth (a list of dicts) or as .parquet, not as {path.suffix}")
        return _torch_list(path, asked)
    if path.suffix == ".pth":
        raise DataError(f"{path}: predictions of {asked.track.name} come as .csv or .parquet, not as .pth")
    return _csv(path, asked)


def _csv(path: Path, asked: Asked) -> WildsAnswers:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"{path}: not text in UTF-8; expected one prediction a line") from None
    numbered = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    if numbered and KEY in numbered[0][1].split(","):
        return _keyed(path, _table(path, lines), asked)
    values = [_checked(path, f"line {number}", _literal(path, number, text), asked) for number, text in numbered]
    if len(values) != len(asked.ids):
        raise DataError(
            f"{path}: {len(values):,} predictions, the split {asked.split} has {len(asked.ids):,} images;"
            " give one a line, in the order of the split"
        )
    return _array(values, asked)


def _literal(path: Path, number: int, text: str) -> Any:
    """One line as a Python literal; a header, an index column or text gets a line of its own."""
    try:
        with warnings.catch_warnings():
            # Python warns of odd text that it reads all the same, and the checks behind this refuse it.
            warnings.simplefilter("ignore")
            return int(text) if _WHOLE.fullmatch(text) else ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        pass
    hint = "the official form has no header" if number == 1 else "one prediction a line, and nothing else"
    if text.lower() in ("nan", "inf", "-inf"):
        hint = "predictions are finite"
    raise DataError(f"{path}, line {number}: expected a number, got {text[:LONGEST]!r}; {hint}")


def _checked(path: Path, where: str, value: Any, asked: Asked) -> Any:
    if isinstance(value, tuple):
        raise DataError(f"{path}, {where}: {len(value)} values; save without an index, one prediction a line")
    if asked.track.task == "classes":
        if type(value) is not int:
            raise DataError(f"{path}, {where}: expected the number of a class, got {repr(value)[:LONGEST]}")
        if not 0 <= value < (asked.classes or 0):
            raise DataError(f"{path}, {where}: class {value} is outside 0..{(asked.classes or 0) - 1}")
    elif type(value) not in (int, float) or not math.isfinite(value):
        raise DataError(f"{path}, {where}: expected a finite number, got {repr(value)[:LONGEST]}")
    return value


def _array(values: list[Any], asked: Asked) -> np.ndarray:
    return np.array(values, dtype=np.int64 if asked.track.task == "classes" else np.float64)


def _table(path: Path, lines: list[str]) -> list[tuple[str, str, Any]]:
    """(where, image id, value) of each row of a keyed CSV."""
    try:
        rows = list(csv.reader(lines))
    except csv.Error as error:
        raise DataError(f"{path}: not a readable CSV ({' '.join(str(error).split())[:80]})") from None
    head = [name.strip() for name in rows[0]]
    column = next((head.index(name) for name in NAMES if name in head), None)
    if column is None:
        raise DataError(f"{path}, line 1: expected columns {KEY} and {NAMES[0]}, found {', '.join(head)[:LONGEST]}")
    key, found = head.index(KEY), []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(head):
            raise DataError(f"{path}, line {number}: expected {len(head)} cells, got {len(row)}")
        found.append((f"line {number}", row[key], _literal(path, number, row[column].strip())))
    return found


def _parquet(path: Path, asked: Asked) -> list[tuple[str, str, Any]]:
    """(where, image id, value) of each row of a keyed Parquet file; its digest must be that of the split."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        columns = {name: table.column(name).to_pylist() for name in {KEY, *READ} & set(table.column_names)}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({' '.join(str(error).split())[:80]})") from None
    said = _said_digest(table.schema.metadata or {})
    if said and said != asked.digest:
        said = " ".join(said[:19].split())
        raise DataError(f"{path}: about the data {said}…, the split here is {asked.digest[:19]}…; predict again")
    detection = asked.track.task == "detection"
    wanted = ("boxes", "scores") if detection else (next((n for n in NAMES if n in table.column_names), NAMES[0]),)
    for name in (KEY, *wanted):
        if name not in table.column_names:
            found = " ".join(", ".join(table.column_names)[:LONGEST].split())
            raise DataError(f"{path}: no column {name!r}, found {found}")
    ids = columns[KEY]
    values = list(zip(*(columns[name] for name in wanted), strict=True)) if detection else columns[wanted[0]]
    if wanted == (BEST_FIRST,):
        values = [one[0] if isinstance(one, list) and one else one for one in values]
    return [(f"row {row}", str(ids[row]), values[row]) for row in range(len(ids))]


def _said_digest(metadata: dict[bytes, bytes]) -> str:
    """The digest of the data that the file says it is about, in its own key or in the header of our files."""
    try:
        header = json.loads(metadata.get(HEADER_KEY, b"{}"))
        return metadata.get(DIGEST, b"").decode() or str(header.get("dataset_digest", ""))
    except (ValueError, AttributeError):
        return ""


def _keyed(path: Path, rows: list[tuple[str, str, Any]], asked: Asked) -> WildsAnswers:
    """Rows joined by image id, in the official order."""
    position: dict[str, int] = {}
    known = set(asked.ids)
    if len(known) < len(asked.ids):
        raise DataError(f"{path}: the split {asked.split} has an image twice, so it takes the official form alone")
    for index, (where, image_id, _) in enumerate(rows):
        if image_id not in known:
            raise DataError(f"{path}, {where}: image {image_id[:LONGEST]!r} is not in the split {asked.split}")
        if position.setdefault(image_id, index) != index:
            raise DataError(f"{path}, {where}: image {image_id[:LONGEST]!r} is answered twice; keep one row an image")
    absent = next((image_id for image_id in asked.ids if image_id not in position), None)
    if absent is not None:
        raise DataError(
            f"{path}: image {absent!r} has no answer ({len(position):,} of {len(asked.ids):,} images answered)"
        )
    ordered = [rows[position[image_id]] for image_id in asked.ids]
    if asked.track.task == "detection":
        return [_boxes(path, where, *value) for where, _, value in ordered]
    return _array([_checked(path, where, value, asked) for where, _, value in ordered], asked)


def _torch_list(path: Path, asked: Asked) -> list[Boxes]:
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())[:80]
        raise DataError(f"{path}: not a list of tensors as torch.save writes it ({reason})") from None
    if not isinstance(found, list) or len(found) != len(asked.ids):
        got = f"{len(found):,} entries" if isinstance(found, list) else type(found).__name__
        raise DataError(f"{path}: expected a list with {len(asked.ids):,} entries, one an image, got {got}")
    boxes = []
    for row, entry in enumerate(found):
        if not isinstance(entry, dict) or not {"boxes", "scores"} <= entry.keys():
            raise DataError(
                f"{path}, entry {row}: expected a dict of boxes, scores and labels, got {type(entry).__name__}"
            )
        boxes.append(_boxes(path, f"entry {row}", entry["boxes"], entry["scores"]))
    return boxes


def _boxes(path: Path, where: str, boxes: Any, scores: Any) -> Boxes:
    boxes, scores = (one.detach() if hasattr(one, "detach") else one for one in (boxes, scores))
    try:
        corners = np.asarray(boxes, dtype=np.float32).reshape(-1, 4) if len(boxes) else np.zeros((0, 4), np.float32)
        odds = np.asarray(scores, dtype=np.float32).reshape(-1)
    except (TypeError, ValueError):
        raise DataError(f"{path}, {where}: boxes are not [k, 4] numbers with k scores") from None
    if len(corners) != len(odds):
        raise DataError(f"{path}, {where}: {len(corners)} boxes and {len(odds)} scores; give one score a box")
    for fault, wrong in _faults(corners, odds).items():
        if wrong.any():
            index = int(np.argmax(wrong))
            box = " ".join(f"{one:g}" for one in corners[index])
            raise DataError(f"{path}, {where}, box {index}: {fault}, got {box} with score {odds[index]:g}")
    return Boxes(corners, odds)


def _faults(boxes: np.ndarray, scores: np.ndarray) -> dict[str, np.ndarray]:
    """What can be wrong with a box -> bool [k], with which."""
    lowest, highest = boxes[:, :2], boxes[:, 2:]
    return {
        "expected four finite numbers": ~np.isfinite(boxes).all(axis=1),
        "its score is not in [0, 1]": ~((scores >= 0) & (scores <= 1)),
        "it is empty or turned around; expected xmin < xmax and ymin < ymax": (highest <= lowest).any(axis=1),
        f"it is outside the image of {SIDE} x {SIDE} pixels; clip it": ((boxes < 0) | (boxes > SIDE)).any(axis=1),
    }
