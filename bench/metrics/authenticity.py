"""Authenticity: the share of generated images that do not look copied from the training images."""

import numpy as np

from bench.metrics.inputs import rows_of, same_width
from bench.metrics.neighbours import nearest, radii


def authenticity(generated: np.ndarray, training: np.ndarray) -> float:
    """Share of `generated` rows [n, d] that are no nearer to a `training` row than that row's own kind is.

    A row counts as copied where it lies strictly closer to its nearest training row than that row's nearest
    other training row does (Alaa et al. 2022, section 4.2). Two draws from one smooth distribution give about
    one half; exact copies give 0. DataError for fewer than 2 training rows.
    """
    a, b = rows_of(generated, what="generated", least=1), rows_of(training, what="training", least=2)
    same_width(a.shape[1], b.shape[1])
    distance, index = nearest(a, b)
    return float((distance >= radii(b, 1, what="training")[index]).mean())
