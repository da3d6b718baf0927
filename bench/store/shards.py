"""Shards: Parquet files of images with everything that is known of each, the unit of completion.

`image` has the form of Hugging Face's Image feature, so that `datasets.load_dataset` shows pictures.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import DataError
from bench.core.manifest import COLUMNS, Item
from bench.core.recipe import Recipe
from bench.store.atomic import write_bytes

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
# Page checksums, so that a flipped bit in a row is found before there is a manifest; images are compressed already.
WRITING: dict[str, Any] = {
    "compression": dict.fromkeys(COLUMNS, "zstd"),
    "use_dictionary": list(COLUMNS),
    "write_page_checksum": True,
    "write_statistics": False,
    # All images of a shard in one page.
    "data_page_size": 2**30,
}


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


def item_slot(identity: str) -> int:
    """The slot in an item's id."""
    return int(identity.rpartition("/")[2])


def shard_slots(recipe: Recipe) -> int:
    """Slots of a full shard: the least multiple of the recipe's batch that is at least 100."""
    return -(-SHARD_IMAGES // recipe.batch) * recipe.batch


def shard_path(split: str, class_id: str, block: int) -> str:
    """Where a shard lies in its version's folder."""
    return f"images/{split}/{class_id}/{block:06d}.parquet"


def plan(recipe: Recipe, *, limit: int | None = None) -> list[Shard]:
    """The shards of a version in the order of their items' ids.

    With `limit`, at most that many images of each split, spread over the classes.
    """
    slots = shard_slots(recipe)
    shards = []
    for split in recipe.splits:
        for position, item in enumerate(recipe.classes):
            share, rest = divmod(limit or 0, len(recipe.classes))
            count = recipe.count(split, item.id, at_most=None if limit is None else share + (position < rest))
            for block, first in enumerate(range(0, count, slots)):
                size = min(slots, count - first)
                shards.append(Shard(split, item.id, first, size, shard_path(split, item.id, block)))
    return sorted(shards, key=lambda shard: item_id(shard.split, shard.class_id, shard.first))


def write_shard(path: Path, items: Sequence[Item], files: Sequence[bytes], *, drawing: str) -> None:
    """Write a shard whole or not at all; `drawing` is the digest of all that its images depend on."""
    write_bytes(path, shard_bytes(items, files, drawing=drawing))


def shard_bytes(items: Sequence[Item], files: Sequence[bytes], *, drawing: str) -> bytes:
    """The Parquet file of a shard; equal images give equal bytes with equal versions of Arrow."""
    names = [item.image_name for item in items]
    image = pa.StructArray.from_arrays([pa.array(files, pa.binary()), pa.array(names)], ["bytes", "path"])
    table = rows_table(items).add_column(0, "image", image)
    header = json.dumps({"format": FORMAT, "drawing": drawing, "sizes": [len(file) for file in files]}, sort_keys=True)
    metadata = {HEADER_KEY: header, b"huggingface": json.dumps({"info": {"features": features()}})}
    # Arrow's own stream: into one of Python's it writes four times as slowly.
    stream = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), stream, **WRITING)
    return stream.getvalue().to_pybytes()


def rows_table(items: Sequence[Item]) -> pa.Table:
    """The manifest columns of `items`."""
    columns = [pa.array([getattr(item, field.name) for item in items], field.type) for field in ROW_SCHEMA]
    return pa.table(columns, schema=ROW_SCHEMA)


def read_rows(table: pa.Table) -> list[Item]:
    """The items in the manifest columns of `table`."""
    columns = [table.column(name).to_pylist() for name in COLUMNS]
    return [Item(*row) for row in zip(*columns, strict=True)]


def damaged(path: Path, error: Exception) -> DataError:
    """One line about a file that cannot be read as what it should be."""
    return DataError(f"{path}: damaged ({str(error).splitlines()[0][:100]})")


def foreign(path: Path, schema: pa.Schema) -> DataError:
    """One line about a Parquet file with other columns."""
    return DataError(f"{path}: damaged or foreign (columns are {', '.join(schema.names)[:100]})")


def file_header(metadata: Mapping[bytes, bytes] | None, path: Path) -> dict[str, Any]:
    """What we wrote into a file's metadata; a foreign file or a newer format is a DataError."""
    try:
        header = json.loads((metadata or {})[HEADER_KEY])
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
