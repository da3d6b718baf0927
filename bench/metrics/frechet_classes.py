"""FID as the generated-data paper has it: the mean over classes of the Fréchet distance (methods.md 9.1).

One distance a class, at the same number of images for every class and on both sides, then the
unweighted mean. Equal n matters: with few images the distance is biased up by an amount that depends
on n, so that values at different n cannot be compared.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.errors import DataError
from bench.metrics.frechet import frechet
from bench.metrics.inputs import finite


@dataclass(frozen=True)
class ClassMeanFrechet:
    """`mean` of `per_class` {class: distance}, in squared units of the features.

    `n`: images of each class on each side; `d`: width; `seed`: of the draw.
    """

    mean: float
    per_class: dict
    n: int
    d: int
    seed: int


def class_mean_frechet(
    features_a: np.ndarray,
    labels_a: np.ndarray,
    features_b: np.ndarray,
    labels_b: np.ndarray,
    *,
    per_class: int,
    seed: int,
) -> ClassMeanFrechet:
    """Mean over classes of the Fréchet distance of `per_class` images of each side.

    `features_*` [n, d], `labels_*` [n] (ids or names), both sides with the same classes. Where a class
    has more images, those are taken whose row has the smallest hash with the seed: the draw depends on
    the images and the seed, never on their order.
    DataError for per_class < 2, different classes, a class with fewer images, unequal d, NaN.
    """
    if per_class < 2:
        raise DataError(f"per_class: expected at least 2 images, got {per_class}; a covariance needs two")
    side_a = _by_class(features_a, labels_a, what="side a")
    side_b = _by_class(features_b, labels_b, what="side b")
    if side_a.keys() != side_b.keys():
        only_a, only_b = sorted(side_a.keys() - side_b.keys()), sorted(side_b.keys() - side_a.keys())
        raise DataError(
            f"classes: expected the same on both sides, got {_few(only_a)} only in a, {_few(only_b)} only in b;"
            " restrict both to the classes they share"
        )
    distances = {}
    for name in side_a:
        a = _draw(side_a[name], per_class, seed=seed, what=f"side a, class {name!r}")
        b = _draw(side_b[name], per_class, seed=seed, what=f"side b, class {name!r}")
        distances[name] = frechet(a, b).value
    return ClassMeanFrechet(
        mean=float(np.mean(list(distances.values()))),
        per_class=distances,
        n=per_class,
        d=int(np.shape(features_a)[1]),
        seed=seed,
    )


def _by_class(features: np.ndarray, labels: Sequence, *, what: str) -> dict:
    """{class: features [m, d]}, classes sorted."""
    features, labels = finite(features, what=f"{what}, features"), np.asarray(labels)
    if features.ndim != 2 or labels.shape != features.shape[:1] or not len(labels):
        raise DataError(f"{what}: expected features [n, d] and labels [n], got {features.shape} and {labels.shape}")
    if labels.dtype.kind not in "iuU":
        raise DataError(f"{what}: expected labels that are integers or text, got {labels.dtype}")
    return {name: features[labels == name] for name in np.unique(labels).tolist()}


def _draw(rows: np.ndarray, count: int, *, seed: int, what: str) -> np.ndarray:
    """`count` of `rows` [m, d], those of smallest hash."""
    if len(rows) < count:
        raise DataError(f"{what}: expected at least {count} images, got {len(rows)}; lower per_class or add images")
    if len(rows) == count:
        return rows
    salt = str(int(seed)).encode() + b"\0"
    ranks = [hashlib.blake2b(salt + (row + 0.0).tobytes(), digest_size=16).digest() for row in rows]
    return rows[sorted(range(len(rows)), key=ranks.__getitem__)[:count]]


def _few(names: list) -> str:
    """At most three of `names`."""
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "none"
