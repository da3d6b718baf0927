"""What a worker of `generate` does: draw one shard from its identity alone, and put it on the disk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Literal

from PIL import Image

from bench.core.classes import ClassName
from bench.core.digests import digest_json
from bench.core.errors import DataError
from bench.core.manifest import Item
from bench.core.real_images import Mirrored
from bench.core.recipe import SLOT, Recipe
from bench.sources.real_images import RealImages
from bench.store.encoding import EXTENSION, bits_apart, encode, perceptual_hash, sha256_hex
from bench.store.locks import ALIKE_BITS
from bench.store.paths import data_root
from bench.store.shards import Shard, item_id, write_shard
from bench.synthesis.maker import Maker, Request

ATTEMPTS = 5
# What a version may change while its images stay the same: numbers of images, words about it.
_NOT_DRAWN = ("version", "title", "description", "parent", "classes", "ambiguous_names", "splits", "licence")


@dataclass(frozen=True)
class Drawing:
    """How to draw: the recipe as JSON, the method as `module:attribute`, the device. It can be sent, and hashed.

    `data_root`: where real images are found; empty for the default one.
    """

    recipe_json: str
    maker: str
    device: str
    data_root: str = ""

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return Recipe.model_validate_json(self.recipe_json)


@dataclass(frozen=True)
class DrawTask:
    """One shard to draw into `folder`."""

    drawing: Drawing
    folder: Path
    shard: Shard


@dataclass(frozen=True)
class RedrawTask:
    """A batch to draw again and to compare with `items`, which are of one batch."""

    drawing: Drawing
    items: tuple[Item, ...]


Likeness = Literal["identical", "alike", "drifted"]


def draw_shard(task: DrawTask) -> Shard:
    """Draw, encode and write the shard; the shard."""
    recipe, shard = task.drawing.recipe, task.shard
    kept: list[tuple[Item, bytes]] = []
    end = shard.first + shard.count
    for start in range(shard.first, end, recipe.batch):
        # The last batch is drawn in full and its surplus dropped: the bits of an image can depend on
        # the size of its batch, and a larger version must keep the images of this one.
        kept += draw_batch(task.drawing, shard.split, shard.class_id, start)[: end - start]
    items, files = zip(*kept, strict=True)
    write_shard(
        task.folder / shard.path, items, files, drawing=drawing_digest(recipe, class_of(recipe, shard.class_id))
    )
    return shard


def redraw(task: RedrawTask) -> dict[str, Likeness]:
    """For each item: is what is drawn now identical to it, does it look alike, or has it drifted?"""
    first, batch = task.items[0], task.drawing.recipe.batch
    start = _slot(first) // batch * batch
    now = {item.id: item for item, _ in draw_batch(task.drawing, first.split, first.class_id, start)}
    return {item.id: _likeness(item, now[item.id]) for item in task.items}


def draw_batch(drawing: Drawing, split: str, class_id: str, start: int) -> list[tuple[Item, bytes]]:
    """The whole batch of slots from `start`: rows and encoded images."""
    recipe = drawing.recipe
    one = class_of(recipe, class_id)
    planned = [plan_item(recipe, split, one, slot) for slot in range(start, start + recipe.batch)]
    real = _real_images(drawing)
    if real is not None:
        needed = _real_needed(recipe, split, class_id, start + recipe.batch)
        sources = [real.source(split, class_id, _slot(item), needed=needed) for item in planned]
        planned = [replace(item, source_image=source) for item, source in zip(planned, sources, strict=True)]
    items, images = _draw_until_kept(_maker(drawing), real, recipe, planned)
    files = [encode(image, recipe.encoding) for image in images]
    rows = [
        replace(item, sha256=sha256_hex(file), phash=perceptual_hash(image))
        for item, image, file in zip(items, images, files, strict=True)
    ]
    return list(zip(rows, files, strict=True))


def class_of(recipe: Recipe, class_id: str) -> ClassName:
    """The recipe's class with that id."""
    return next(item for item in recipe.classes if item.id == class_id)


def plan_item(recipe: Recipe, split: str, one: ClassName, slot: int, attempt: int = 0) -> Item:
    """All that is known of an item before it is drawn; `sha256` and `phash` are empty.

    Where the recipe has no prompts, `template_id` is None and the prompt is empty.
    """
    template_id, prompt = None, ""
    if recipe.prompts is not None:
        template_id = recipe.seed(split, one.id, slot, "template") % len(recipe.prompts.templates)
        prompt = recipe.prompts.templates[template_id].replace(SLOT, one.name)
    identity = item_id(split, one.id, slot)
    return Item(
        id=identity,
        image_name=identity.replace("/", "_") + EXTENSION[recipe.encoding.format],
        split=split,
        class_id=one.id,
        class_name=one.name,
        template_id=template_id,
        prompt=prompt,
        negative_prompt=recipe.prompts.negative if recipe.prompts else "",
        seed=recipe.seed(split, one.id, slot, attempt, "noise"),
        attempt=attempt,
        step=recipe.sampler.steps,
        cfg=recipe.sampler.guidance,
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
    return digest_json(drawn | {"class": one.model_dump(mode="json")})


def _draw_until_kept(
    maker: Maker, real: RealImages | None, recipe: Recipe, items: list[Item]
) -> tuple[list[Item], list[Image.Image]]:
    """Draw a batch; what came out as one colour (a safety checker's black, a failed sum) is drawn anew.

    It is drawn with the next attempt's seed, the others beside it as before, so that the result
    depends on the recipe alone.
    """
    images: dict[int, Image.Image] = {}
    for _ in range(ATTEMPTS):
        drawn = maker.draw([_request(item, real) for item in items])
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


def _real_needed(recipe: Recipe, split: str, class_id: str, end: int) -> int:
    """Real images that the slots before `end` start from; those beyond the version's only fill a batch."""
    counts = recipe.splits[split]
    if isinstance(counts, Mirrored) and counts.counts is None:
        return min(end, counts.least)
    return recipe.count(split, class_id, at_most=end)


def _request(item: Item, real: RealImages | None) -> Request:
    source = real.read(item.source_image) if real is not None and item.source_image else None
    return Request(item.class_name, item.prompt, item.negative_prompt, item.seed, source, item.class_id)


def _next_attempt(recipe: Recipe, item: Item) -> Item:
    fresh = plan_item(recipe, item.split, class_of(recipe, item.class_id), _slot(item), item.attempt + 1)
    return replace(fresh, source_image=item.source_image)


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


def _likeness(before: Item, now: Item) -> Likeness:
    if before.sha256 == now.sha256:
        return "identical"
    return "alike" if bits_apart(before.phash, now.phash) <= ALIKE_BITS else "drifted"


def _slot(item: Item) -> int:
    return int(item.id.rsplit("/", 1)[1])


@lru_cache(maxsize=1)
def _maker(drawing: Drawing) -> Maker:
    # One loaded pipeline a worker, whatever number of shards it draws.
    module, attribute = drawing.maker.split(":")
    return getattr(import_module(module), attribute)(drawing.recipe, device=drawing.device)


@lru_cache(maxsize=1)
def _real_images(drawing: Drawing) -> RealImages | None:
    conditioning = drawing.recipe.conditioning
    return None if conditioning is None else RealImages(data_root(drawing.data_root), conditioning)
