"""Means as the `wilds` package takes them, so that figures agree with its own to the last digit."""

from collections.abc import Callable

import numpy as np

# The mean of float [n]. The package takes it with torch, whose order of summation gives last digits of its own;
# `bench/sources/wilds_package.py` has that one, and the metrics are handed it.
Mean = Callable[[np.ndarray], float]


def plain_mean(values: np.ndarray) -> float:
    """The mean of float [n]."""
    return float(values.mean())


def group_means(values: np.ndarray, groups: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of float [n] by group (int [n], 0 to `count` - 1), and how many elements each group has.

    Both [count]; a group without elements has the mean 0. In the precision of `values`, added up one element after
    another, as `torch_scatter` does it for the package.
    """
    sums = np.zeros(count, dtype=values.dtype)
    np.add.at(sums, groups, values)
    sizes = np.bincount(groups, minlength=count)
    return sums / np.maximum(sizes, 1).astype(values.dtype), sizes
