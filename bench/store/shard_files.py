"""Shard files read back: their rows, their images, and whether these are what was written."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import DataError
from bench.core.manifest import COLUMNS
from bench.store.encoding import sha256_hex
from bench.store.shards import SHARD_SCHEMA, damaged, file_header, foreign, read_rows, shard_bytes

# Bytes of the length before each image, and how far into the file the first one may begin.
_LENGTH, _PAGE_HEADER = 4, 4096
# The bytes at an offset, so many.
_Read = Callable[[int, int], bytes | memoryview]


@dataclass(frozen=True)
class ShardFile:
    """A shard: its manifest columns, its encoded images, the digests of what these depend on and of its frame.

    The frame is all of the file but the images' bytes, which have digests of their own in their rows: together
    they cover the file, and nothing is hashed twice. Each image lies between two `places` of the file.
    """

    rows: pa.Table
    images: tuple[memoryview, ...]
    drawing: str
    frame: str
    places: tuple[tuple[int, int], ...]

    def holds(self, drawing: str, ids: Sequence[str], *, beginning: int | None = None) -> bool:
        """Are these the images with those ids (or the first so many of both), drawn as `drawing` says?"""
        return self.drawing == drawing and self.rows.column("id").to_pylist()[:beginning] == ids[:beginning]


def read_shard(path: Path) -> ShardFile:
    """Read a shard and hold every image against the sha256 in its row; DataError where anything is wrong."""
    file = open_shard(path)
    _hold(file, (sha256_hex(image) for image in file.images), path)
    return file


def check_shard(path: Path) -> ShardFile:
    """The same, no image kept: each is hashed through one small buffer."""
    return _from_disk(path, check=True)


def scan_shard(path: Path) -> ShardFile:
    """The same, no image looked at."""
    return _from_disk(path, check=False)


def open_shard(path: Path) -> ShardFile:
    """A shard with its images, none held against its sha256."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise damaged(path, error) from None
    return parse_shard(data, path)


def parse_shard(data: bytes, path: Path) -> ShardFile:
    """The shard in a file's bytes; images are not copied. `path` is for errors."""
    view = memoryview(data)
    file = _parse(pa.BufferReader(data), lambda at, count: view[at : at + count], len(data), path)
    return replace(file, images=tuple(view[start:end] for start, end in file.places))


def joined_shard(first: ShardFile, count: int, rest: ShardFile | None) -> bytes:
    """The first `count` images of a shard, and then those of `rest`, as one shard file."""
    items, files = read_rows(first.rows)[:count], list(first.images[:count])
    if rest is not None:
        items, files = items + read_rows(rest.rows), files + list(rest.images)
    return shard_bytes(items, files, drawing=first.drawing)


def _from_disk(path: Path, *, check: bool) -> ShardFile:
    try:
        with path.open("rb", buffering=0) as handle:
            number = handle.fileno()
            with pa.OSFile(str(path)) as source:
                length = os.fstat(number).st_size
                file = _parse(source, lambda at, count: os.pread(number, count, at), length, path)
            if check:
                _hold(file, _hashes(number, file.places), path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise damaged(path, error) from None
    return file


def _hashes(number: int, places: Sequence[tuple[int, int]]) -> Iterator[str]:
    buffer = memoryview(bytearray(max((end - start for start, end in places), default=0)))
    for start, end in places:
        image = buffer[: end - start]
        yield sha256_hex(image[: os.preadv(number, [image], start)])


def _hold(file: ShardFile, found: Iterable[str], path: Path) -> None:
    ids, wanted = file.rows.column("id").to_pylist(), file.rows.column("sha256").to_pylist()
    for item_id, sha256, other in zip(ids, wanted, found, strict=True):
        if other != sha256:
            raise DataError(f"{path}: image {item_id!r} is not what was written (sha256 differs)")


def _parse(source: pa.NativeFile, read: _Read, length: int, path: Path) -> ShardFile:
    """The shard of `length` bytes that `source` and `read` both give, without its images."""
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        if file.schema_arrow.remove_metadata() != SHARD_SCHEMA:
            raise foreign(path, file.schema_arrow)
        header = file_header(file.metadata.metadata, path)
        # A few thousand values: threads would cost more than they save.
        rows = file.read(list(COLUMNS), use_threads=False).replace_schema_metadata(None)
        sizes, drawing = [int(size) for size in header["sizes"]], str(header["drawing"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise damaged(path, error) from None
    first = _first_image(read, length, sizes)
    if first is None or len(sizes) != rows.num_rows:
        raise DataError(f"{path}: damaged (its images are not where they were written)")
    ends = list(accumulate((size + _LENGTH for size in sizes), initial=first))
    places = tuple((start + _LENGTH, end) for start, end in pairwise(ends))
    # Between two images stands the length of the next, which `_first_image` has compared.
    frame = hashlib.sha256(read(0, first))
    frame.update(read(ends[-1], length - ends[-1]))
    return ShardFile(rows, (), drawing, frame.hexdigest(), places)


def _first_image(read: _Read, length: int, sizes: Sequence[int]) -> int | None:
    """Where the images begin: one after another, each after its length, as Parquet writes a page of plain bytes.

    Parquet's own account of where they lie is not asked: Arrow aborts the process where that is damaged.
    """
    if not sizes:
        return length
    steps = [0, *accumulate(size + _LENGTH for size in sizes)]
    lengths = [size.to_bytes(_LENGTH, "little") for size in sizes]
    head, place = bytes(read(0, _PAGE_HEADER)), -1
    while (place := head.find(lengths[0], place + 1)) >= 0:
        if all(read(place + step, _LENGTH) == one for step, one in zip(steps, lengths, strict=False)):
            return place if place + steps[-1] <= length else None
    return None
