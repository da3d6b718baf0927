"""Dataset versions on the disk: `images/<split>/<class_id>/*.parquet`, and `manifest.parquet` written last.

A version is complete exactly when its manifest is there.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.manifest import Manifest
from bench.core.recipe import Recipe
from bench.store.atomic import replacing
from bench.store.encoding import decode, sha256_hex
from bench.store.paths import version_folder
from bench.store.shards import (
    FORMAT,
    HEADER_KEY,
    ROW_SCHEMA,
    SHARD_SCHEMA,
    Shard,
    file_header,
    read_checked,
    read_rows,
    read_shard,
    shard_path,
    shard_slots,
    write_table,
)

MANIFEST = "manifest.parquet"
_HEADER = ("reference", "recipe_digest", "content_digest", "files", "shard_slots", "limit")
# Shards whose bytes are kept while images are read one by one.
KEPT_SHARDS = 8


@dataclass(frozen=True)
class Version:
    """One complete version in `folder`.

    `files`: the sha256 of each shard file; `shard_slots`: slots of a full shard; `limit`: None for a whole version.
    """

    reference: str
    folder: Path
    recipe_digest: str
    content_digest: str
    files: dict[str, str]
    shard_slots: int
    limit: int | None
    table: pa.Table

    @cached_property
    def manifest(self) -> Manifest:
        """All its items, by id."""
        return Manifest.of(self.reference, read_rows(self.table))

    def image_set(self, split: str, class_ids: Sequence[str]) -> ImageSet:
        """The images of one split, labelled by their place in `class_ids`; read shard by shard.

        A class of the split that is not in `class_ids` is a DataError; so is a damaged image when read.
        """
        items = self.manifest.split(split).items
        place = {class_id: index for index, class_id in enumerate(class_ids)}
        for item in items:
            if item.class_id not in place:
                raise DataError(
                    f"{self.reference}: class {item.class_id!r} of item {item.id!r} is not in the class list"
                )
        shard = lru_cache(maxsize=KEPT_SHARDS)(self._files)

        def read(index: int) -> Image.Image:
            item = items[index]
            block = int(item.id.rsplit("/", 1)[1]) // self.shard_slots
            data = shard(shard_path(item.split, item.class_id, block)).get(item.id, b"")
            if sha256_hex(data) != item.sha256:
                raise DataError(
                    f"{self.reference}: image {item.id!r} is damaged; generate the version again to mend it"
                )
            return decode(data, what=item.id)

        return ImageSet(
            name=f"{self.reference}/{split}",
            ids=tuple(item.id for item in items),
            labels=np.array([place[item.class_id] for item in items], dtype=np.int64),
            read=read,
            sha256=lambda index: items[index].sha256,
        )

    def _files(self, path: str) -> dict[str, bytes]:
        table, _ = read_checked(self.folder / path, SHARD_SCHEMA)
        files = table.column("image").combine_chunks().field("bytes")
        return dict(zip(table.column("id").to_pylist(), files.to_pylist(), strict=True))


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


def read_version(folder: Path) -> Version:
    """The complete version in `folder`; its manifest must be whole and have the digest that it names."""
    path = folder / MANIFEST
    table, _ = read_checked(path, ROW_SCHEMA)
    header = file_header(table, path)
    try:
        version = Version(folder=folder, table=table, **{key: header[key] for key in _HEADER})
    except KeyError as error:
        raise DataError(f"{path}: its header lacks {error}; generate the version again to mend it") from None
    if version.manifest.digest != version.content_digest:
        raise DataError(
            f"{path}: {table.num_rows} rows with digest {version.manifest.digest[:19]}…, it was written with"
            f" {version.content_digest[:19]}…; generate the version again to mend it"
        )
    return version


def write_manifest(folder: Path, recipe: Recipe, shards: Sequence[Shard], *, limit: int | None) -> Version:
    """Write `manifest.parquet` from the rows of its shards, in their order, which completes the version."""
    files = {shard.path: read_shard(folder / shard.path) for shard in shards}
    table = pa.concat_tables([ROW_SCHEMA.empty_table(), *(file.rows for file in files.values())]).combine_chunks()
    header: dict[str, Any] = {
        "format": FORMAT,
        "reference": recipe.reference,
        "recipe_digest": recipe.digest,
        "content_digest": Manifest.of(recipe.reference, read_rows(table)).digest,
        "files": {path: file.sha256 for path, file in files.items()},
        "shard_slots": shard_slots(recipe),
        "limit": limit,
    }
    with replacing(folder / MANIFEST) as temporary:
        write_table(table.replace_schema_metadata({HEADER_KEY: json.dumps(header, sort_keys=True)}), temporary)
    return read_version(folder)
