"""What a worker of `generate` does: draw one shard from its identity alone, and put it on the disk."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import cast

from PIL import Image

from bench.core.errors import DataError
from bench.core.manifest import Item
from bench.core.recipe import Recipe
from bench.core.verdict import Verdict
from bench.filters.gate import Gate
from bench.filters.rule import Candidate
from bench.pipelines.versions.adapt import Place, states_of
from bench.pipelines.versions.filter_tools import filter_tools
from bench.pipelines.versions.plan_items import class_of, drawing_digest, plan_item, revision, slots_filled
from bench.sources.real_images import NamedImages, RealImages, open_real_images
from bench.store.atomic import write_bytes
from bench.store.encoding import Likeness, encode, likeness, perceptual_hash, sha256_hex
from bench.store.machine import library_versions
from bench.store.paths import data_root
from bench.store.shard_files import open_shard
from bench.store.shards import Shard, item_slot, shard_bytes
from bench.synthesis import TAKES
from bench.synthesis.adaptation import State
from bench.synthesis.maker import Maker, Request


@dataclass(frozen=True)
class Drawing:
    """How to draw: the recipe as JSON, the method as `module:attribute`, the device. It can be sent, and hashed.

    `data_root`: where real images and the models of filters are found; empty for the default one.
    """

    recipe_json: str
    maker: str
    device: str
    data_root: str = ""

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return _recipe(self.recipe_json)

    @property
    def place(self) -> Place:
        """Where its generator's learned states are."""
        return Place(self.recipe_json, str(data_root(self.data_root)), self.device)


@dataclass(frozen=True)
class DrawTask:
    """The slots of `shard` from `start` on, to draw; into `folder`, or (None) to bring back."""

    drawing: Drawing
    folder: Path | None
    shard: Shard
    start: int

    @property
    def images(self) -> int:
        """How many are to be drawn."""
        return self.shard.first + self.shard.count - self.start


@dataclass(frozen=True)
class Drawn:
    """What `images` were drawn for; `file` is their Parquet file, where it was to be brought back.

    `versions`: the libraries that drew it there.
    """

    shard: Shard
    images: int
    file: bytes | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RedrawTask:
    """A batch to draw again and to compare with `items` of the shard file at `path`, which are of one batch."""

    drawing: Drawing
    path: Path
    items: tuple[Item, ...]


