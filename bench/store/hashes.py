"""The sha256 of files, remembered: a set of 50,000 files is read once, not at every command.

A file is hashed again when its size, its time of change or its inode's time of change (which no program
can set) differ from what is remembered. A file that changed in the last seconds is never remembered,
because it could change once more within one tick of the clock.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import BenchError, DataError
from bench.store.atomic import replacing

SETTLED_SECONDS = 3
SCHEMA = pa.schema(
    {"path": pa.string(), "size": pa.int64(), "mtime_ns": pa.int64(), "ctime_ns": pa.int64(), "sha256": pa.string()}
)
Known = dict[str, tuple[int, int, int, str]]


def hash_files(paths: Sequence[Path], *, folder: Path) -> list[str]:
    """The sha256 hex digests of files, remembered in `folder`; a file that cannot be read is a DataError."""
    if not paths:
        return []
    cache = folder / f"{hashlib.sha256(os.path.commonpath(paths).encode()).hexdigest()[:24]}.parquet"
    known, now = _read(cache), time.time_ns()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        rows = list(pool.map(lambda path: _row(path, known.get(str(path))), paths))
    fresh = {
        str(path): row
        for path, row in zip(paths, rows, strict=True)
        if known.get(str(path)) != row and now - max(row[1], row[2]) > SETTLED_SECONDS * 1_000_000_000
    }
    if fresh:
        # Remembering is a help, not a duty: a full or read-only disk must not stop who only wants a digest.
        with suppress(BenchError):
            _write(cache, known | fresh)
    return [row[3] for row in rows]


def _row(path: Path, known: tuple[int, int, int, str] | None) -> tuple[int, int, int, str]:
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            state = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if known is not None and known[:3] == state:
                return known
            return (*state, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def _read(cache: Path) -> Known:
    try:
        columns = pq.read_table(cache, schema=SCHEMA).to_pydict()
    except (OSError, pa.ArrowException):
        return {}
    names = ("size", "mtime_ns", "ctime_ns", "sha256")
    return dict(zip(columns["path"], zip(*(columns[name] for name in names), strict=True), strict=True))


def _write(cache: Path, known: Known) -> None:
    table = pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, (path, *row), strict=True)) for path, row in sorted(known.items())], schema=SCHEMA
    )
    with replacing(cache) as temporary:
        pq.write_table(table, temporary, compression="zstd")
