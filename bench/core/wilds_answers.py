"""What a method answered on one split of a WILDS dataset, in the official order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Boxes:
    """Detections in one image: `boxes` float32 [k, 4] (xmin, ymin, xmax, ymax, pixels), `scores` float32 [k]."""

    boxes: np.ndarray
    scores: np.ndarray


# Classes int64 [n], wealth float64 [n], or the detections in each image.
WildsAnswers = np.ndarray | Sequence[Boxes]
