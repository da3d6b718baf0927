"""Finding recipes: `datasets/<name>/<version>.yaml`, read, expanded and validated."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Adaptation, Method, Recipe
from bench.core.record import Lines, at_line, parse
from bench.core.registry import unknown
from bench.pipelines.real_counts import known_counts
from bench.pipelines.versions.recipe_methods import check_method
from bench.sources.class_lists import CLASS_LISTS, class_list
from bench.sources.prompt_banks import BANKS, prompt_bank
from bench.store.documents import read_yaml_lines
from bench.store.paths import datasets_folder
from bench.store.versions import Version, open_version
from bench.synthesis.parameters import PARAMETERS, read_adaptation

SUFFIXES = (".yaml", ".yml")


def list_recipes() -> list[str]:
    """`name@version` of every recipe in `datasets/`, sorted."""
    return sorted(
        (f"{path.parent.name}@{path.stem}" for path in datasets_folder().glob("*/*.yaml") if path.stem[0].isdigit()),
        key=_by_version,
    )


def load_recipe(reference: str) -> Recipe:
    """The recipe `name@version`, or in a file of one's own; UsageError naming file, line and key where it is wrong."""
    path = recipe_path(reference)
    data, lines = read_yaml_lines(path)
    recipe = parse(Recipe, _expanded(data, path, lines), where=str(path), lines=lines)
    if path.suffix in SUFFIXES and Path(reference) != path and recipe.reference != reference:
        raise UsageError(f"{path}: holds {recipe.reference}, its place says {reference}; correct name or version")
    check_method(recipe, path, lines)
    return recipe


def open_made(reference: str, *, data_root: Path, limit: int | None = None) -> tuple[Recipe, Version]:
    """The recipe, and the version that was made by it; DataError where it is absent, or of a recipe since changed."""
    recipe = load_recipe(reference)
    version = open_version(recipe.reference, data_root, limit=limit)
    if version.recipe_digest != recipe.digest:
        raise DataError(
            f"{reference}: made by recipe {version.recipe_digest[:19]}…, the recipe is now {recipe.digest[:19]}…;"
            f" run: imagenet-g generate {reference}"
        )
    return recipe, version


