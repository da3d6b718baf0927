"""Taking over the images that other versions on this disk have: what is drawn alike is not drawn twice.

An image's bits depend on its class's `drawing_digest` and on its batch, which is always drawn in full. So a shard of
another version, with an equal digest, holds the images that this version's shard begins with, bit for bit.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.changes import number
from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.store.atomic import replacing, write_bytes
from bench.store.shard_files import check_shard, joined_shard, parse_shard, read_shard, scan_shard
from bench.store.shards import Shard
from bench.store.versions import Version, versions_on_disk


@dataclass(frozen=True)
class Start:
    """The first `count` images of a shard, as the shard file at `path`, of the version `source`, has them."""

    source: str
    path: Path
    count: int

    def and_then(self, drawn: bytes | None) -> bytes:
        """The shard file that begins so and goes on with what is in the shard file `drawn`."""
        rest = None if drawn is None else parse_shard(drawn, self.path)
        return joined_shard(read_shard(self.path), self.count, rest)


def take_over(
    recipe: Recipe, data_root: Path, folder: Path, missing: Sequence[Shard], drawings: Mapping[str, str]
) -> dict[str, Start]:
    """For each missing shard, by path, the longest beginning that another version has; a whole one is put in place.

    `drawings`: the digest of what the images of each class depend on. Predecessors are asked first, newest first,
    so that what they have is kept bit for bit, wherever it was drawn.
    """
    starts: dict[str, Start] = {}
    for version in _others(recipe, data_root, folder) if missing else ():
        for shard in missing:
            longest = starts[shard.path].count if shard.path in starts else 0
            if longest < shard.count and shard.path in version.frames:
                start = _start(version, shard, drawings[shard.class_id])
                if start and start.count > longest:
                    starts[shard.path] = start
    for shard in missing:
        if shard.path in starts and starts[shard.path].count == shard.count:
            _put(starts[shard.path], folder / shard.path, shard)
    return starts


def _others(recipe: Recipe, data_root: Path, folder: Path) -> list[Version]:
    own = number(recipe.version)

    def order(version: Version) -> tuple[bool, tuple[int, ...]]:
        theirs = number(version.reference.partition("@")[2])
        return theirs > own, tuple(-part for part in theirs)

    others = [one for one in versions_on_disk(data_root, recipe.name) if one.folder.resolve() != folder.resolve()]
    return sorted(others, key=order)


def _start(version: Version, shard: Shard, drawing: str) -> Start | None:
    path = version.folder / shard.path
    try:
        file = check_shard(path)
    except DataError:
        return None
    count = min(file.rows.num_rows, shard.count)
    if file.frame != version.frames[shard.path] or not file.holds(drawing, shard.ids(), beginning=count):
        return None
    return Start(version.reference, path, count)


def _put(start: Start, path: Path, shard: Shard) -> None:
    if scan_shard(start.path).rows.num_rows > shard.count:
        write_bytes(path, start.and_then(None))
        return
    with replacing(path) as temporary:
        try:
            # One file in two versions costs no room; ours are replaced as a whole and never written into.
            os.link(start.path, temporary)
        except OSError:
            shutil.copyfile(start.path, temporary)
