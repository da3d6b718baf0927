"""Random truth and predictions for the yardsticks of detection."""

import numpy as np

from bench.core.boxes import Boxes


def random_boxes(*, images: int = 24, classes: int = 3, seed: int = 0, crowds: bool = True) -> tuple[Boxes, Boxes]:
    """Truth, and predictions near it: some doubled, some of another class, some anywhere; scores with ties."""
    random = np.random.default_rng(seed)
    count = 4 * images
    low = random.uniform(0, 60, (count, 2))
    corners = np.hstack([low, low + random.uniform(6, 30, (count, 2))])
    image = np.sort(random.integers(0, images - 2, count))  # the last images are empty
    crowd = random.random(count) < 0.1 if crowds else None
    truth = Boxes(image, corners, random.integers(0, classes, count), crowd=crowd)
    near = random.integers(0, count, count)
    moved = corners[near] + random.normal(0, 2, (count, 4))
    loose = np.tile(random.uniform(0, 60, (images, 2)), 2) + np.array([0, 0, 10, 12])
    label = np.where(random.random(count) < 0.8, truth.label[near], random.integers(0, classes, count))
    found = Boxes(
        np.concatenate([image[near], np.arange(images)]),
        np.vstack([moved, loose]),
        np.concatenate([label, random.integers(0, classes, images)]),
        random.integers(1, 60, count + images).astype(np.float32) / 64,
    )
    return truth, found


def distinct(truth: Boxes, found: Boxes) -> tuple[Boxes, Boxes]:
    """The same with scores of which no two are equal."""
    score = np.random.default_rng(9).permutation(len(found)).astype(np.float32) / len(found)
    return truth, Boxes(found.image, found.corners, found.label, score)
