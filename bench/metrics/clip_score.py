"""The CLIP score: does the image fit its prompt? Two conventions are in use; both have a name here."""

import numpy as np

from bench.core.errors import DataError
from bench.metrics.inputs import unit_rows

CONVENTIONS = {"percent-cosine": 100.0, "clipscore-2.5": 2.5}


def clip_scores(images: np.ndarray, texts: np.ndarray, *, convention: str) -> np.ndarray:
    """Score [n] of each pair of rows of `images` and `texts`, [n, d] each.

    `percent-cosine`: 100 x max(0, cosine), as metric libraries have it; `clipscore-2.5`:
    2.5 x max(0, cosine) (Hessel et al. 2021, section 3). DataError for unequal shapes or another convention.
    """
    if convention not in CONVENTIONS:
        raise DataError(f"convention: expected one of {', '.join(CONVENTIONS)}, got {convention!r}")
    a, b = unit_rows(images, what="images"), unit_rows(texts, what="texts")
    if a.shape != b.shape:
        raise DataError(f"texts: expected one for each image, {a.shape}, got {b.shape}")
    return CONVENTIONS[convention] * np.maximum(0.0, (a * b).sum(axis=1))
