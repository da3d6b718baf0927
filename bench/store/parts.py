"""Answers that are under way: a block of images a file, next to where the whole will lie."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import BenchError
from bench.core.predictions import Answers, PredictionHeader, Predictions
from bench.store.atomic import clean_leftovers, lock_folder, replacing
from bench.store.predictions import header_metadata, read_header, read_predictions, table_of, write_predictions

ROWS = 4096
BACKEND = "backend"


@dataclass(frozen=True)
class Parts:
    """The blocks of the prediction file `path`, about `header`."""

    path: Path
    header: PredictionHeader

    @property
    def folder(self) -> Path:
        """Where blocks wait for the others."""
        return self.path.with_suffix(".unfinished")

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the blocks for writing; a BenchError says which other process does. Without blocks nothing is left."""
        with lock_folder(self.folder):
            clean_leftovers(self.path.parent)
            try:
                yield
            finally:
                if not any(self.folder.glob(f"*{self.path.suffix}")):
                    shutil.rmtree(self.folder, ignore_errors=True)

    def whole(self) -> bool:
        """Is there a whole file about the same model, images and classes?"""
        found = readable_predictions(self.path)
        return found is not None and same_question(found.header, self.header)

    def holds(self, start: int, ids: Sequence[str]) -> bool:
        """Is the block that starts at row `start`, with these ids, answered already?"""
        found = readable_predictions(self._file(start))
        return found is not None and same_question(found.header, self.header) and found.image_ids == tuple(ids)

    def write(self, start: int, ids: Sequence[str], answers: Answers, *, backend: str) -> None:
        """Keep a block, and what computed it."""
        header = _by(self.header, backend)
        write_predictions(self._file(start), Predictions(header, tuple(ids), answers))

    def join(self, starts: Iterable[int]) -> None:
        """Write the whole file from its blocks, a few thousand rows in memory at a time, and drop the blocks."""
        files = [self._file(start) for start in starts]
        backends = {read_header(file).versions[BACKEND] for file in files}
        tables = (table_of(read_predictions(file)) for file in files)
        with replacing(self.path) as temporary:
            write_tables(temporary, tables, _by(self.header, "; ".join(sorted(backends))))
        for file in files:
            file.unlink()

    def _file(self, start: int) -> Path:
        return self.folder / f"{start:09d}.parquet"


def write_tables(path: Path, tables: Iterator[pa.Table], header: PredictionHeader) -> None:
    """One file from tables of the same columns; its bytes do not depend on how the rows are cut into tables."""
    first = next(tables)
    schema = first.schema.with_metadata(header_metadata(header))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in _groups(chain([first], tables)):
            writer.write_table(table.cast(schema), row_group_size=ROWS)


def readable_predictions(path: Path) -> Predictions | None:
    """The predictions in `path`, or None where there is no whole file."""
    try:
        return read_predictions(path) if path.is_file() else None
    except BenchError:
        return None


def same_question(found: PredictionHeader, asked: PredictionHeader) -> bool:
    """Are both about the same model, images and classes? What computed them may differ."""
    return found.model_copy(update={"versions": asked.versions}) == asked


def _by(header: PredictionHeader, backend: str) -> PredictionHeader:
    return header.model_copy(update={"versions": header.versions | {BACKEND: backend}})


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows, ROWS to a table."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table.replace_schema_metadata(None))
        while sum(len(one) for one in waiting) >= ROWS:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, ROWS).combine_chunks()
            waiting = [joined.slice(ROWS)]
    if waiting and sum(len(one) for one in waiting):
        yield pa.concat_tables(waiting).combine_chunks()
