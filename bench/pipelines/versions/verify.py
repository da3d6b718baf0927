"""`verify`: every image against the manifest, the manifest against recipe and lock, some images redrawn."""

from dataclasses import replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Literal

import pyarrow as pa
from tqdm import tqdm

from bench.core.errors import DataError
from bench.core.manifest import COLUMNS
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.core.verdict import Verdict
from bench.engines.local import default_workers
from bench.engines.threads import in_order
from bench.pipelines.versions.held_to_lock import held_to_lock
from bench.pipelines.versions.plan_items import class_of, drawing_digest, plan_item
from bench.pipelines.versions.recipes import lock_path, open_made
from bench.pipelines.versions.redraw import redraw
from bench.store.locks import read_lock
from bench.store.shard_files import check_shard
from bench.store.shards import Shard, plan, read_rows
from bench.store.versions import Version

# What is known only once an image is drawn and judged.
_DRAWN = ("sha256", "phash", "verdict", "image_nsfw")
_planned = attrgetter(*(name for name in COLUMNS if name not in _DRAWN))


class VerifyReport(Record):
    """Everything that was held against something else agreed. `redrawn` counts by likeness."""

    reference: str
    images: int
    counts: dict[str, int]
    content_digest: str
    lock: Literal["identical", "perceptual", "absent", "not compared"]
    redrawn: dict[str, int]
    note: str

    def __str__(self) -> str:
        again = ", ".join(f"{count} {likeness}" for likeness, count in self.redrawn.items())
        return (
            f"{self.reference}: {self.images} images match the manifest\ncontent {self.content_digest}\n{self.note}"
            + (f"\nredrawn: {again}" if again else "")
        )


def verify(
    reference: str,
    *,
    data_root: Path,
    limit: int | None = None,
    regenerate: int = 0,
    device: str = "cpu",
    workers: int | None = None,
    quiet: bool = False,
) -> VerifyReport:
    """Read every file; a DataError names the first that is not as it was made, and how many there are.

    `regenerate`: so many images (whole batches of them, chosen by hash) are drawn again on `device` and called
    identical, perceptually identical (`bench.store.encoding.likeness`) or drifted; a drifted one is a DataError.
    `limit`: the version that `generate --limit` made, which no lock is of.
    """
    recipe, version = open_made(reference, data_root=data_root, limit=limit)
    first, count = _problems(recipe, version, workers=workers or default_workers("cpu"), quiet=quiet)
    if first:
        more = f" (and {count - 1} more)" if count > 1 else ""
        raise DataError(f"{first}{more}; to mend it run: imagenet-g generate {reference}")
    path = lock_path(reference)
    state, note = (
        held_to_lock(recipe, version, path, device=device)
        if limit is None
        else ("not compared", "not compared with the lock: limited")
    )
    redrawn = {}
    if regenerate:
        redrawn = redraw(
            recipe,
            version,
            regenerate,
            data_root=data_root,
            device=device,
            lock=read_lock(path),
            workers=workers,
            quiet=quiet,
        )
    return VerifyReport(
        reference=recipe.reference,
        images=len(version),
        counts=version.counts,
        content_digest=version.content_digest,
        lock=state,
        redrawn=redrawn,
        note=note,
    )


def _problems(recipe: Recipe, version: Version, *, workers: int, quiet: bool) -> tuple[str | None, int]:
    """The first thing that is not as it was made, in one line, and how many there are; (None, 0) when all is well."""
    shards = plan(recipe, limit=version.limit)
    planned = {shard.path for shard in shards}
    found = {path.relative_to(version.folder).as_posix() for path in version.folder.glob("images/**/*.parquet")}
    problems = [f"{version.folder / path}: not a file of this version" for path in sorted(found - planned)]
    expected = sum(shard.count for shard in shards)
    if len(version) != expected:
        problems.append(f"{recipe.reference}: expected {expected} images, the manifest has {len(version)}")
        return problems[0], len(problems)
    jobs = zip(shards, version.blocks(shard.count for shard in shards), strict=True)
    bar = tqdm(total=expected, desc=f"verify {recipe.reference}", unit="img", disable=True if quiet else None)
    with bar:
        for shard, problem in in_order(partial(_problem, recipe, version), jobs, threads=workers):
            problems += [problem] if problem else []
            bar.update(shard.count)
    return (problems[0] if problems else None), len(problems)


def _problem(recipe: Recipe, version: Version, job: tuple[Shard, pa.Table]) -> tuple[Shard, str | None]:
    shard, rows = job
    try:
        _check_shard(recipe, version, shard, rows)
    except DataError as error:
        return shard, str(error)
    return shard, None


def _check_shard(recipe: Recipe, version: Version, shard: Shard, rows: pa.Table) -> None:
    path = version.folder / shard.path
    file = check_shard(path)
    if not file.rows.equals(rows):
        raise DataError(f"{path}: its rows are not those of the manifest")
    if file.frame != version.frames.get(shard.path):
        raise DataError(f"{path}: the file is not the one that was written (sha256 differs)")
    one = class_of(recipe, shard.class_id)
    if file.drawing != drawing_digest(recipe, one):
        raise DataError(f"{path}: drawn by another recipe")
    for slot, item in enumerate(read_rows(rows), start=shard.first):
        wanted = plan_item(recipe, shard.split, one, slot, item.attempt)
        Verdict.parse(item.verdict)
        if recipe.adaptations and item.generator_revision.startswith(f"{recipe.generator.revision}+"):
            # What it has learned is told by its state, which need not be here either.
            wanted = replace(wanted, generator_revision=item.generator_revision)
        if any(learned.name == "sentences" for learned in recipe.adaptations or ()):
            # So is the sentence.
            wanted = replace(wanted, prompt=item.prompt)
        if recipe.conditioning:
            # Which real image it started from is told by the folder of real images, which need not be here.
            wanted = replace(wanted, source_image=item.source_image)
        if _planned(item) != _planned(wanted):
            raise DataError(f"{path}: the row of {item.id!r} is not what the recipe says")
