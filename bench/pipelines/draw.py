"""What a worker of `generate` does: draw one shard from its identity alone, and put it on the disk."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.classes import ClassName
from bench.core.digests import digest_json
from bench.core.errors import DataError
from bench.core.manifest import Item
from bench.core.recipe import SLOT, Recipe
from bench.store.atomic import write_bytes
from bench.store.encoding import EXTENSION, Likeness, encode, likeness, perceptual_hash, sha256_hex
from bench.store.machine import library_versions
from bench.store.shards import Shard, item_id, item_slot, open_shard, shard_bytes
from bench.synthesis.maker import Maker, Request

ATTEMPTS = 5
# What a version may change while its images stay the same: numbers of images, words about it.
_NOT_DRAWN = ("version", "title", "description", "parent", "classes", "splits", "licence")


@dataclass(frozen=True)
class Drawing:
    """How to draw: the recipe as JSON, the method as `module:attribute`, the device. It can be sent, and hashed."""

    recipe_json: str
    maker: str
    device: str

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return _recipe(self.recipe_json)


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


def draw_batch(drawing: Drawing, split: str, class_id: str, start: int) -> list[tuple[Item, Image.Image]]:
    """The whole batch of slots from `start`: rows, still without what the encoded image says, and images."""
    recipe = drawing.recipe
    one = class_of(recipe, class_id)
    planned = [plan_item(recipe, split, one, slot) for slot in range(start, start + recipe.batch)]
    items, images = _draw_until_kept(_maker(drawing), recipe, planned)
    return list(zip(items, images, strict=True))


def encoded(recipe: Recipe, drawn: list[tuple[Item, Image.Image]]) -> list[tuple[Item, bytes]]:
    """The rows, complete, and the encoded images."""
    files = [encode(image, recipe.encoding) for _, image in drawn]
    rows = [
        replace(item, sha256=sha256_hex(file), phash=perceptual_hash(image))
        for (item, image), file in zip(drawn, files, strict=True)
    ]
    return list(zip(rows, files, strict=True))


def class_of(recipe: Recipe, class_id: str) -> ClassName:
    """The recipe's class with that id."""
    return next(item for item in recipe.classes if item.id == class_id)


def plan_item(recipe: Recipe, split: str, one: ClassName, slot: int, attempt: int = 0) -> Item:
    """All that is known of an item before it is drawn; `sha256` and `phash` are empty."""
    template_id = recipe.seed(split, one.id, slot, "template") % len(recipe.prompts.templates)
    identity = item_id(split, one.id, slot)
    return Item(
        id=identity,
        image_name=identity.replace("/", "_") + EXTENSION[recipe.encoding.format],
        split=split,
        class_id=one.id,
        class_name=one.name,
        template_id=template_id,
        prompt=recipe.prompts.templates[template_id].replace(SLOT, one.name),
        negative_prompt=recipe.prompts.negative,
        seed=recipe.seed(split, one.id, slot, attempt, "noise"),
        attempt=attempt,
        step=recipe.sampler.steps,
        # As it is stored.
        cfg=float(np.float32(recipe.sampler.guidance)),
        sampler=recipe.sampler.name,
        width=recipe.size.width,
        height=recipe.size.height,
        image_nsfw=None,
        method=recipe.method.name,
        source_image=None,
        generator=recipe.generator.name,
        generator_revision=recipe.generator.revision,
        dtype=recipe.generator.dtype,
        sha256="",
        phash="",
        verdict="kept",
    )


def drawing_digest(recipe: Recipe, one: ClassName) -> str:
    """`sha256:…` of all that the images of one class depend on: versions with equal ones share shards."""
    drawn = recipe.model_dump(mode="json", exclude=set(_NOT_DRAWN))
    del drawn["generator"]["licence"]
    return digest_json(drawn | {"class": one.model_dump(mode="json")})


def _draw_until_kept(maker: Maker, recipe: Recipe, items: list[Item]) -> tuple[list[Item], list[Image.Image]]:
    """Draw a batch; what came out as one colour (a safety checker's black, a failed sum) is drawn anew.

    It is drawn with the next attempt's seed, the others beside it as before, so that the result
    depends on the recipe alone.
    """
    images: dict[int, Image.Image] = {}
    for _ in range(ATTEMPTS):
        drawn = maker.draw([Request(item.class_name, item.prompt, item.negative_prompt, item.seed) for item in items])
        _check_size(drawn, items)
        images |= {i: image for i, image in enumerate(drawn) if i not in images and not _one_colour(image)}
        if len(images) == len(items):
            return items, [images[i] for i in range(len(items))]
        items = [item if i in images else _next_attempt(recipe, item) for i, item in enumerate(items)]
    failed = next(item for i, item in enumerate(items) if i not in images)
    raise DataError(
        f"{recipe.reference}: image {failed.id!r} ({failed.prompt!r}) came out as one colour {ATTEMPTS} times;"
        " its prompt is flagged, or the generator fails in this dtype"
    )


def _next_attempt(recipe: Recipe, item: Item) -> Item:
    return plan_item(recipe, item.split, class_of(recipe, item.class_id), item_slot(item.id), item.attempt + 1)


def _check_size(images: Sequence[Image.Image], items: Sequence[Item]) -> None:
    for image, item in zip(images, items, strict=True):
        if image.size != (item.width, item.height):
            raise DataError(
                f"image {item.id!r}: the recipe says {item.width} x {item.height} pixels, the generator drew"
                f" {image.width} x {image.height}; write that size into the recipe"
            )


def _one_colour(image: Image.Image) -> bool:
    extrema = image.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in bands)


@lru_cache(maxsize=1)
def _recipe(text: str) -> Recipe:
    # A thousand classes take long to validate, and every batch asks.
    return Recipe.model_validate_json(text)


@lru_cache(maxsize=1)
def _maker(drawing: Drawing) -> Maker:
    # One loaded pipeline a worker, whatever number of shards it draws.
    module, attribute = drawing.maker.split(":")
    return getattr(import_module(module), attribute)(drawing.recipe, device=drawing.device)
