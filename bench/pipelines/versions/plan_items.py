"""What is known of images before they are drawn: the planned rows, and all that the images of a class depend on."""

from collections.abc import Sequence

import numpy as np

from bench.core.classes import ClassName
from bench.core.digests import digest_json
from bench.core.manifest import Item
from bench.core.real_images import Mirrored
from bench.core.recipe import SLOT, Recipe
from bench.core.verdict import Verdict
from bench.filters import BY_CLASS_LIST
from bench.store.encoding import EXTENSION
from bench.store.shards import item_id
from bench.synthesis import LEARNS_FROM
from bench.synthesis.adaptation import State
from bench.synthesis.parameters import for_each_class, token_of
from bench.synthesis.sentences import sentences_of

# What a version may change while its images stay the same: numbers of images, words about it.
_NOT_DRAWN = ("version", "title", "description", "parent", "classes", "ambiguous_names", "splits", "licence")


def class_of(recipe: Recipe, class_id: str) -> ClassName:
    """The recipe's class with that id."""
    return next(item for item in recipe.classes if item.id == class_id)


def plan_item(
    recipe: Recipe, split: str, one: ClassName, slot: int, attempt: int = 0, *, states: Sequence[State] = ()
) -> Item:
    """All that is known of an item before it is drawn; `sha256` and `phash` are empty.

    Where the recipe has no prompts, `template_id` is None and the prompt is empty. Sentences that are written for a
    class are in its `states`; without them the prompt has the class's name.
    """
    template_id, prompt = None, ""
    if recipe.prompts is not None:
        template_id = recipe.seed(split, one.id, slot, "template") % len(recipe.prompts.templates)
        said = sentences_of(recipe, states, one.name) if recipe.method.name == "language-enhancement" else []
        word = said[recipe.seed(split, one.id, slot, "sentence") % len(said)] if said else word_for(recipe, one)
        prompt = recipe.prompts.templates[template_id].replace(SLOT, word)
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
        verdict=str(Verdict()),
    )


def word_for(recipe: Recipe, one: ClassName) -> str:
    """What prompts call a class: its name, or the token that the generator learns for it."""
    has_token = any(learned.name == "textual-inversion" for learned in recipe.adaptations or ())
    return token_of(one.name) if has_token else one.name


def revision(recipe: Recipe, states: Sequence[State]) -> str:
    """What drew: the generator's revision, and `+<adaptation>@<digest>` for each state that it has learned."""
    learned = [f"+{state.adaptation}@{state.digest}" for state in states]
    return "".join([recipe.generator.revision, *learned])


def drawing_digest(recipe: Recipe, one: ClassName) -> str:
    """`sha256:…` of all that the images of one class depend on: versions with equal ones share shards."""
    drawn = recipe.model_dump(mode="json", exclude=set(_NOT_DRAWN))
    del drawn["generator"]["licence"]
    of_all = (one for one in recipe.adaptations or () if LEARNS_FROM[one.name] and not for_each_class(one))
    if any(rule.name in BY_CLASS_LIST for rule in recipe.filters) or any(of_all):
        drawn["classes"] = recipe.model_dump(mode="json")["classes"]
    return digest_json(drawn | {"class": one.model_dump(mode="json")})


def slots_filled(recipe: Recipe, split: str, class_id: str, end: int) -> int:
    """The version's own slots before `end`; those beyond only fill a batch."""
    counts = recipe.splits[split]
    if isinstance(counts, Mirrored) and counts.counts is None:
        return min(end, counts.least)
    return recipe.count(split, class_id, at_most=end)
