"""`generate`: make a dataset version from its recipe, or go on with one that was interrupted."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.core.registry import look_up, unknown
from bench.engines import ENGINES, ON_THIS_DISK
from bench.pipelines.versions.adapt import learn_all
from bench.pipelines.versions.draw import Drawing, Drawn, DrawTask
from bench.pipelines.versions.held_to_lock import held_to_lock, lock_of
from bench.pipelines.versions.lineage import check_claim
from bench.pipelines.versions.plan_items import drawing_digest
from bench.pipelines.versions.readiness import check_drawable
from bench.pipelines.versions.recipes import load_recipe, located, lock_path
from bench.pipelines.versions.reuse import Start, take_over
from bench.store.atomic import clean_leftovers, write_bytes
from bench.store.claims import claimed
from bench.store.locks import make_lock
from bench.store.locks import write_lock as put_lock
from bench.store.machine import library_versions
from bench.store.paths import version_folder
from bench.store.shard_files import check_shard
from bench.store.shards import Shard, plan
from bench.store.versions import MANIFEST, Version, read_version, write_manifest
from bench.synthesis import METHODS

LockState = Literal["identical", "perceptual", "written", "absent", "not compared"]


class GenerateReport(Record):
    """What `generate` did. `complete` is False while another split is still to be made."""

    reference: str
    folder: str
    complete: bool
    limited: bool
    images: int
    drawn: int
    reused: dict[str, int]
    learned: int = 0
    counts: dict[str, int]
    recipe_digest: str
    content_digest: str | None
    lock: LockState
    note: str

    def __str__(self) -> str:
        counts = ", ".join(f"{split} {count}" for split, count in self.counts.items())
        reused = "".join(f", {count} taken from {source}" for source, count in self.reused.items())
        state = "complete" if self.complete else "not complete yet"
        return (
            f"{self.reference}: {self.images} images ({counts}), {self.drawn} drawn now{reused}, {state}"
            + (f", {self.learned} states learned" if self.learned else "")
            + (", limited: not for publication" if self.limited else "")
            + f"\ncontent {self.content_digest or 'not known yet'}\n{self.note}\n{self.folder}"
        )


def generate(
    reference: str,
    *,
    data_root: Path,
    split: str | None = None,
    limit: int | None = None,
    part: str | None = None,
    engine: str = "local",
    workers: int | None = None,
    device: str = "cpu",
    out: Path | None = None,
    write_lock: bool = False,
    quiet: bool = False,
) -> GenerateReport:
    """Make every shard that is not there or is damaged, write the manifest when all are, hold it to the lock.

    The version lies in `out`, else under `data_root`. `limit` makes at most that many images of each
    split, in a folder apart. `part`: `i/n`, every n-th shard from the i-th on, beside other processes that make
    the others. What is complete on the disk is kept, whenever this is stopped; images that another version
    there has are taken over.
    """
    recipe = load_recipe(reference)
    with located(reference):
        drawing = _drawing(recipe, device, data_root)
    _check(reference, recipe, split=split, whole=limit is None and part is None, write_lock=write_lock)
    folder = out or version_folder(data_root, recipe.name, recipe.version, limit=limit)
    shards = plan(recipe, limit=limit)
    mine = shards if part is None else _part(shards, part)
    drawings = {item.id: drawing_digest(recipe, item) for item in recipe.classes}
    with claimed(folder, recipe, shared=part is not None):
        missing = _missing(folder, recipe, mine, drawings, quiet=quiet)
        if part is None:
            _clear(folder, {shard.path for shard in shards})
        wanted = [shard for shard in missing if split in (None, shard.split)]
        starts = take_over(recipe, data_root, folder, wanted, drawings)
        here = folder if engine in ON_THIS_DISK else None
        asked = (_task(drawing, here, shard, starts.get(shard.path)) for shard in wanted)
        tasks = [task for task in asked if task.images]
        taught = sorted({task.shard.class_id for task in tasks})
        with located(reference):
            learned = learn_all(drawing.place, taught, workers=workers, quiet=quiet)
            _draw(tasks, starts, folder=folder, engine=engine, workers=workers, quiet=quiet)
        version = None
        if len(wanted) == len(missing) and part is None:
            version = write_manifest(folder, recipe, shards, drawings, limit=limit)
    lock, note = _lock_state(reference, recipe, version, write=write_lock, device=device)
    made = [shard for shard in shards if (folder / shard.path).is_file()]
    return GenerateReport(
        reference=recipe.reference,
        folder=str(folder),
        complete=version is not None,
        limited=limit is not None,
        images=sum(shard.count for shard in made),
        drawn=sum(task.images for task in tasks),
        learned=learned,
        reused=_by_source(starts.values()),
        counts={name: sum(shard.count for shard in made if shard.split == name) for name in recipe.splits},
        recipe_digest=recipe.digest,
        content_digest=version.content_digest if version else None,
        lock=lock,
        note=note if part is None else f"part {part}; when all are made: imagenet-g generate {reference}",
    )


def _drawing(recipe: Recipe, device: str, data_root: Path) -> Drawing:
    check_drawable(recipe, data_root)
    maker = METHODS[recipe.method.name]
    return Drawing(recipe_json=recipe.model_dump_json(), maker=maker, device=device, data_root=str(data_root))


def _check(reference: str, recipe: Recipe, *, split: str | None, whole: bool, write_lock: bool) -> None:
    """Refuse what cannot come to a good end, before anything is drawn."""
    if split is not None and split not in recipe.splits:
        raise UsageError(unknown(split, known=recipe.splits, kind=f"split of {recipe.reference}"))
    if write_lock and (split is not None or not whole):
        raise UsageError(f"{recipe.reference}: a lock is of a whole version; leave out --limit, --split and --shard")
    check_claim(reference, recipe)
    if not write_lock:
        lock_of(recipe, lock_path(reference))


def _part(shards: Sequence[Shard], part: str) -> Sequence[Shard]:
    match = re.fullmatch(r"(\d+)/(\d+)", part)
    first, step = (int(number) for number in match.groups()) if match else (0, 0)
    if not 1 <= first <= step:
        raise UsageError(f"--shard {part!r}: expected i/n with i from 1 to n, such as 1/8 to 8/8")
    return shards[first - 1 :: step]


def _missing(
    folder: Path, recipe: Recipe, shards: Sequence[Shard], drawings: Mapping[str, str], *, quiet: bool
) -> list[Shard]:
    """The shards that are absent, damaged or of another recipe. The manifest goes while there is any."""
    clean_leftovers(folder)
    bar = tqdm(shards, desc=f"check {recipe.reference}", unit="shard", disable=True if quiet else None, leave=False)
    written = _written(folder)
    missing = [shard for shard in bar if not _is_good(folder, shard, drawings[shard.class_id], written)]
    if missing:
        (folder / MANIFEST).unlink(missing_ok=True)
    return missing


def _clear(folder: Path, planned: set[str]) -> None:
    """Remove what a recipe that asked for more has left: whoever opens the folder would read it."""
    left = {path.relative_to(folder).as_posix() for path in (folder / "images").glob("*/*/*.parquet")} - planned
    if left:
        (folder / MANIFEST).unlink(missing_ok=True)
    for path in left:
        (folder / path).unlink(missing_ok=True)


def _written(folder: Path) -> dict[str, str]:
    """The frame of each shard file as the manifest has it, if there is a manifest."""
    try:
        return read_version(folder).frames
    except DataError:
        return {}


def _is_good(folder: Path, shard: Shard, drawing: str, written: dict[str, str]) -> bool:
    try:
        file = check_shard(folder / shard.path)
    except DataError:
        return False
    return written.get(shard.path) in (None, file.frame) and file.holds(drawing, shard.ids())


def _task(drawing: Drawing, folder: Path | None, shard: Shard, start: Start | None) -> DrawTask:
    # What begins with images of another version comes back, and is joined to them here.
    return DrawTask(drawing, None if start else folder, shard, shard.first + (start.count if start else 0))


def _draw(
    tasks: Sequence[DrawTask],
    starts: Mapping[str, Start],
    *,
    folder: Path,
    engine: str,
    workers: int | None,
    quiet: bool,
) -> None:
    run = look_up(ENGINES, engine, kind="engine")
    device = tasks[0].drawing.device if tasks else "cpu"
    total = sum(task.images for task in tasks)
    bar = tqdm(total=total, desc="draw", unit="img", disable=True if quiet or not tasks else None)
    try:
        with (
            bar,
            closing(run("bench.pipelines.versions.draw:draw_shard", tasks, workers=workers, device=device)) as done,
        ):
            for drawn in done:
                start = starts.get(drawn.shard.path)
                if drawn.file is not None:
                    _check_versions(drawn)
                    write_bytes(folder / drawn.shard.path, start.and_then(drawn.file) if start else drawn.file)
                bar.update(drawn.images)
    finally:
        clean_leftovers(folder)


def _check_versions(drawn: Drawn) -> None:
    """Refuse what a node with other libraries drew: the version would depend on which node drew what."""
    here = library_versions()
    other = [f"{name} {found} (here: {here[name]})" for name, found in drawn.versions.items() if found != here[name]]
    if other:
        raise DataError(f"a node draws with {', '.join(other)}; install the same versions on every node")


def _by_source(starts: Iterable[Start]) -> dict[str, int]:
    reused: dict[str, int] = {}
    for start in starts:
        reused[start.source] = reused.get(start.source, 0) + start.count
    return reused


def _lock_state(
    reference: str, recipe: Recipe, version: Version | None, *, write: bool, device: str
) -> tuple[LockState, str]:
    if version is None:
        return "not compared", "not compared with the lock: other splits are still to be made"
    if version.limit is not None:
        return "not compared", "not compared with the lock: limited"
    path = lock_path(reference)
    if write:
        put_lock(path, make_lock(recipe, version, device=device))
        return "written", f"lock written: {path}"
    return held_to_lock(recipe, version, path, device=device)