@contextmanager
def located(reference: str) -> Iterator[None]:
    """A UsageError that begins `NAME@VERSION: dotted.key: ` names the recipe's file and line instead."""
    try:
        yield
    except UsageError as error:
        match = re.fullmatch(r"\S+@\S+: (?P<key>[a-z_]+[.\w-]*): .*", str(error), re.DOTALL)
        if match is None:
            raise
        path = recipe_path(reference)
        place = tuple(int(part) if part.isdigit() else part for part in match["key"].split("."))
        where = at_line(str(path), read_yaml_lines(path)[1], place)
        raise UsageError(f"{where}: {str(error).partition(': ')[2]}") from None


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


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe file: that of the record, and the names that stand for lists."""
    schema = Recipe.model_json_schema()
    named = {"enum": sorted(CLASS_LISTS)}
    renamed = {"type": "object", "required": ["list"], "additionalProperties": False}
    renamed["properties"] = {"list": named, "names": {"type": "object", "additionalProperties": {"type": "string"}}}
    for key, shorthands in (("classes", [named, renamed]), ("label_space", [named])):
        schema["properties"][key] = {"anyOf": [*shorthands, schema["properties"][key]]}
    for free in ("Method", "Adaptation"):
        schema["$defs"][free]["additionalProperties"] = True  # Parameters may stand beside the name.
    prompts = schema["$defs"]["Prompts"]
    prompts["properties"]["bank"] |= {"examples": sorted(BANKS)}
    prompts["required"] = ["bank"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _expanded(data: object, path: Path, lines: Lines) -> object:
    """`data` with everything written out that it says by name, so that the digest covers every word."""
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a recipe (name, version, classes…), got {type(data).__name__}")
    data = dict(data)
    for key, expand in _SHORTHANDS.items():
        try:
            data |= {key: expand(data[key])} if key in data else {}
        except UsageError as error:
            place = (key, *getattr(error, "place", ()))
            raise UsageError(f"{at_line(str(path), lines, place)}: {'.'.join(place)}: {error}") from None
    return data


class _Misplaced(UsageError):
    """Wrong at a place below the key in hand."""

    def __init__(self, message: str, *place: str) -> None:
        super().__init__(message)
        self.place = place


def _classes(value: object) -> object:
    """`imagenet-1k`, or `{list: imagenet-1k, names: {id: another name}}`."""
    if isinstance(value, str):
        return class_list(value)
    if not isinstance(value, dict):
        return value
    for key in value:
        if key not in ("list", "names"):
            raise _Misplaced(unknown(str(key), known=("list", "names"), kind="key"), str(key))
    classes, names = class_list(str(value.get("list"))), value.get("names") or {}
    for one in names:
        if one not in {item.id for item in classes}:
            raise _Misplaced(f"no class of {value['list']}", "names", str(one))
    return [{"id": item.id, "name": names.get(item.id, item.name)} for item in classes]


def _label_space(value: object) -> object:
    return [item.id for item in class_list(value)] if isinstance(value, str) else value


def _prompts(value: object) -> object:
    if not isinstance(value, dict) or "templates" in value or not isinstance(value.get("bank"), str):
        return value
    try:
        return value | {"templates": prompt_bank(value["bank"])}
    except UsageError as error:
        raise _Misplaced(str(error), "bank") from None


def _splits(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {
        split: counts | {"counts": known_counts(str(counts["mirrors"]))}
        if isinstance(counts, dict) and "mirrors" in counts
        else counts
        for split, counts in value.items()
    }


def _method(value: object) -> object:
    """`{name: da-fusion, per_image: 10}`: what stands beside the name are parameters."""
    if not isinstance(value, dict) or "parameters" in value:
        return value
    parameters = {key: one for key, one in value.items() if key != "name"}
    return {key: value[key] for key in value if key == "name"} | ({"parameters": parameters} if parameters else {})


def _whole_method(value: object) -> object:
    """The same with the parameters that are left out, so that the digest covers what they are, and the sentences."""
    value = _method(value)
    if isinstance(value, dict) and isinstance(value.get("parameters"), dict):
        value |= {"parameters": _from_bank(value["parameters"], "sentences")}
    try:
        asked = Method.model_validate(value)
        whole = parse(PARAMETERS[asked.name], dict(asked.parameters), where="") if asked.name in PARAMETERS else None
    except (ValidationError, UsageError):
        return value  # It is said when the whole recipe is validated.
    return value if whole is None else {"name": asked.name, "parameters": whole.model_dump()}


def _from_bank(parameters: dict[str, Any], what: str) -> dict[str, Any]:
    """The parameters with the texts of a prompt bank for `bank: NAME`."""
    if not isinstance(parameters.get("bank"), str):
        return dict(parameters)
    return {key: one for key, one in parameters.items() if key != "bank"} | {what: prompt_bank(parameters["bank"])}


def _adaptations(value: object) -> object:
    """Each with its name and all its parameters written out; `bank: NAME` stands for the templates of a prompt bank."""
    if not isinstance(value, list):
        return value
    written = []
    for place, one in enumerate(value):
        one = _method(one)
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            try:
                given = _from_bank(one.get("parameters") or {}, "templates")
                asked = Adaptation(name=one["name"], parameters=given)
                one = {"name": asked.name, "parameters": read_adaptation(asked).model_dump()}
            except ValidationError:
                pass  # It is said when the whole recipe is validated.
            except UsageError as error:
                raise _Misplaced(str(error), str(place)) from None
        written.append(one)
    return written


_SHORTHANDS = {
    "adaptations": _adaptations,
    "classes": _classes,
    "label_space": _label_space,
    "prompts": _prompts,
    "splits": _splits,
    "method": _whole_method,
}


def _by_version(reference: str) -> tuple[str, list[int], str]:
    name, _, version = reference.partition("@")
    return name, [int(part) for part in version.split(".") if part.isdigit()], version
