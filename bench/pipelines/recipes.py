"""Finding recipes: `datasets/<name>/<version>.yaml`, read, expanded and validated."""

from pathlib import Path

from bench.core.errors import UsageError
from bench.core.recipe import Recipe
from bench.core.record import parse
from bench.core.registry import unknown
from bench.sources.prompt_banks import prompt_bank
from bench.store.documents import read_yaml
from bench.store.paths import datasets_folder

SUFFIXES = (".yaml", ".yml")


def list_recipes() -> list[str]:
    """`name@version` of every recipe in `datasets/`, sorted."""
    return sorted(
        (f"{path.parent.name}@{path.stem}" for path in datasets_folder().glob("*/*.yaml") if path.stem[0].isdigit()),
        key=_by_version,
    )


def load_recipe(reference: str) -> Recipe:
    """The recipe `name@version`, or in a file of one's own; UsageError naming file and key where it is wrong."""
    path = recipe_path(reference)
    recipe = parse(Recipe, _expanded(read_yaml(path), path), where=str(path))
    if path.suffix in SUFFIXES and Path(reference) != path and recipe.reference != reference:
        raise UsageError(f"{path}: holds {recipe.reference}, its place says {reference}; correct name or version")
    return recipe


def recipe_path(reference: str) -> Path:
    """The file of a recipe."""
    if Path(reference).suffix in SUFFIXES:
        return Path(reference)
    if reference not in list_recipes():
        raise UsageError(unknown(reference, known=list_recipes(), kind="dataset version"))
    name, _, version = reference.partition("@")
    return datasets_folder() / name / f"{version}.yaml"


def lock_path(reference: str) -> Path:
    """The lock beside the recipe."""
    return recipe_path(reference).with_suffix(".lock")


def _expanded(data: object, path: Path) -> object:
    """`data` with the templates of its bank written out, so that the digest covers every word."""
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a recipe (name, version, classes…), got {type(data).__name__}")
    prompts = data.get("prompts")
    if isinstance(prompts, dict) and "templates" not in prompts and isinstance(prompts.get("bank"), str):
        try:
            templates = prompt_bank(prompts["bank"])
        except UsageError as error:
            raise UsageError(f"{path}: prompts.bank: {error}") from None
        data = data | {"prompts": prompts | {"templates": templates}}
    return data


def _by_version(reference: str) -> tuple[str, list[int], str]:
    name, _, version = reference.partition("@")
    return name, [int(part) for part in version.split(".") if part.isdigit()], version
