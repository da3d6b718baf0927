"""Consistency: the share of images that show what was asked for, in all and by group (class, template)."""

from collections.abc import Sequence

import numpy as np

from bench.core.errors import DataError
from bench.metrics.accuracy import proportion_interval


def share_by_group(right: np.ndarray, groups: Sequence[str]) -> dict[str, tuple[int, int, tuple[float, float]]]:
    """{group: (right, n, Wilson interval at 95 %)} of bool [n] and group names [n], groups sorted.

    DataError for unequal lengths or no image.
    """
    right, names = np.asarray(right, dtype=bool), np.asarray(groups, dtype=str)
    if right.shape != names.shape or right.ndim != 1 or not len(right):
        raise DataError(f"groups: expected one for each of at least one image, got {right.shape} and {names.shape}")
    found = {}
    for name in np.unique(names).tolist():
        chosen = right[names == name]
        hits, n = int(chosen.sum()), len(chosen)
        found[name] = (hits, n, proportion_interval(hits, n))
    return found


def blank(pixels: np.ndarray, *, levels: int = 2) -> bool:
    """Is an image uint8 [h, w] or [h, w, c] flat: no channel spans more than `levels` of 255 grey levels?

    Safety filters return such images in place of the drawn one (methods.md 1.6).
    """
    flat = np.asarray(pixels).reshape(-1, *np.shape(pixels)[2:])
    return bool((np.ptp(flat.astype(np.int64), axis=0) <= levels).all())
