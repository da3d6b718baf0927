"""What comes before a version: its predecessor and parent among the recipes, and whether its number claims enough."""

import re

from bench.core.changes import Changes, claimed, enough, number
from bench.core.errors import UsageError
from bench.core.recipe import Recipe
from bench.pipelines.versions.plan_items import drawing_digest
from bench.pipelines.versions.recipes import SUFFIXES, list_recipes, load_recipe, recipe_path

_VERSION = re.compile(r"\d+\.\d+\.\d+")


def check_claim(reference: str, recipe: Recipe) -> None:
    """UsageError when the recipe's version number claims less than it changes since its predecessor or its parent."""
    for before in predecessors(reference, recipe):
        if before.digest == recipe.digest:
            continue
        claim = claimed(before.version, recipe.version)
        # No need to count what a new major version changes.
        found = None if claim == "major" else planned_changes(before, recipe)
        if found and not enough(claim, found.bump):
            raise UsageError(too_little(before, recipe, found))


def predecessors(reference: str, recipe: Recipe) -> list[Recipe]:
    """The recipe of the highest version up to this one, and the parent where it is of the same dataset.

    They are looked for among the shipped recipes and beside the file of `reference`.
    """
    known = _versions(reference, recipe)
    before = [one for one in known.values() if number(one.version) <= number(recipe.version)]
    found = sorted(before, key=lambda one: number(one.version))[-1:]
    parent = recipe.parent or ""
    if parent.partition("@")[0] == recipe.name and parent not in (one.reference for one in found):
        if parent not in known:
            raise UsageError(
                f"{recipe.reference}: its parent {parent} has no recipe; known: {', '.join(sorted(known))}"
            )
        found.append(known[parent])
    return found


def planned_changes(before: Recipe, now: Recipe) -> Changes:
    """What becomes of the images by the recipes alone: all of a class whose making differs count as changed.

    Some of them may come out the same; only making them tells.
    """
    old, new = ({one.id: drawing_digest(recipe, one) for one in recipe.classes} for recipe in (before, now))
    kept = added = removed = changed = 0
    for split in sorted({*before.splits, *now.splits}):
        for class_id in sorted({*old, *new}):
            was = before.count(split, class_id) if split in before.splits and class_id in old else 0
            becomes = now.count(split, class_id) if split in now.splits and class_id in new else 0
            both = min(was, becomes)
            same = old.get(class_id) == new.get(class_id)
            kept, changed = kept + both * same, changed + both * (not same)
            added, removed = added + becomes - both, removed + was - both
    return Changes(kept=kept, added=added, removed=removed, changed=changed)


def too_little(before: Recipe, now: Recipe, found: Changes) -> str:
    """One line about a version number that claims less than it needs."""
    claim = claimed(before.version, now.version)
    return (
        f"{now.reference}: {found} since {before.reference} needs a new {found.bump} version, this one claims"
        f" {claim or 'none'}; look at {', '.join(recipe_changes(before, now)[:3])} or number it {_next(before, found)}"
    )


def recipe_changes(before: Recipe, now: Recipe) -> list[str]:
    """The keys in which two recipes differ, as dotted paths, with both values where they are short."""
    old, new = _flat(before.model_dump(mode="json")), _flat(now.model_dump(mode="json"))
    changed = []
    for key in sorted({*old, *new} - {"name", "version", "parent"}):
        was, becomes = old.get(key, "absent"), new.get(key, "absent")
        if was != becomes:
            short = len(f"{was}{becomes}") <= 60 and not isinstance(was, list) and not isinstance(becomes, list)
            changed.append(f"{key} {was} → {becomes}" if short else key)
    return changed


def _versions(reference: str, recipe: Recipe) -> dict[str, Recipe]:
    """The other recipes of the dataset, by reference; one beside the file goes before a shipped one."""
    here = recipe_path(reference).resolve()
    shipped = [recipe_path(one) for one in list_recipes() if one.partition("@")[0] == recipe.name]
    beside = [path for path in here.parent.glob("*") if path.suffix in SUFFIXES and _VERSION.fullmatch(path.stem)]
    paths = dict.fromkeys(path.resolve() for path in sorted([*shipped, *beside], key=lambda path: path in beside))
    found = [load_recipe(str(path)) for path in paths if path != here]
    return {one.reference: one for one in found if one.name == recipe.name}


def _flat(value: object, path: str = "") -> dict[str, object]:
    if not isinstance(value, dict) or not value:
        return {path: value}
    parts = (_flat(inner, f"{path}.{key}" if path else str(key)) for key, inner in value.items())
    return {key: leaf for part in parts for key, leaf in part.items()}


def _next(before: Recipe, found: Changes) -> str:
    major, minor, patch = number(before.version)
    steps = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, steps[found.bump]))
