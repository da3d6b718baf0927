"""Dataset versions on the disk: `images/<split>/<class_id>/*.parquet`, and `manifest.parquet` written last.

A version is complete exactly when its manifest is there. Its rows are in the order of their ids, and are read and
written some thousand at a time, so that memory does not grow with the number of images.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image

from bench.core.digests import ContentDigest
from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.manifest import COLUMNS, Item, Manifest
from bench.core.recipe import Recipe
from bench.store.atomic import replacing
from bench.store.encoding import decode, sha256_hex
from bench.store.paths import version_folder
from bench.store.shard_files import open_shard, scan_shard
from bench.store.shards import (
    FORMAT,
    HEADER_KEY,
    ROW_SCHEMA,
    WRITING,
    Shard,
    damaged,
    file_header,
    foreign,
    read_rows,
    shard_path,
    shard_slots,
)

MANIFEST = "manifest.parquet"
_HEADER = ("reference", "recipe_digest", "content_digest", "frames", "shard_slots", "limit")
# Rows in memory at a time.
ROWS = 8192
# Shards whose bytes are kept while images are read one by one.
KEPT_SHARDS = 8


@dataclass(frozen=True)
class Version:
    """One complete version in `folder`.

    `frames`: the digest of each shard file without its images, by path (`ShardFile.frame`); `shard_slots`: slots
    of a full shard; `limit`: None for a whole version; `counts`: images in each split.
    """

    reference: str
    folder: Path
    recipe_digest: str
    content_digest: str
    frames: dict[str, str]
    shard_slots: int
    limit: int | None
    counts: dict[str, int]

    def __len__(self) -> int:
        return sum(self.counts.values())

    @cached_property
    def manifest(self) -> Manifest:
        """All its items at once, by id."""
        return Manifest(self.reference, tuple(self.items()))

    def items(self) -> Iterator[Item]:
        """All its items one by one, in the order of their ids."""
        for table in self.tables():
            yield from read_rows(table)

    def tables(self, columns: Sequence[str] = COLUMNS) -> Iterator[pa.Table]:
        """The manifest's rows, at most `ROWS` at a time."""
        return _tables(self.folder / MANIFEST, columns)

    def blocks(self, counts: Iterable[int]) -> Iterator[pa.Table]:
        """The manifest's rows in tables of so many rows each; `counts` add up to all of them."""
        tables, held = self.tables(), ROW_SCHEMA.empty_table()
        for count in counts:
            while held.num_rows < count:
                held = pa.concat_tables([held, next(tables)])
            yield held.slice(0, count)
            held = held.slice(count)

    def image_set(self, split: str, class_ids: Sequence[str]) -> ImageSet:
        """The images of one split, labelled by their place in `class_ids`; read shard by shard.

        A class of the split that is not in `class_ids` is a DataError; so is a damaged image when read.
        """
        if split not in self.counts:
            raise DataError(f"{self.reference} has no split {split!r}: it has {', '.join(self.counts)}")
        ids, digests, labels = self._labelled(split, class_ids)
        shard = lru_cache(maxsize=KEPT_SHARDS)(self._files)

        def read(index: int) -> Image.Image:
            _, class_id, slot = ids[index].split("/")
            data = shard(shard_path(split, class_id, int(slot) // self.shard_slots)).get(ids[index], b"")
            if sha256_hex(data) != digests[index]:
                raise DataError(
                    f"{self.reference}: image {ids[index]!r} is damaged; generate the version again to mend it"
                )
            return decode(data, what=ids[index])

        return ImageSet(
            name=f"{self.reference}/{split}",
            ids=tuple(ids),
            labels=np.array(labels, dtype=np.int64),
            read=read,
            sha256=digests.__getitem__,
        )

    def _labelled(self, split: str, class_ids: Sequence[str]) -> tuple[list[str], list[str], list[int]]:
        """Ids, sha256 and labels of a split's images."""
        place = {class_id: index for index, class_id in enumerate(class_ids)}
        ids: list[str] = []
        digests: list[str] = []
        labels: list[int] = []
        for table in self.tables(("id", "split", "class_id", "sha256")):
            table = table.filter(pc.equal(table.column("split"), split))
            for item_id, class_id in zip(*(table.column(name).to_pylist() for name in ("id", "class_id")), strict=True):
                if class_id not in place:
                    raise DataError(
                        f"{self.reference}: class {class_id!r} of item {item_id!r} is not in the class list"
                    )
                ids.append(item_id)
                labels.append(place[class_id])
            digests += table.column("sha256").to_pylist()
        return ids, digests, labels

    def _files(self, path: str) -> dict[str, bytes]:
        file = open_shard(self.folder / path)
        return dict(zip(file.rows.column("id").to_pylist(), map(bytes, file.images), strict=True))


def open_version(reference: str, data_root: Path, *, limit: int | None = None) -> Version:
    """A version that was generated here; DataError with the command to run where it is absent or damaged."""
    name, at, number = reference.partition("@")
    if not at or "/" in reference:
        raise UsageError(f"dataset {reference!r}: expected NAME@VERSION, such as digits-g@1.0.0")
    folder = version_folder(data_root, name, number, limit=limit)
    if not (folder / MANIFEST).is_file():
        option = "" if limit is None else f" --limit {limit}"
        raise DataError(f"{reference} is not in {folder}; make it: imagenet-g generate {reference}{option}")
    return read_version(folder)


def versions_on_disk(data_root: Path, name: str) -> list[Version]:
    """The complete versions of a dataset that were generated here; damaged and limited ones are left out."""
    found = []
    for path in sorted(version_folder(data_root, name, "*").parent.glob(f"*/{MANIFEST}")):
        with suppress(DataError):
            found.append(read_version(path.parent))
    return [version for version in found if version.limit is None]


def read_version(folder: Path) -> Version:
    """The complete version in `folder`; its manifest must be whole and have the digest that it names."""
    path = folder / MANIFEST
    header = file_header(_opened(path).metadata.metadata, path)
    digest, counts = ContentDigest(), Counter[str]()
    for table in _tables(path, ("id", "split", "sha256")):
        ids, splits, digests = (table.column(name).to_pylist() for name in ("id", "split", "sha256"))
        try:
            digest.update(zip(ids, digests, strict=True))
        except DataError as error:
            raise DataError(f"{path}: {error}; generate the version again to mend it") from None
        counts.update(splits)
    try:
        version = Version(folder=folder, counts=dict(counts), **{key: header[key] for key in _HEADER})
    except KeyError as error:
        raise DataError(f"{path}: its header lacks {error}; generate the version again to mend it") from None
    if digest.value != version.content_digest:
        raise DataError(
            f"{path}: {len(version)} rows with digest {digest.value[:19]}…, it was written with"
            f" {version.content_digest[:19]}…; generate the version again to mend it"
        )
    return version


def write_manifest(
    folder: Path, recipe: Recipe, shards: Iterable[Shard], drawings: Mapping[str, str], *, limit: int | None
) -> Version:
    """Write `manifest.parquet` from the rows of its shards (in the order of `plan`), which completes the version.

    `drawings`: the digest of what the images of each class depend on. A shard of something else is a DataError:
    a worker that outlived its run can have put it there since the shards were looked at.
    """
    digest, frames = ContentDigest(), {}
    pending: list[pa.Table] = []
    with replacing(folder / MANIFEST) as temporary, pq.ParquetWriter(temporary, ROW_SCHEMA, **WRITING) as writer:
        for shard in shards:
            file = scan_shard(folder / shard.path)
            if not file.holds(drawings[shard.class_id], shard.ids()):
                raise DataError(f"{folder / shard.path}: changed under our hands; run the same command again")
            digest.update(zip(*(file.rows.column(name).to_pylist() for name in ("id", "sha256")), strict=True))
            frames[shard.path] = file.frame
            pending.append(file.rows)
            if sum(table.num_rows for table in pending) >= ROWS:
                writer.write_table(pa.concat_tables(pending))
                pending = []
        writer.write_table(pa.concat_tables([ROW_SCHEMA.empty_table(), *pending]))
        header = {
            "format": FORMAT,
            "reference": recipe.reference,
            "recipe_digest": recipe.digest,
            "content_digest": digest.value,
            "frames": frames,
            "shard_slots": shard_slots(recipe),
            "limit": limit,
        }
        writer.add_key_value_metadata({HEADER_KEY: json.dumps(header, sort_keys=True)})
    return read_version(folder)


def _tables(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    file = _opened(path)
    schema = pa.schema([ROW_SCHEMA.field(name) for name in columns])
    try:
        for batch in file.iter_batches(ROWS, columns=list(columns)):
            yield pa.Table.from_batches([batch]).select(columns).cast(schema)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error) from None


def _opened(path: Path) -> Any:
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise damaged(path, error) from None
    if file.schema_arrow.remove_metadata() != ROW_SCHEMA:
        raise foreign(path, file.schema_arrow)
    return file
