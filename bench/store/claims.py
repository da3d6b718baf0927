"""Whose folder is it? A version's folder holds its recipe from the first moment on, and one writer at a time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Recipe
from bench.store.atomic import is_ours, lock_folder, write_json
from bench.store.versions import read_version

CLAIM = "recipe.json"


@contextmanager
def claimed(folder: Path, recipe: Recipe, *, shared: bool = False) -> Iterator[None]:
    """Hold `folder` for writing this version; one that holds anything else is refused, and left as it is.

    `shared`: beside other processes that make other shards of the same recipe.
    """
    _refuse_foreign(folder, recipe)
    with lock_folder(folder, shared=shared):
        # Looked at again: another process may have come first.
        found = _refuse_foreign(folder, recipe)
        wanted = recipe.model_dump(mode="json")
        if shared and found not in (None, wanted):
            raise UsageError(
                f"{folder} was begun with another recipe of {recipe.reference}; remove it, or choose another folder"
            )
        if found != wanted:
            write_json(folder / CLAIM, wanted)
        yield


def _refuse_foreign(folder: Path, recipe: Recipe) -> object:
    """The recipe as the folder has it, None for a fresh folder; UsageError for anything else's."""
    claim = folder / CLAIM
    if not claim.is_file():
        if not (_is_fresh(folder) or _is_complete(folder, recipe)):
            raise UsageError(f"{folder} is not empty and holds no dataset version; choose another folder")
        return None
    try:
        found = json.loads(claim.read_bytes())
        holder = "{name}@{version}".format(**found)
    except (ValueError, KeyError, TypeError):
        raise DataError(
            f"{claim}: damaged; remove it if the folder holds {recipe.reference} complete, else the folder"
        ) from None
    if holder != recipe.reference:
        raise UsageError(f"{folder} holds {holder}, not {recipe.reference}; choose another folder")
    return found


def _is_fresh(folder: Path) -> bool:
    # A writer that was killed at once leaves only what is ours.
    return not folder.is_dir() or all(is_ours(path) for path in folder.iterdir())


def _is_complete(folder: Path, recipe: Recipe) -> bool:
    try:
        return read_version(folder).reference == recipe.reference
    except DataError:
        return False
