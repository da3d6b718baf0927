"""What a model's training data have to do with a track's sets: the caveats that a card carries."""

import re
from collections.abc import Iterable
from functools import cache

from bench.core.errors import BenchError
from bench.core.score import Declaration
from bench.core.track import Track
from bench.pipelines.versions.recipes import list_recipes, load_recipe, lock_path
from bench.store.locks import read_lock

_REFERENCE = re.compile(r"[a-z0-9][a-z0-9.-]*@\d+\.\d+\.\d+")


def flags(track: Track, sets: Iterable[str], declaration: Declaration, *, bound: bool = True) -> tuple[str, ...]:
    """One sentence for each set that the generator of some training data drew, and for unbound predictions."""
    found = []
    trained_by = generators(declaration)
    for name in sets:
        drew = generator_of(track.sets[name].dataset or "")
        if drew in trained_by:
            found.append(
                f"trained on images of {drew}, which drew the set {name} too: for this model it is in distribution"
            )
    if not bound:
        found.append("scored from a CSV, which is not bound to a dataset by its digest")
    return tuple(found)


def generators(declaration: Declaration) -> set[str]:
    """The generators that drew training images, as declared or as the recipes of the named versions say."""
    data = [*declaration.data, *(declaration.training.data if declaration.training else ())]
    named = [one.name for one in data] + [_locked().get(one.digest or "", "") for one in data]
    declared = {one.generator for one in declaration.data if one.generator}
    return declared | {drew for name in named if (drew := generator_of(name))}


@cache
def generator_of(text: str) -> str | None:
    """The generator of the dataset version that `text` names (`NAME@VERSION`, or `NAME@VERSION/split`), if any."""
    match = _REFERENCE.match(text)
    if match is None:
        return None
    try:
        return load_recipe(match[0]).generator.name
    except BenchError:
        return None


@cache
def _locked() -> dict[str, str]:
    """Content digest -> dataset version, of every version that is locked here."""
    found = {}
    for reference in list_recipes():
        lock = read_lock(lock_path(reference))
        if lock is not None:
            found[lock.content_digest] = reference
    return found