def draw_shard(task: DrawTask) -> Drawn:
    """Draw and encode; written whole or not at all, or brought back."""
    recipe, shard = task.drawing.recipe, task.shard
    end = shard.first + shard.count
    # The first and the last batch are drawn in full and their surplus dropped: the bits of an image can depend
    # on the others of its batch, and a larger version must keep the images of this one.
    starts = range(task.start // recipe.batch * recipe.batch, end, recipe.batch)
    with ThreadPoolExecutor(1) as encoder:
        drawn = (draw_batch(task.drawing, shard.split, shard.class_id, start) for start in starts)
        batches = [encoder.submit(encoded, recipe, batch) for batch in drawn]
    kept = [one for batch in batches for one in batch.result()][task.start - starts[0] : end - starts[0]]
    items, files = zip(*kept, strict=True)
    data = shard_bytes(items, files, drawing=drawing_digest(recipe, class_of(recipe, shard.class_id)))
    if task.folder is None:
        return Drawn(shard, task.images, data, library_versions())
    write_bytes(task.folder / shard.path, data)
    return Drawn(shard, task.images)


def redraw(task: RedrawTask) -> dict[str, Likeness]:
    """For each item: is what is drawn now identical, perceptually identical, or has it drifted?"""
    first, recipe = task.items[0], task.drawing.recipe
    start = item_slot(first.id) // recipe.batch * recipe.batch
    now = {
        item.id: file for item, file in encoded(recipe, draw_batch(task.drawing, first.split, first.class_id, start))
    }
    stored = open_shard(task.path)
    before = dict(zip(stored.rows.column("id").to_pylist(), stored.images, strict=True))
    return {item.id: likeness(bytes(before[item.id]), now[item.id], what=item.id) for item in task.items}


def draw_batch(drawing: Drawing, split: str, class_id: str, start: int) -> list[Candidate]:
    """The whole batch of slots from `start`: rows, still without what the encoded image says, and images."""
    recipe, one = drawing.recipe, class_of(drawing.recipe, class_id)
    learned = class_id if recipe.adaptations else None
    states = _states(drawing, learned) if learned else []
    planned = [plan_item(recipe, split, one, slot, states=states) for slot in range(start, start + recipe.batch)]
    if states:
        planned = [replace(item, generator_revision=revision(recipe, states)) for item in planned]
    real = _real_images(drawing)
    if real is not None:
        each = int(cast(int, recipe.method.parameters.get("per_image") or 1))
        needed = -(-slots_filled(recipe, split, class_id, start + recipe.batch) // each)
        sources = [real.source(split, class_id, item_slot(item.id) // each, needed=needed) for item in planned]
        planned = [replace(item, source_image=source) for item, source in zip(planned, sources, strict=True)]
    return _draw_until_kept(_maker(drawing, learned), _gate(drawing), real, recipe, planned)


def encoded(recipe: Recipe, drawn: Sequence[Candidate]) -> list[tuple[Item, bytes]]:
    """The rows, complete, and the encoded images."""
    files = [encode(one.image, recipe.encoding) for one in drawn]
    rows = [
        replace(one.item, sha256=sha256_hex(file), phash=perceptual_hash(one.image))
        for one, file in zip(drawn, files, strict=True)
    ]
    return list(zip(rows, files, strict=True))


def _draw_until_kept(
    maker: Maker, gate: Gate, real: RealImages | NamedImages | None, recipe: Recipe, items: list[Item]
) -> list[Candidate]:
    """Draw a batch; what a filter rejects is drawn anew, until it passes or its attempts are used up.

    It is drawn with the next attempt's seed, the others beside it as before, so that the result
    depends on the recipe alone.
    """
    kept: dict[str, Candidate] = {}
    while len(kept) < len(items):
        drawn = maker.draw([_request(item, real) for item in items])
        _check_size(drawn, items)
        waiting = [Candidate(*one) for one in zip(items, drawn, strict=True) if one[0].id not in kept]
        passing, rejected = gate.judge(waiting, [kept[item.id] for item in items if item.id in kept])
        kept |= {one.item.id: one for one in passing}
        items = [_next_attempt(recipe, item, rejected[item.id]) if item.id in rejected else item for item in items]
    return [kept[item.id] for item in items]


def _request(item: Item, real: RealImages | NamedImages | None) -> Request:
    source, mask = None, None
    if real is not None and item.source_image:
        source, mask = real.read(item.source_image), real.mask(item.source_image)
        if mask is not None and mask.size != source.size:
            raise DataError(
                f"{item.source_image.rpartition('@')[0]}: expected a mask of {source.width} x {source.height} pixels,"
                f" got {mask.width} x {mask.height}; make the mask of its image's size"
            )
    return Request(item.class_name, item.prompt, item.negative_prompt, item.seed, source, item.class_id, mask)


def _next_attempt(recipe: Recipe, item: Item, rule: str) -> Item:
    before = Verdict.parse(item.verdict)
    fresh = plan_item(recipe, item.split, class_of(recipe, item.class_id), item_slot(item.id), item.attempt + 1)
    same = {name: getattr(item, name) for name in ("prompt", "source_image", "generator_revision")}
    return replace(fresh, **same, verdict=str(Verdict(after=(*before.after, rule))))


def _check_size(images: Sequence[Image.Image], items: Sequence[Item]) -> None:
    for image, item in zip(images, items, strict=True):
        if image.size != (item.width, item.height):
            raise DataError(
                f"image {item.id!r}: the recipe says {item.width} x {item.height} pixels, the generator drew"
                f" {image.width} x {image.height}; write that size into the recipe"
            )


@lru_cache(maxsize=1)
def _recipe(text: str) -> Recipe:
    # A thousand classes take long to validate, and every batch asks.
    return Recipe.model_validate_json(text)


@lru_cache(maxsize=1)
def _maker(drawing: Drawing, learned: str | None) -> Maker:
    # One loaded pipeline a worker, whatever number of shards it draws; for generators that learn, one a class.
    module, attribute = drawing.maker.split(":")
    states = _states(drawing, learned) if learned else []
    return getattr(import_module(module), attribute)(drawing.recipe, device=drawing.device, states=states)


@lru_cache(maxsize=1)
def _states(drawing: Drawing, learned: str) -> list[State]:
    return states_of(drawing.place, learned)


@lru_cache(maxsize=1)
def _real_images(drawing: Drawing) -> RealImages | NamedImages | None:
    """What the method starts from; None where it starts from nothing, even if an adaptation learns from images."""
    conditioning = drawing.recipe.conditioning
    if conditioning is None or "images" not in TAKES.get(drawing.recipe.method.name, ()):
        return None
    return open_real_images(data_root(drawing.data_root), conditioning)


@lru_cache(maxsize=1)
def _gate(drawing: Drawing) -> Gate:
    recipe = drawing.recipe
    return Gate(recipe.filters, filter_tools(recipe, device=drawing.device, data_root=drawing.data_root))
