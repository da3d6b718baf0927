"""Folders made for publishing: filled beside their place and moved there whole, and read back with suspicion."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bench.core.digests import content_digest
from bench.core.errors import DataError, DiskError, UsageError
from bench.core.exported import Exported
from bench.core.manifest import Item
from bench.core.recipe import Recipe
from bench.core.record import parse
from bench.store.atomic import beside, is_abandoned, to_disk, write_json
from bench.store.shard_files import read_shard
from bench.store.shards import plan, read_rows
from bench.store.versions import Version

RECORD = "imagenet-g.json"


class Stored(NamedTuple):
    """One image of a version: its row, its class's place in the class list, its encoded bytes."""

    item: Item
    label: int
    data: bytes


class Found(NamedTuple):
    """One image as a folder has it: its id and sha256 as they are written there, and its bytes."""

    id: str
    sha256: str
    data: bytes


def stored_images(version: Version, recipe: Recipe) -> Iterator[Stored]:
    """Every image, shard by shard, each held against its sha256; DataError where they are not all of the version."""
    place = {one.id: index for index, one in enumerate(recipe.classes)}
    seen: list[tuple[str, str]] = []
    for shard in plan(recipe, limit=version.limit):
        file = read_shard(version.folder / shard.path)
        for item, data in zip(read_rows(file.rows), file.images, strict=True):
            seen.append((item.id, item.sha256))
            yield Stored(item, place[item.class_id], bytes(data))
    if content_digest(seen) != version.content_digest:
        raise DataError(f"{version.folder}: its images are not those of its manifest; run: verify {version.reference}")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; on leaving it takes the place of `path`, which must be absent or empty.

    A failure leaves nothing; a `kill -9` leaves a hidden folder beside `path` that the next call removes.
    """
    path = path.expanduser().absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} is not empty; choose a folder that is not there yet")
    _remove_dead(path)
    partial = beside(path, "partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        for file in partial.rglob("*"):
            to_disk(file)
        os.replace(partial, path)
        to_disk(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise UsageError(f"{path} was filled by another process meanwhile; nothing was changed there") from None
        raise DiskError(f"cannot write {path}: {error.strerror or error}; nothing was left there") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_record(folder: Path, record: Exported) -> None:
    """Say what `folder` holds."""
    write_json(folder / RECORD, record.model_dump(mode="json"))


def read_record(folder: Path) -> Exported:
    """What `folder` says it holds; DataError where it is not an exported folder."""
    path = folder / RECORD
    try:
        return parse(Exported, json.loads(path.read_bytes()), where=str(path))
    except FileNotFoundError:
        raise DataError(f"{folder} has no {RECORD}: not a folder that export made") from None
    except (OSError, ValueError, UsageError) as error:
        raise DataError(f"{path}: damaged ({str(error)[:160]}); export the version again") from None


def inside(folder: Path, name: str) -> Path:
    """The file `name` of `folder`; a name that climbs out of it, or that a link leads out of it, is a DataError."""
    check_name(name, where=str(folder))
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{folder}: {name!r} leads out of the folder; nothing of it was read")
    return path


def check_name(name: str, *, where: str) -> None:
    """A DataError for a name that is absolute, climbs with `..`, or has backslashes, drives or control characters."""
    parts = PurePosixPath(name).parts
    plain = bool(parts) and not PurePosixPath(name).is_absolute() and ".." not in parts
    if not plain or "\\" in name or ":" in name or not name.isprintable():
        raise DataError(f"{where}: {name[:200]!r} leads out of the folder; nothing of it was read")


def _remove_dead(path: Path) -> None:
    """Remove what an export to `path` left whose process is gone."""
    for found in path.parent.glob(f".{_literal(path.name)}.*.partial"):
        if is_abandoned(found):
            shutil.rmtree(found, ignore_errors=True)


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)
