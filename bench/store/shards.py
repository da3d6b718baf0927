"""Shards: Parquet files of images with everything that is known of each, the unit of completion.

`image` has the form of Hugging Face's Image feature, so that `datasets.load_dataset` shows pictures.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import DataError
from bench.core.manifest import COLUMNS, Item
from bench.core.recipe import Recipe
from bench.store.atomic import replacing
from bench.store.encoding import sha256_hex

FORMAT = 1
HEADER_KEY = b"imagenet-g"
SHARD_IMAGES = 100
_NUMBERS = {
    "template_id": pa.uint16(),
    "seed": pa.uint32(),
    "attempt": pa.uint16(),
    "step": pa.uint16(),
    "cfg": pa.float32(),
    "width": pa.uint16(),
    "height": pa.uint16(),
    "image_nsfw": pa.float32(),
}
ROW_SCHEMA = pa.schema([(name, _NUMBERS.get(name, pa.string())) for name in COLUMNS])
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SHARD_SCHEMA = ROW_SCHEMA.insert(0, pa.field("image", _IMAGE))


@dataclass(frozen=True)
class Shard:
    """Slots `first` to `first + count` of one class in one split; `path` is relative to the version's folder."""

    split: str
    class_id: str
    first: int
    count: int
    path: str

    def ids(self) -> list[str]:
        """The ids of its items, in order."""
        return [item_id(self.split, self.class_id, slot) for slot in range(self.first, self.first + self.count)]


def item_id(split: str, class_id: str, slot: int) -> str:
    """`split/class_id/slot`, the slot with six digits so that ids sort."""
    return f"{split}/{class_id}/{slot:06d}"


def shard_slots(recipe: Recipe) -> int:
    """Slots of a full shard: the least multiple of the recipe's batch that is at least 100."""
    return -(-SHARD_IMAGES // recipe.batch) * recipe.batch


def shard_path(split: str, class_id: str, block: int) -> str:
    """Where a shard lies in its version's folder."""
    return f"images/{split}/{class_id}/{block:06d}.parquet"


def plan(recipe: Recipe, *, limit: int | None = None) -> list[Shard]:
    """The shards of a version; with `limit`, at most that many images of each split, spread over the classes."""
    slots = shard_slots(recipe)
    shards = []
    for split in recipe.splits:
        for position, item in enumerate(recipe.classes):
            count = recipe.count(split, item.id)
            if limit is not None:
                share, rest = divmod(limit, len(recipe.classes))
                count = min(count, share + (position < rest))
            for block, first in enumerate(range(0, count, slots)):
                size = min(slots, count - first)
                shards.append(Shard(split, item.id, first, size, shard_path(split, item.id, block)))
    return shards


def write_shard(path: Path, items: Sequence[Item], files: Sequence[bytes], *, drawing: str) -> None:
    """Write a shard whole or not at all; `drawing` is the digest of all that its images depend on."""
    names = [item.image_name for item in items]
    image = pa.StructArray.from_arrays([pa.array(files, pa.binary()), pa.array(names)], ["bytes", "path"])
    table = rows_table(items).add_column(0, "image", image)
    header = json.dumps({"format": FORMAT, "drawing": drawing}, sort_keys=True)
    metadata = {HEADER_KEY: header, b"huggingface": json.dumps({"info": {"features": features()}})}
    with replacing(path) as temporary:
        write_table(table.replace_schema_metadata(metadata), temporary)


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet with page checksums, so that a flipped bit in a row is found before there is a manifest."""
    pq.write_table(
        table, path, compression="zstd", use_dictionary=list(COLUMNS), write_page_checksum=True, write_statistics=False
    )


def rows_table(items: Sequence[Item]) -> pa.Table:
    """The manifest columns of `items`."""
    columns = [pa.array([getattr(item, field.name) for item in items], field.type) for field in ROW_SCHEMA]
    return pa.table(columns, schema=ROW_SCHEMA)


def read_rows(table: pa.Table) -> list[Item]:
    """The items in the manifest columns of `table`."""
    return [Item(**row) for row in table.select(COLUMNS).to_pylist()]


@dataclass(frozen=True)
class ShardFile:
    """A shard as it lies on the disk: its table, the digest of what its images depend on, the file's sha256."""

    table: pa.Table
    drawing: str
    sha256: str

    @property
    def rows(self) -> pa.Table:
        """The manifest columns."""
        return self.table.drop_columns("image").replace_schema_metadata(None)


def read_shard(path: Path) -> ShardFile:
    """Read a shard and hold every image against the sha256 in its row; DataError where anything is wrong."""
    table, file_sha256 = read_checked(path, SHARD_SCHEMA)
    header = file_header(table, path)
    images = table.column("image").combine_chunks().field("bytes")
    for item, wanted, data in zip(table.column("id"), table.column("sha256"), images, strict=True):
        if sha256_hex(data.as_buffer() if data.is_valid else b"") != wanted.as_py():
            raise DataError(f"{path}: image {item.as_py()!r} is not what was written (sha256 differs)")
    return ShardFile(table, str(header.get("drawing")), file_sha256)


def read_checked(path: Path, schema: pa.Schema) -> tuple[pa.Table, str]:
    """A Parquet table of ours, and the file's sha256; an absent, damaged or foreign file is a DataError."""
    try:
        data = path.read_bytes()
        table = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True).read()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path}: damaged ({str(error).splitlines()[0][:100]})") from None
    if table.schema.remove_metadata() != schema:
        raise DataError(f"{path}: damaged or foreign (columns are {', '.join(table.column_names)[:100]})")
    return table, sha256_hex(data)


def file_header(table: pa.Table, path: Path) -> dict[str, Any]:
    """What we wrote into a file's metadata; a foreign file or a newer format is a DataError."""
    try:
        header = json.loads((table.schema.metadata or {})[HEADER_KEY])
        found = header["format"]
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path}: not a file of ours (no header in its metadata)") from None
    if found != FORMAT:
        raise DataError(f"{path}: format {found!r}, this software reads {FORMAT}; update it")
    return header


def features() -> dict[str, dict[str, object]]:
    """Hugging Face features of the columns of a shard."""
    names = {"float": "float32"}
    values = {f.name: {"dtype": names.get(str(f.type), str(f.type)), "_type": "Value"} for f in ROW_SCHEMA}
    return {"image": {"_type": "Image"}, **values}
