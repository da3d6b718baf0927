"""`verify`: every image against the manifest, the manifest against recipe and lock, some images redrawn."""

import hashlib
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from tqdm import tqdm

from bench.core.errors import DataError
from bench.core.manifest import Item
from bench.core.recipe import Recipe
from bench.core.record import Record
from bench.core.verdict import Verdict
from bench.engines.local import default_workers, run
from bench.pipelines.draw import Drawing, Likeness, RedrawTask, class_of, drawing_digest, plan_item
from bench.pipelines.held_to_lock import held_to_lock
from bench.pipelines.recipes import load_recipe, lock_path
from bench.store.locks import Lock, read_lock
from bench.store.shards import Shard, plan, read_rows, read_shard
from bench.store.versions import Version, open_version
from bench.synthesis import METHODS


class VerifyReport(Record):
    """Everything that was held against something else agreed. `redrawn` counts by likeness."""

    reference: str
    images: int
    counts: dict[str, int]
    content_digest: str
    lock: Literal["identical", "perceptual", "absent"]
    redrawn: dict[str, int]
    note: str

    def __str__(self) -> str:
        again = ", ".join(f"{count} {likeness}" for likeness, count in self.redrawn.items())
        return (
            f"{self.reference}: {self.images} images match the manifest\ncontent {self.content_digest}\n{self.note}"
            + (f"\nredrawn: {again}" if again else "")
        )


def verify(reference: str, *, data_root: Path, regenerate: int = 0, quiet: bool = False) -> VerifyReport:
    """Read every file; a DataError names the first that is not as it was made, and how many there are.

    `regenerate`: so many images (whole batches of them, chosen by hash) are drawn again and called
    identical, alike (perceptual hash) or drifted; a drifted one is a DataError.
    """
    recipe = load_recipe(reference)
    version = open_version(recipe.reference, data_root)
    if version.recipe_digest != recipe.digest:
        raise DataError(
            f"{reference}: made by recipe {version.recipe_digest[:19]}…, the recipe is now {recipe.digest[:19]}…;"
            f" run: imagenet-g generate {reference}"
        )
    problems = _problems(recipe, version, quiet=quiet)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DataError(f"{problems[0]}{more}; to mend it run: imagenet-g generate {reference}")
    path = lock_path(reference)
    state, note = held_to_lock(recipe, version.manifest, path)
    return VerifyReport(
        reference=recipe.reference,
        images=len(version.manifest.items),
        counts=version.manifest.counts(),
        content_digest=version.content_digest,
        lock=state,
        redrawn=_redrawn(recipe, version, regenerate, read_lock(path), quiet=quiet),
        note=note,
    )


def _problems(recipe: Recipe, version: Version, *, quiet: bool) -> list[str]:
    """One line for each shard that is not as it was made; none when all is well."""
    shards = plan(recipe)
    planned = {shard.path for shard in shards}
    found = {path.relative_to(version.folder).as_posix() for path in version.folder.glob("images/**/*.parquet")}
    problems = [f"{version.folder / path}: not a file of this version" for path in sorted(found - planned)]
    expected = sum(shard.count for shard in shards)
    if version.table.num_rows != expected:
        return [*problems, f"{recipe.reference}: expected {expected} images, the manifest has {version.table.num_rows}"]
    offset = 0
    bar = tqdm(total=expected, desc=f"verify {recipe.reference}", unit="img", disable=True if quiet else None)
    with bar:
        for shard in shards:
            try:
                _check_shard(recipe, version, shard, offset)
            except DataError as error:
                problems.append(str(error))
            offset += shard.count
            bar.update(shard.count)
    return problems


def _check_shard(recipe: Recipe, version: Version, shard: Shard, offset: int) -> None:
    path = version.folder / shard.path
    file = read_shard(path)
    rows = file.rows
    if not rows.equals(version.table.slice(offset, shard.count).replace_schema_metadata(None)):
        raise DataError(f"{path}: its rows are not those of the manifest")
    if file.sha256 != version.files.get(shard.path):
        raise DataError(f"{path}: the file is not the one that was written (sha256 differs)")
    one = class_of(recipe, shard.class_id)
    if file.drawing != drawing_digest(recipe, one):
        raise DataError(f"{path}: drawn by another recipe")
    for slot, item in enumerate(read_rows(rows), start=shard.first):
        wanted = plan_item(recipe, shard.split, one, slot, item.attempt)
        Verdict.parse(item.verdict)
        # The guidance scale is stored as float32.
        wanted = replace(wanted, sha256=item.sha256, phash=item.phash, cfg=float(np.float32(wanted.cfg)))
        wanted = replace(wanted, verdict=item.verdict, image_nsfw=item.image_nsfw)
        if item != wanted:
            raise DataError(f"{path}: the row of {item.id!r} is not what the recipe says")


def _redrawn(recipe: Recipe, version: Version, wanted: int, lock: Lock | None, *, quiet: bool) -> dict[str, int]:
    """How many of `wanted` images came out identical, alike, drifted when drawn again."""
    drawing = Drawing(recipe_json=recipe.model_dump_json(), maker=METHODS[recipe.method.name], device="cpu")
    tasks = [RedrawTask(drawing, items) for items in _batches_by_hash(recipe, version, wanted)]
    likeness: dict[str, Likeness] = {}
    bar = tqdm(total=wanted, desc="redraw", unit="img", disable=True if quiet or not tasks else None)
    with bar, closing(run("bench.pipelines.draw:redraw", tasks, workers=default_workers("cpu"))) as done:
        for answer in done:
            likeness |= answer
            bar.update(len(answer))
    drifted = sorted(item_id for item_id, kind in likeness.items() if kind == "drifted")
    if drifted:
        why = ", ".join(lock.differences()) if lock else ""
        raise DataError(
            f"{recipe.reference}: {len(drifted)} of {len(likeness)} redrawn images drifted, first {drifted[0]!r};"
            f" different from the lock: {why or 'no library, no processor'}"
        )
    return dict(sorted(Counter(likeness.values()).items()))


def _batches_by_hash(recipe: Recipe, version: Version, wanted: int) -> list[tuple[Item, ...]]:
    """Items of whole batches, `wanted` in all: a batch costs the same whether one or all of it are compared."""
    batches: dict[str, list[Item]] = {}
    for item in version.manifest.items:
        folder, _, slot = item.id.rpartition("/")
        batches.setdefault(f"{folder}/{int(slot) // recipe.batch}", []).append(item)
    chosen: list[tuple[Item, ...]] = []
    for name in sorted(batches, key=lambda name: hashlib.sha256(name.encode()).digest()):
        if wanted <= 0:
            break
        chosen.append(tuple(batches[name][:wanted]))
        wanted -= len(chosen[-1])
    return chosen
