"""The layout of the Hugging Face Hub: `data/<split>/NNNNNN.parquet`, images as bytes, the class as a ClassLabel."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import DataError
from bench.store.exported import Found, Stored, check_name
from bench.store.shards import SHARD_SCHEMA, features, rows_table

FILE_BYTES = 400_000_000
ROWS = 100
SCHEMA = SHARD_SCHEMA.insert(1, pa.field("label", pa.int64()))
DATA = "data/*/*.parquet"


def write(folder: Path, images: Iterable[Stored], *, labels: list[str]) -> None:
    """Write `images`, which come split by split; `labels`: the name of each class, in order, none twice."""
    known = features() | {"label": {"names": labels, "_type": "ClassLabel"}}
    ordered = {field.name: known[field.name] for field in SCHEMA}
    metadata = {b"huggingface": json.dumps({"info": {"features": ordered}}).encode()}
    for split, group in groupby(images, key=lambda one: one.item.split):
        (folder / "data" / split).mkdir(parents=True)
        _write_split(folder / "data" / split, group, SCHEMA.with_metadata(metadata))


def _write_split(folder: Path, images: Iterable[Stored], schema: pa.Schema) -> None:
    number, size, rows = 0, 0, []
    with ExitStack() as files:
        writer = None
        for one in images:
            rows.append(one)
            size += len(one.data)
            if writer is None:
                path = folder / f"{number:06d}.parquet"
                writer = files.enter_context(
                    pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)
                )
            if len(rows) == ROWS:
                writer.write_table(_table(rows, schema))
                rows = []
                if size > FILE_BYTES:
                    writer.close()
                    number, size, writer = number + 1, 0, None
        if rows and writer is not None:
            writer.write_table(_table(rows, schema))


def _table(rows: list[Stored], schema: pa.Schema) -> pa.Table:
    files, names = [one.data for one in rows], [one.item.image_name for one in rows]
    image = pa.StructArray.from_arrays([pa.array(files, pa.binary()), pa.array(names)], ["bytes", "path"])
    table = rows_table([one.item for one in rows]).add_column(0, "image", image)
    return table.add_column(1, "label", pa.array([one.label for one in rows], pa.int64())).cast(schema)


def read(folder: Path) -> Iterator[Found]:
    """Every image of every Parquet file; a damaged file is a DataError."""
    for path in sorted(folder.glob(DATA)):
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(batch_size=ROWS, columns=["id", "sha256", "image"]):
                    yield from _found(batch, path)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise DataError(f"{path}: damaged ({str(error).splitlines()[0][:100]})") from None


def _found(batch: pa.RecordBatch, path: Path) -> Iterator[Found]:
    for row in batch.to_pylist():
        check_name(row["image"]["path"], where=str(path))
        yield Found(row["id"], row["sha256"], row["image"]["bytes"] or b"")
