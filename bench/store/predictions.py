"""Prediction files: Parquet with a row an image, and what they are about as JSON in the file's metadata.

No labels inside, so that a file can be scored by anyone and tells nothing about the test set.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench.core.errors import DataError, UsageError
from bench.core.predictions import PredictionHeader, Predictions
from bench.core.record import parse
from bench.store.atomic import replacing

FORMAT = 1
HEADER_KEY = b"imagenet-g"
TOP = 5


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write columns `image_id`, `topk_class` (list of int32), `topk_probability` (list of float32)."""
    table = pa.table(
        {
            "image_id": pa.array(predictions.image_ids, pa.string()),
            "topk_class": _lists(predictions.topk_class, pa.int32()),
            "topk_probability": _lists(predictions.topk_probability, pa.float32()),
        }
    )
    header = json.dumps(predictions.header.model_dump(mode="json"), sort_keys=True)
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata({HEADER_KEY: header}), temporary, compression="zstd")


def read_predictions(path: Path, header: PredictionHeader | None = None) -> Predictions:
    """Read a prediction file; a damaged or foreign one is a DataError of one line.

    A Parquet file carries its header. A CSV `image_id,predicted_class[,probability]` (class: an index
    into the class list) cannot, so there `header` must be given.
    """
    if path.suffix == ".csv":
        if header is None:
            raise UsageError(f"{path}: a CSV does not say what it is about; name the track and the set")
        return _read_csv(path, header)
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such prediction file") from None
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable Parquet file ({_short(error)}); write it again") from None
    header = _header(table, path)
    classes, odds = _answers(table, path)
    return Predictions(header, tuple(_ids(table, path)), classes, odds)


def _header(table: pa.Table, path: Path) -> PredictionHeader:
    text = (table.schema.metadata or {}).get(HEADER_KEY)
    if text is None:
        raise DataError(f"{path}: no header {HEADER_KEY.decode()!r} in its metadata; not a prediction file of ours")
    try:
        data = json.loads(text)
    except ValueError:
        raise DataError(f"{path}: the header in the file's metadata is not JSON; write it again") from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise DataError(f"{path}: prediction format {found!r}, this software reads {FORMAT}; update it")
    try:
        return parse(PredictionHeader, data, where=str(path))
    except UsageError as error:
        raise DataError(str(error)) from None


def _answers(table: pa.Table, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if "logits" in table.column_names:
        return _best(_matrix(table, "logits", path, np.float64))
    return _matrix(table, "topk_class", path, np.int64), _matrix(table, "topk_probability", path, np.float32)


def _best(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    # Stable, so that a tie goes to the lower class whatever the machine.
    order = np.argsort(-odds, axis=1, kind="stable")[:, :TOP]
    return order, np.take_along_axis(odds, order, axis=1).astype(np.float32)


def _matrix(table: pa.Table, column: str, path: Path, dtype: type) -> np.ndarray:
    if column not in table.column_names:
        raise DataError(f"{path}: no column {column!r}, found {', '.join(table.column_names) or 'none'}")
    rows = table.column(column).to_pylist()
    try:
        matrix = np.array(rows, dtype=dtype)
    except (TypeError, ValueError):
        raise DataError(f"{path}: column {column!r} must hold lists of equally many numbers") from None
    if len(rows) and matrix.ndim != 2:
        raise DataError(f"{path}: column {column!r} must hold a list of numbers for each image")
    return matrix.reshape(len(rows), -1)


def _ids(table: pa.Table, path: Path) -> list[str]:
    ids = table.column("image_id").to_pylist() if "image_id" in table.column_names else [None]
    if any(not isinstance(image_id, str) for image_id in ids):
        raise DataError(f"{path}: column 'image_id' must hold text for each image")
    return ids


def _read_csv(path: Path, header: PredictionHeader) -> Predictions:
    kinds = {"image_id": pa.string(), "predicted_class": pa.int64(), "probability": pa.float32()}
    try:
        table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=kinds))
    except FileNotFoundError:
        raise DataError(f"{path}: no such prediction file") from None
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable CSV ({_short(error)})") from None
    classes = _column(table, "predicted_class", path)
    certain = "probability" not in table.column_names
    odds = np.ones_like(classes) if certain else _column(table, "probability", path)
    return Predictions(header, tuple(_ids(table, path)), classes, odds.astype(np.float32))


def _column(table: pa.Table, name: str, path: Path) -> np.ndarray:
    if name not in table.column_names:
        raise DataError(f"{path}: no column {name!r}, found {', '.join(table.column_names)}")
    if table.column(name).null_count:
        raise DataError(f"{path}: column {name!r} has an empty cell")
    return table.column(name).to_numpy().reshape(-1, 1)


def _lists(matrix: np.ndarray, kind: pa.DataType) -> pa.Array:
    n, k = matrix.shape
    return pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * k, pa.array(matrix.reshape(-1), kind))


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120]
