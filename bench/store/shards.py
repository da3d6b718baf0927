"""Shards: Parquet files of images with everything that is known of each, the unit of completion.

`image` has the form of Hugging Face's Image feature, so that `datasets.load_dataset` shows pictures.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import DataError
from bench.core.manifest import COLUMNS, Item
from bench.core.recipe import Recipe
from bench.store.atomic import write_bytes
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
# Page checksums, so that a flipped bit in a row is found before there is a manifest; images are compressed already.
WRITING: dict[str, Any] = {
    "compression": dict.fromkeys(COLUMNS, "zstd"),
    "use_dictionary": list(COLUMNS),
    "write_page_checksum": True,
    "write_statistics": False,
    # All images of a shard in one page.
    "data_page_size": 2**30,
}


# Bytes of the length before each image, and how far into the file the first one may begin.
_LENGTH, _PAGE_HEADER = 4, 4096


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
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), buffer, **WRITING)
    return buffer.getvalue()


def joined_shard(first: "ShardFile", count: int, rest: "ShardFile | None") -> bytes:
    """The first `count` images of a shard, and then those of `rest`, as one shard file."""
    items, files = read_rows(first.rows)[:count], list(first.images[:count])
    if rest is not None:
        items, files = items + read_rows(rest.rows), files + list(rest.images)
    return shard_bytes(items, files, drawing=first.drawing)


def rows_table(items: Sequence[Item]) -> pa.Table:
    """The manifest columns of `items`."""
    columns = [pa.array([getattr(item, field.name) for item in items], field.type) for field in ROW_SCHEMA]
    return pa.table(columns, schema=ROW_SCHEMA)


def read_rows(table: pa.Table) -> list[Item]:
    """The items in the manifest columns of `table`."""
    columns = [table.column(name).to_pylist() for name in COLUMNS]
    return [Item(*row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class ShardFile:
    """A shard: its manifest columns, its encoded images, the digests of what these depend on and of its frame.

    The frame is all of the file but the images' bytes, which have digests of their own in their rows: together
    they cover the file, and nothing is hashed twice.
    """

    rows: pa.Table
    images: tuple[memoryview, ...]
    drawing: str
    frame: str

    def holds(self, drawing: str, ids: Sequence[str], *, beginning: int | None = None) -> bool:
        """Are these the images with those ids (or the first so many of both), drawn as `drawing` says?"""
        return self.drawing == drawing and self.rows.column("id").to_pylist()[:beginning] == ids[:beginning]


def read_shard(path: Path) -> ShardFile:
    """Read a shard and hold every image against the sha256 in its row; DataError where anything is wrong."""
    file = open_shard(path)
    ids, wanted = file.rows.column("id").to_pylist(), file.rows.column("sha256").to_pylist()
    for item_id, sha256, image in zip(ids, wanted, file.images, strict=True):
        if sha256_hex(image) != sha256:
            raise DataError(f"{path}: image {item_id!r} is not what was written (sha256 differs)")
    return file


def open_shard(path: Path) -> ShardFile:
    """The same, no image held against its sha256."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise damaged(path, error) from None
    return parse_shard(data, path)


def parse_shard(data: bytes, path: Path) -> ShardFile:
    """The shard in a file's bytes; images are not copied. `path` is for errors."""
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        if file.schema_arrow.remove_metadata() != SHARD_SCHEMA:
            raise foreign(path, file.schema_arrow)
        header = file_header(file.metadata.metadata, path)
        # A few thousand values: threads would cost more than they save.
        rows = file.read(list(COLUMNS), use_threads=False).replace_schema_metadata(None)
        sizes, drawing = [int(size) for size in header["sizes"]], str(header["drawing"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise damaged(path, error) from None
    view, first = memoryview(data), _first_image(data, sizes)
    if first is None or len(sizes) != rows.num_rows:
        raise DataError(f"{path}: damaged (its images are not where they were written)")
    ends = list(accumulate((size + _LENGTH for size in sizes), initial=first))
    images = tuple(view[end - size : end] for end, size in zip(ends[1:], sizes, strict=True))
    # Between two images stands the length of the next, which `_first_image` has compared.
    frame = hashlib.sha256(view[:first])
    frame.update(view[ends[-1] :])
    return ShardFile(rows, images, drawing, frame.hexdigest())


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


def _first_image(data: bytes, sizes: Sequence[int]) -> int | None:
    """Where the images begin: one after another, each after its length, as Parquet writes a page of plain bytes.

    Parquet's own account of where they lie is not asked: Arrow aborts the process where that is damaged.
    """
    if not sizes:
        return len(data)
    steps = [0, *accumulate(size + _LENGTH for size in sizes)]
    lengths = [size.to_bytes(_LENGTH, "little") for size in sizes]
    place = -1
    while (place := data.find(lengths[0], place + 1, _PAGE_HEADER)) >= 0:
        if all(data[place + step : place + step + _LENGTH] == one for step, one in zip(steps, lengths, strict=False)):
            return place if place + steps[-1] <= len(data) else None
    return None


def features() -> dict[str, dict[str, object]]:
    """Hugging Face features of the columns of a shard."""
    names = {"float": "float32"}
    values = {f.name: {"dtype": names.get(str(f.type), str(f.type)), "_type": "Value"} for f in ROW_SCHEMA}
    return {"image": {"_type": "Image"}, **values}
