"""`generate`: make a dataset version from its recipe, or go on with one that was interrupted."""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.core.registry import look_up, unknown
from bench.engines.local import default_workers, run
from bench.filters.gate import Gate
from bench.pipelines.draw import Drawing, DrawTask, drawing_digest
from bench.pipelines.filter_tools import filter_tools
from bench.pipelines.held_to_lock import held_to_lock
from bench.pipelines.recipes import load_recipe, lock_path
from bench.store.atomic import clean_leftovers, lock_folder, write_json
from bench.store.locks import make_lock
from bench.store.locks import write_lock as put_lock
from bench.store.paths import version_folder
from bench.store.shards import Shard, plan, read_shard
from bench.store.versions import MANIFEST, Version, read_version, write_manifest
from bench.synthesis import METHODS

CLAIM = "recipe.json"
LockState = Literal["identical", "perceptual", "written", "absent", "not compared"]


class GenerateReport(Record):
    """What `generate` did. `complete` is False while another split is still to be made."""

    reference: str
    folder: str
    complete: bool
    limited: bool
    images: int
    drawn: int
    counts: dict[str, int]
    recipe_digest: str
    content_digest: str | None
    lock: LockState
    note: str

    def __str__(self) -> str:
        counts = ", ".join(f"{split} {count}" for split, count in self.counts.items())
        state = "complete" if self.complete else "not complete yet"
        return (
            f"{self.reference}: {self.images} images ({counts}), {self.drawn} drawn now, {state}"
            + (", limited: not for publication" if self.limited else "")
            + f"\ncontent {self.content_digest or 'not known yet'}\n{self.note}\n{self.folder}"
        )


def generate(
    reference: str,
    *,
    data_root: Path,
    split: str | None = None,
    limit: int | None = None,
    workers: int | None = None,
    device: str = "cpu",
    out: Path | None = None,
    write_lock: bool = False,
    quiet: bool = False,
) -> GenerateReport:
    """Draw every shard that is not there or is damaged, write the manifest when all are, hold it to the lock.

    The version lies in `out`, else under `data_root`. `limit` makes at most that many images of each
    split, in a folder apart. What is complete on the disk is kept, whenever this is stopped.
    """
    recipe = load_recipe(reference)
    drawing = _drawing(recipe, device, data_root)
    if split is not None and split not in recipe.splits:
        raise UsageError(unknown(split, known=recipe.splits, kind=f"split of {recipe.reference}"))
    if write_lock and (limit is not None or split is not None):
        raise UsageError(f"{recipe.reference}: a lock is of a whole version; leave out --limit and --split")
    folder = out or version_folder(data_root, recipe.name, recipe.version, limit=limit)
    shards = plan(recipe, limit=limit)
    with lock_folder(_claimed(folder, recipe)):
        missing = _to_draw(folder, recipe, shards, quiet=quiet)
        tasks = [DrawTask(drawing, folder, shard) for shard in missing if split in (None, shard.split)]
        _draw(tasks, workers=workers or default_workers(device), folder=folder, quiet=quiet)
        version = None
        if len(tasks) == len(missing):
            version = write_manifest(folder, recipe, shards, limit=limit)
    lock, note = _lock_state(reference, recipe, version, write=write_lock)
    made = [shard for shard in shards if (folder / shard.path).is_file()]
    return GenerateReport(
        reference=recipe.reference,
        folder=str(folder),
        complete=version is not None,
        limited=limit is not None,
        images=sum(shard.count for shard in made),
        drawn=sum(task.shard.count for task in tasks),
        counts={name: sum(shard.count for shard in made if shard.split == name) for name in recipe.splits},
        recipe_digest=recipe.digest,
        content_digest=version.content_digest if version else None,
        lock=lock,
        note=note,
    )


def _drawing(recipe: Recipe, device: str, data_root: Path) -> Drawing:
    look_up(dict.fromkeys(METHODS), recipe.method.name, kind="synthesis method")
    # Opened once here, so that a wrong filter is known before anything is written.
    Gate(recipe.filters, filter_tools(recipe, device=device, data_root=str(data_root)))
    maker = METHODS[recipe.method.name]
    return Drawing(recipe_json=recipe.model_dump_json(), maker=maker, device=device, data_root=str(data_root))


def _claimed(folder: Path, recipe: Recipe) -> Path:
    """`folder`, marked as this version's; one that holds anything else is refused."""
    claim = folder / CLAIM
    if claim.is_file():
        try:
            holder = "{name}@{version}".format(**json.loads(claim.read_bytes()))
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{claim}: damaged; remove this file if the folder is {recipe.reference}'s") from None
        if holder != recipe.reference:
            raise UsageError(f"{folder} holds {holder}, not {recipe.reference}; choose another folder")
    elif folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty and holds no dataset version; choose another folder")
    write_json(claim, recipe.model_dump(mode="json"))
    return folder


def _to_draw(folder: Path, recipe: Recipe, shards: Sequence[Shard], *, quiet: bool) -> list[Shard]:
    """The shards that are absent, damaged or of another recipe. The manifest goes while there is any."""
    clean_leftovers(folder)
    planned = {shard.path for shard in shards}
    found = {path.relative_to(folder).as_posix() for path in (folder / "images").glob("*/*/*.parquet")}
    digests = {item.id: drawing_digest(recipe, item) for item in recipe.classes}
    bar = tqdm(shards, desc=f"check {recipe.reference}", unit="shard", disable=True if quiet else None, leave=False)
    written = _written(folder)
    missing = [shard for shard in bar if not _is_good(folder, shard, digests[shard.class_id], written)]
    if missing or found != planned:
        (folder / MANIFEST).unlink(missing_ok=True)
    for path in found - planned:
        # Left by a recipe that asked for more; whoever opens the folder would read it.
        (folder / path).unlink()
    return missing


def _written(folder: Path) -> dict[str, str]:
    """The sha256 of each shard file as the manifest has it, if there is a manifest."""
    try:
        return read_version(folder).files
    except DataError:
        return {}


def _is_good(folder: Path, shard: Shard, drawing: str, written: dict[str, str]) -> bool:
    try:
        file = read_shard(folder / shard.path)
    except DataError:
        return False
    as_written = written.get(shard.path) in (None, file.sha256)
    return as_written and file.drawing == drawing and file.table.column("id").to_pylist() == shard.ids()


def _draw(tasks: Sequence[DrawTask], *, workers: int, folder: Path, quiet: bool) -> None:
    total = sum(task.shard.count for task in tasks)
    bar = tqdm(total=total, desc="draw", unit="img", disable=True if quiet or not tasks else None)
    try:
        with bar, closing(run("bench.pipelines.draw:draw_shard", tasks, workers=workers)) as done:
            for shard in done:
                bar.update(shard.count)
    finally:
        clean_leftovers(folder)


def _lock_state(reference: str, recipe: Recipe, version: Version | None, *, write: bool) -> tuple[LockState, str]:
    if version is None:
        return "not compared", "not compared with the lock: other splits are still to be made"
    if version.limit is not None:
        return "not compared", "not compared with the lock: limited"
    path = lock_path(reference)
    if write:
        put_lock(path, make_lock(recipe, version.manifest))
        return "written", f"lock written: {path}"
    return held_to_lock(recipe, version.manifest, path)
