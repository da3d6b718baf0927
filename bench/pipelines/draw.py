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
from bench.core.recipe import SLOT, Recipe
from bench.core.verdict import Verdict
from bench.filters import BY_CLASS_LIST
from bench.filters.gate import Gate
from bench.filters.rule import Candidate
from bench.pipelines.filter_tools import filter_tools
from bench.store.encoding import EXTENSION, bits_apart, encode, perceptual_hash, sha256_hex
from bench.store.locks import ALIKE_BITS
from bench.store.shards import Shard, item_id, write_shard
from bench.synthesis.maker import Maker, Request

# What a version may change while its images stay the same: numbers of images, words about it.
_NOT_DRAWN = ("version", "title", "description", "parent", "classes", "splits", "licence")


@dataclass(frozen=True)
class Drawing:
    """How to draw: the recipe as JSON, the method as `module:attribute`, the device. It can be sent, and hashed.

    `data_root`: where filters find their models and real images; empty for the default one.
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
    kept = _draw_until_kept(_maker(drawing), _gate(drawing), recipe, planned)
    files = [encode(one.image, recipe.encoding) for one in kept]
    rows = [
        replace(one.item, sha256=sha256_hex(file), phash=perceptual_hash(one.image))
        for one, file in zip(kept, files, strict=True)
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
        verdict=str(Verdict()),
    )


def drawing_digest(recipe: Recipe, one: ClassName) -> str:
    """`sha256:…` of all that the images of one class depend on: versions with equal ones share shards."""
    drawn = recipe.model_dump(mode="json", exclude=set(_NOT_DRAWN))
    if any(rule.name in BY_CLASS_LIST for rule in recipe.filters):
        drawn["classes"] = recipe.model_dump(mode="json")["classes"]
    return digest_json(drawn | {"class": one.model_dump(mode="json")})


def _draw_until_kept(maker: Maker, gate: Gate, recipe: Recipe, items: list[Item]) -> list[Candidate]:
    """Draw a batch; what a filter rejects is drawn anew, until it passes or its attempts are used up.

    It is drawn with the next attempt's seed, the others beside it as before, so that the result
    depends on the recipe alone.
    """
    kept: dict[str, Candidate] = {}
    while len(kept) < len(items):
        drawn = maker.draw([Request(item.class_name, item.prompt, item.negative_prompt, item.seed) for item in items])
        _check_size(drawn, items)
        waiting = [Candidate(*one) for one in zip(items, drawn, strict=True) if one[0].id not in kept]
        passing, rejected = gate.judge(waiting, [kept[item.id] for item in items if item.id in kept])
        kept |= {one.item.id: one for one in passing}
        items = [_next_attempt(recipe, item, rejected[item.id]) if item.id in rejected else item for item in items]
    return [kept[item.id] for item in items]


def _next_attempt(recipe: Recipe, item: Item, rule: str) -> Item:
    before = Verdict.parse(item.verdict)
    fresh = plan_item(recipe, item.split, class_of(recipe, item.class_id), _slot(item), item.attempt + 1)
    return replace(fresh, verdict=str(Verdict(after=(*before.after, rule))))


def _check_size(images: Sequence[Image.Image], items: Sequence[Item]) -> None:
    for image, item in zip(images, items, strict=True):
        if image.size != (item.width, item.height):
            raise DataError(
                f"image {item.id!r}: the recipe says {item.width} x {item.height} pixels, the generator drew"
                f" {image.width} x {image.height}; write that size into the recipe"
            )


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
def _gate(drawing: Drawing) -> Gate:
    recipe = drawing.recipe
    return Gate(recipe.filters, filter_tools(recipe, device=drawing.device, data_root=drawing.data_root))
