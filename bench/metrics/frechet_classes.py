"""FID as the generated-data paper has it: the mean over classes of the Fréchet distance (methods.md 9.1).

One distance a class, at the same number of images for every class and on both sides, then the
unweighted mean. Equal n matters: with few images the distance is biased up by an amount that depends
on n, so that values at different n cannot be compared. Unequal n is refused; drawing is the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.errors import DataError
from bench.metrics.frechet import FrechetResult, frechet_from_moments
from bench.metrics.inputs import rows_of
from bench.metrics.moments import Moments


@dataclass(frozen=True)
class ClassMeanFrechet:
    """`mean` of `per_class` {class: distance}, in squared units of the features.

    `n`: images of each class on each side; `d`: width; `route`: of `frechet`.
    """

    mean: float
    per_class: dict
    n: int
    d: int
    route: str


Side = tuple[np.ndarray, Sequence]  # features [n, d], labels [n]


def class_mean_frechet(
    features_a: np.ndarray, labels_a: Sequence, features_b: np.ndarray, labels_b: Sequence
) -> ClassMeanFrechet:
    """Mean over classes of the Fréchet distance of the images of each class.

    `features_*` [n, d], `labels_*` [n] (ids or names), both sides with the same classes, and every class with
    the same number of images, at least 2. DataError for anything else, for unequal d, and for NaN.
    """
    a, b = (features_a, labels_a), (features_b, labels_b)
    return class_table({"side a": a}, {"side b": b})["side a"]["side b"]


def class_table(sources: Mapping[str, Side], sets: Mapping[str, Side]) -> dict[str, dict[str, ClassMeanFrechet]]:
    """{source: {set: class_mean_frechet}}, at one n for the whole table; each class of each side is centred once.

    Features may lie on the disk (a memory map): one class of each side is in memory at a time.
    """
    sides = {**{("source", key): side for key, side in sources.items()}, **{("set", k): s for k, s in sets.items()}}
    rows = {key: _by_class(*side, what=key[1]) for key, side in sides.items()}
    first = next(iter(rows))
    for key in rows:
        _same_classes(rows[first], rows[key], first[1], key[1])
    _same_size({f"{key[1]}, class {label!r}": len(found) for key in rows for label, found in rows[key].items()})
    cells: dict = {(source, name): {} for source in sources for name in sets}
    for label in rows[first]:
        moments = {
            key: Moments.of(rows_of(side[0][rows[key][label]], what=f"{key[1]}, class {label!r}", least=2))
            for key, side in sides.items()
        }
        for source, name in cells:
            cells[source, name][label] = frechet_from_moments(moments["source", source], moments["set", name])
    return {source: {name: _mean(cells[source, name]) for name in sets} for source in sources}


def _mean(distances: dict[int | str, FrechetResult]) -> ClassMeanFrechet:
    values = {label: one.value for label, one in distances.items()}
    one = next(iter(distances.values()))
    return ClassMeanFrechet(float(np.mean(list(values.values()))), values, one.n[0], one.d, one.route)


def _by_class(features: np.ndarray, labels: Sequence, *, what: str) -> dict:
    """{class: indices of its rows}, classes sorted."""
    labels = np.asarray(labels)
    if np.ndim(features) != 2 or labels.shape != np.shape(features)[:1] or not len(labels):
        raise DataError(f"{what}: expected features [n, d] and labels [n], got {np.shape(features)} and {labels.shape}")
    if labels.dtype.kind not in "iuU":
        raise DataError(f"{what}: expected labels that are integers or text, got {labels.dtype}")
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))


def _same_classes(a: dict, b: dict, what_a: str, what_b: str) -> None:
    only_a, only_b = sorted(a.keys() - b.keys()), sorted(b.keys() - a.keys())
    if only_a or only_b:
        raise DataError(
            f"classes: expected the same on both sides, got {_few(only_a)} only in {what_a},"
            f" {_few(only_b)} only in {what_b}; restrict both to the classes they share"
        )


def _same_size(sizes: dict[str, int]) -> None:
    few, many = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    if sizes[few] < 2:
        raise DataError(f"{few}: expected at least 2 images, got {sizes[few]}; a covariance needs two")
    if sizes[few] != sizes[many]:
        raise DataError(
            f"{many}: {sizes[many]} images, but {few} has {sizes[few]}; the distance is biased by n: draw {sizes[few]}"
            " of every class on both sides"
        )


def _few(names: list) -> str:
    """At most three of `names`."""
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "none"
