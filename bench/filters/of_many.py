"""The CLIP filter as He et al. released it: so many of a class's images, by the probability of the class.

methods.md 12.2. Of the images whose probability is above 1/N, so many at random; where fewer pass, the most probable
ones, so that images below the threshold can enter. The rule `consistency` is the filter as the paper's text has it.
"""

import numpy as np

from bench.core.errors import DataError


def kept_of_many(probabilities: np.ndarray, *, classes: int, keep: int, seed: int) -> np.ndarray:
    """Rows int [<= keep], ascending, of the images of one class; `probabilities` float [n]: of that class.

    DataError for probabilities outside 0..1, or no number of classes.
    """
    found = np.asarray(probabilities, dtype=np.float64)
    if found.ndim != 1 or not ((found >= 0) & (found <= 1)).all():
        raise DataError("clip filter: expected a probability from 0 to 1 for each image; pass the softmax over classes")
    if classes < 1:
        raise DataError(f"clip filter: expected at least one class, got {classes}")
    passing = np.flatnonzero(found > 1 / classes)
    if len(passing) >= keep:
        return np.sort(np.random.default_rng(seed).permutation(passing)[:keep])
    return np.sort(np.argsort(-found, kind="stable")[:keep])
