"""The noun `DatasetCard`: all that an exported dataset version says about itself."""

from collections import Counter

from bench.core.audit import Audit
from bench.core.exported import Exported
from bench.core.quality import VersionQuality
from bench.core.recipe import Recipe
from bench.core.record import Record


class DatasetCard(Record):
    """What was asked for, what came out, how it lies in the folder, and what the audit says (None where none was made).

    `quality`: reports of these images, one a track; `drawn_with`: the versions of libraries that the lock names,
    where these are the lock's images.
    """

    recipe: Recipe
    exported: Exported
    audit: Audit | None
    quality: tuple[VersionQuality, ...]
    drawn_with: dict[str, str]


def class_labels(recipe: Recipe) -> list[str]:
    """The name of each class, made unique by its id where two share one."""
    times = Counter(one.name for one in recipe.classes)
    return [one.name if times[one.name] == 1 else f"{one.name} ({one.id})" for one in recipe.classes]
