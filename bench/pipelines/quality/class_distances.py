"""Distances class by class: one rule for which classes count, how many images of each, and which ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.core.errors import DataError
from bench.metrics.frechet_classes import ClassMeanFrechet, class_table
from bench.pipelines.quality.features import Featured, draw

PRECISION = "float64 distances"


@dataclass(frozen=True)
class ClassDistances:
    """`cells[source][set]` over the `classes[set]`, at the same `per_class` images of each class, side and set."""

    classes: dict[str, list[str]]
    per_class: int
    cells: dict[str, dict[str, ClassMeanFrechet]]

    def means(self) -> dict[str, dict[str, float]]:
        """{source: {set: mean over classes}}."""
        return {source: {name: one.mean for name, one in row.items()} for source, row in self.cells.items()}


def class_distances(
    sources: Mapping[str, Featured], sets: Mapping[str, Featured], *, per_class: int | None, seed: int
) -> ClassDistances:
    """The mean over classes of the Fréchet distance of each source to each set, over classes that it shares with all.

    `per_class`: images of each class and side, None for as many as the smallest class has. DataError where a set
    shares no class with the sources, or a class has fewer images.
    """
    sides = {name: (*sources.values(), one) for name, one in sets.items()}
    classes = {name: shared_classes(some) for name, some in sides.items()}
    for name, some in sides.items():
        if not classes[name]:
            named = " and ".join(dict.fromkeys(side.card.name for side in some))
            raise DataError(f"{named}: no class has 2 images in each; use sets of the same classes")
    count = per_class or min(class_size(some, classes[name]) for name, some in sides.items())
    columns = {
        name: class_table(
            {source: _side(side, classes[name], count, seed) for source, side in sources.items()},
            {name: _side(one, classes[name], count, seed)},
        )
        for name, one in sets.items()
    }
    cells = {source: {name: columns[name][source][name] for name in sets} for source in sources}
    return ClassDistances(classes, count, cells)


def shared_classes(sides: Iterable[Featured]) -> list[str]:
    """Ids of the classes with at least 2 images on every side, sorted; the class without a name is none."""
    return sorted(
        set.intersection(*({one for one, rows in side.places.items() if one and len(rows) > 1} for side in sides))
    )


def class_size(sides: Iterable[Featured], classes: list[str]) -> int:
    """The number of images that every one of `classes` has on every side."""
    return min(len(side.places[one]) for side in sides for one in classes)


def drawn(side: Featured, classes: list[str], count: int, *, seed: int) -> Featured:
    """`count` images of each of `classes`; DataError where one has fewer."""
    chosen = []
    for one in classes:
        rows = side.places[one]
        chosen.append(rows[draw(side.ids[rows], count, seed=seed, what=f"{side.card.name}, class {one!r}")])
    return side.pick(np.concatenate(chosen))


def _side(side: Featured, classes: list[str], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    some = drawn(side, classes, count, seed=seed)
    return some.features, some.labels
