"""Prediction files: Parquet with a row an image, and what they are about as JSON in the file's metadata.

No labels inside, so that a file can be scored by anyone and tells nothing about the test set.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import DataError, UsageError
from bench.core.predictions import Answers, PredictionHeader, Predictions, answers_of
from bench.core.record import parse
from bench.store.atomic import replacing

FORMAT = 1
HEADER_KEY = b"imagenet-g"
MOST_ROWS = 5_000_000
MOST_BYTES = 8 << 30


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write `image_id`, `topk_class` (lists of int32), and where known `topk_probability` (float32) and `logits`
    (float16), all or nothing."""
    with replacing(path) as temporary:
        pq.write_table(table_of(predictions), temporary, compression="zstd")


def table_of(predictions: Predictions) -> pa.Table:
    """The columns of a prediction file, with the header as the table's metadata."""
    answers = predictions.answers
    columns = {
        "image_id": pa.array(predictions.image_ids, pa.string()),
        "topk_class": _lists(answers.topk_class, pa.int32()),
    }
    if answers.topk_probability is not None:
        columns["topk_probability"] = _lists(answers.topk_probability, pa.float32())
    if answers.logits is not None:
        columns["logits"] = _lists(answers.logits, pa.float16())
    return pa.table(columns).replace_schema_metadata(header_metadata(predictions.header))


def header_metadata(header: PredictionHeader) -> dict[bytes, str]:
    """The header as the metadata of a table."""
    return {HEADER_KEY: json.dumps(header.model_dump(mode="json"), sort_keys=True)}


def read_header(path: Path) -> PredictionHeader:
    """What a prediction file is about, without its rows; errors as `read_predictions`."""
    with _readable(path):
        return _header(pq.read_schema(path).metadata, path)


def readable_header(path: Path) -> PredictionHeader | None:
    """What a prediction file is about, or None where there is no whole file."""
    try:
        return read_header(path) if path.is_file() else None
    except DataError:
        return None


def read_predictions(path: Path) -> Predictions:
    """Read a prediction file; a damaged or foreign one is a DataError of one line."""
    header, ids, table = read_columns(path)
    if header.kind is not None:
        raise DataError(f"{path}: holds {header.kind}, not classes of images; score it on a detection track")
    return Predictions(header, tuple(ids), _answers(table, header, path))


def read_columns(path: Path) -> tuple[PredictionHeader, list[str], pa.Table]:
    """The header, the image ids and all columns of a prediction file of any kind; errors as `read_predictions`."""
    with _readable(path):
        _check_size(pq.read_metadata(path), path)
        table = pq.ParquetFile(path).read()
    return _header(table.schema.metadata, path), _ids(table, path), table


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such prediction file") from None
    except (OSError, ValueError, MemoryError, OverflowError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable Parquet file ({_short(error)}); write it again") from None


def _check_size(metadata: pq.FileMetaData, path: Path) -> None:
    """A small file can unfold to any size; its own account of that is read first."""
    size = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if metadata.num_rows > MOST_ROWS or size > MOST_BYTES:
        raise DataError(
            f"{path}: {metadata.num_rows:,} rows, {size >> 20:,} MB unpacked; at most {MOST_ROWS:,} rows and"
            f" {MOST_BYTES >> 20:,} MB are read"
        )


def _header(metadata: dict[bytes, bytes] | None, path: Path) -> PredictionHeader:
    text = (metadata or {}).get(HEADER_KEY)
    if text is None:
        raise DataError(f"{path}: no header {HEADER_KEY.decode()!r} in its metadata; not a prediction file of ours")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(f"{path}: the header in the file's metadata is not JSON; write it again") from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise DataError(f"{path}: prediction format {found!r:.40}, this software reads {FORMAT}; update it")
    try:
        return parse(PredictionHeader, data, where=str(path))
    except UsageError as error:
        raise DataError(str(error)) from None


def _answers(table: pa.Table, header: PredictionHeader, path: Path) -> Answers:
    logits = _matrix(table, "logits", path, np.float32) if "logits" in table.column_names else None
    if logits is not None and "topk_class" not in table.column_names:
        if header.kept_digest is not None:
            raise DataError(f"{path}: logits of some classes only; add the column topk_class, which names classes")
        _finite(logits, table, path)
        return answers_of(logits)
    classes = _matrix(table, "topk_class", path, np.int64)
    told = "topk_probability" in table.column_names
    return Answers(classes, _matrix(table, "topk_probability", path, np.float32) if told else None, logits)


def _finite(logits: np.ndarray, table: pa.Table, path: Path) -> None:
    bad = ~np.isfinite(logits).all(axis=1)
    if bad.any():
        raise DataError(f"{path}: image {_ids(table, path)[int(np.argmax(bad))]!r}: a logit is not a finite number")


def _matrix(table: pa.Table, column: str, path: Path, dtype: type) -> np.ndarray:
    """[n, k] of a column of lists that are equally long and hold numbers of that kind, without a gap."""
    if column not in table.column_names:
        raise DataError(f"{path}: no column {column!r}, found {', '.join(table.column_names) or 'none'}")
    lists = table.column(column).combine_chunks()
    kind = lists.type
    if not pa.types.is_list(kind) and not pa.types.is_large_list(kind) and not pa.types.is_fixed_size_list(kind):
        raise DataError(f"{path}: column {column!r} must hold a list of numbers for each image, found {kind}")
    whole = pa.types.is_integer(kind.value_type)
    if not (whole or (dtype is not np.int64 and pa.types.is_floating(kind.value_type))):
        wanted = "whole numbers" if dtype is np.int64 else "numbers"
        raise DataError(f"{path}: column {column!r} must hold lists of {wanted}, found {kind}")
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    values = lists.flatten()
    if lists.null_count or values.null_count:
        raise DataError(f"{path}: column {column!r} has an empty cell")
    if len(lists) and (lengths != lengths[0]).any():
        raise DataError(f"{path}: column {column!r} must hold lists of equally many numbers")
    # A number too large for the type becomes infinite, and is refused as such with the image's id.
    with np.errstate(over="ignore"):
        return values.to_numpy(zero_copy_only=False).astype(dtype).reshape(len(lists), -1)


def _ids(table: pa.Table, path: Path) -> list[str]:
    ids = table.column("image_id").to_pylist() if "image_id" in table.column_names else [None]
    if any(not isinstance(image_id, str) for image_id in ids):
        raise DataError(f"{path}: column 'image_id' must hold text for each image")
    return ids


def _lists(matrix: np.ndarray, kind: pa.DataType) -> pa.Array:
    n, k = matrix.shape
    return pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * k, pa.array(matrix.reshape(-1), kind))


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120]
