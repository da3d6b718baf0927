"""`python -m bench.pipelines.changelog`: write `datasets/CHANGELOG.md` from recipes, their differences and locks."""

from itertools import pairwise

from bench.core.changes import claimed
from bench.core.errors import DataError
from bench.core.recipe import Recipe
from bench.pipelines.versions.lineage import planned_changes, recipe_changes
from bench.pipelines.versions.recipes import list_recipes, load_recipe, lock_path
from bench.store.atomic import write_text
from bench.store.locks import read_lock
from bench.store.paths import datasets_folder

HEAD = """# Dataset versions

PATCH: repackaging. MINOR: images added, all old ones kept bit for bit. MAJOR: anything changed or removed.
Written by `python -m bench.pipelines.changelog`; numbers of images are those that the recipes ask for.
"""


def changelog() -> str:
    """The text of the log: every dataset, its newest version first. Equal recipes and locks give equal bytes."""
    datasets: dict[str, list[Recipe]] = {}
    for reference in list_recipes():
        recipe = load_recipe(reference)
        datasets.setdefault(recipe.name, []).append(recipe)
    return HEAD + "".join(_section(name, recipes) for name, recipes in datasets.items())


def _section(name: str, recipes: list[Recipe]) -> str:
    later = [_entry(now, _since(before, now)) for before, now in pairwise(recipes)]
    return f"\n## {name}\n\n" + "".join(reversed([_entry(recipes[0], _first(recipes[0])), *later]))


def _entry(recipe: Recipe, what: str) -> str:
    lock = read_lock(lock_path(recipe.reference))
    content = f" Content `{lock.content_digest[:19]}…`." if lock and lock.recipe_digest == recipe.digest else ""
    return f"- **{recipe.version}**: {what}.{content}\n"


def _first(recipe: Recipe) -> str:
    generator = f"{recipe.generator.name}, revision {recipe.generator.revision}"
    try:
        counts = [f"{split} {sum(recipe.count(split, one.id) for one in recipe.classes):,}" for split in recipe.splits]
    except DataError:
        counts = list(recipe.splits)
    return f"{len(recipe.classes):,} classes ({', '.join(counts)}), {recipe.method.name} by {generator}"


def _since(before: Recipe, now: Recipe) -> str:
    step = (claimed(before.version, now.version) or "").upper()
    try:
        counts = f"{planned_changes(before, now)} since {before.version}"
    except DataError:
        counts = f"since {before.version}"
    return f"{step}, {counts}; {', '.join(recipe_changes(before, now)) or 'the same recipe'}"


def main() -> None:
    """Write the log and say where."""
    path = datasets_folder() / "CHANGELOG.md"
    write_text(path, changelog())
    print(f"written to {path}")


if __name__ == "__main__":
    main()
