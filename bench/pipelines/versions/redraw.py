"""Drawing some images of a version again: are they identical, perceptually identical, or have they drifted?"""

import hashlib
import heapq
from collections import Counter
from contextlib import closing
from itertools import groupby
from pathlib import Path

from tqdm import tqdm

from bench.core.errors import DataError
from bench.core.manifest import Item
from bench.core.recipe import Recipe
from bench.engines.local import run
from bench.pipelines.versions.draw import Drawing, RedrawTask
from bench.store.encoding import Likeness
from bench.store.locks import Lock
from bench.store.shards import item_slot, shard_path
from bench.store.versions import Version
from bench.synthesis import METHODS


def redraw(
    recipe: Recipe,
    version: Version,
    wanted: int,
    *,
    data_root: Path,
    device: str,
    lock: Lock | None,
    workers: int | None,
    quiet: bool,
) -> dict[str, int]:
    """How many of `wanted` images came out identical and perceptually identical; DataError where any drifted.

    The error says which library, processor or device is not that of the lock.
    """
    drawing = Drawing(
        recipe_json=recipe.model_dump_json(),
        maker=METHODS[recipe.method.name],
        device=device,
        data_root=str(data_root),
    )
    tasks = [RedrawTask(drawing, path, items) for path, items in _batches_by_hash(recipe, version, wanted)]
    found: dict[str, Likeness] = {}
    bar = tqdm(total=sum(len(task.items) for task in tasks), desc="redraw", unit="img", disable=True if quiet else None)
    with bar, closing(run("bench.pipelines.versions.draw:redraw", tasks, workers=workers, device=device)) as done:
        for answer in done:
            found |= answer
            bar.update(len(answer))
    drifted = sorted(item_id for item_id, kind in found.items() if kind == "drifted")
    if drifted:
        why = (
            ", ".join(lock.differences(device)) or "no library, no processor, no device" if lock else "there is no lock"
        )
        raise DataError(
            f"{recipe.reference}: {len(drifted)} of {len(found)} redrawn images drifted, first {drifted[0]!r};"
            f" different from the lock: {why or 'no library, no processor, no device'}"
        )
    return dict(sorted(Counter(found.values()).items()))


def _batches_by_hash(recipe: Recipe, version: Version, wanted: int) -> list[tuple[Path, tuple[Item, ...]]]:
    """Items of whole batches, `wanted` in all: a batch costs the same whether one or all of it are compared."""

    def batch_of(item: Item) -> str:
        return f"{item.split}/{item.class_id}/{item_slot(item.id) // recipe.batch}"

    # As many batches as images are enough. The items of a batch follow each other.
    names = (name for name, _ in groupby(version.items(), key=batch_of))
    chosen = heapq.nsmallest(wanted, names, key=lambda name: hashlib.sha256(name.encode()).digest())
    among = set(chosen)
    items = {name: tuple(group) for name, group in groupby(version.items(), key=batch_of) if name in among}
    batches = []
    for name in chosen:
        first = items[name][0]
        path = version.folder / shard_path(first.split, first.class_id, item_slot(first.id) // version.shard_slots)
        batches.append((path, items[name][:wanted]))
        wanted -= len(batches[-1][1])
        if wanted <= 0:
            break
    return batches
