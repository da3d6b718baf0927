"""F1 against confidence: YOLO's definition written out plainly, and values by hand."""

import numpy as np
import pytest

from bench.core.boxes import Boxes
from bench.metrics.box_matches import box_matches
from bench.metrics.f1_confidence import CONFIDENCES, best_f1, f1_of_class, mean_f1
from tests.metrics.boxes import distinct, random_boxes

IMAGES, CLASSES = 24, 3
ONES = np.ones((1, IMAGES), dtype=np.int64)


def plainly(matches, label: int) -> np.ndarray:
    """F1 of one class: precision and recall after each prediction, linear between their confidences."""
    one = matches.of_class(label)
    kept = ~one.ignored[0]
    hits, score = np.cumsum(one.hit[0][kept]), one.score[kept]
    recall, precision = hits / matches.truth[:, label].sum(), hits / np.arange(1, len(hits) + 1)
    r = np.interp(-CONFIDENCES, -score, recall, left=0)
    p = np.interp(-CONFIDENCES, -score, precision, left=1)
    return 2 * p * r / (p + r + 1e-16)


@pytest.mark.parametrize("seed", range(3))
def test_is_yolos_definition(seed):
    # Where confidences tie, which of the tied predictions counts is nobody's to say.
    truth, found = distinct(*random_boxes(images=IMAGES, classes=CLASSES, seed=seed, crowds=False))
    matches = box_matches(truth, found, images=IMAGES, classes=CLASSES)
    wanted = np.mean([plainly(matches, label) for label in range(CLASSES)], axis=0)
    ours = mean_f1(matches, weights=ONES)[0]
    assert ours == pytest.approx(wanted, abs=1e-9)
    f1, confidence = best_f1(ours)
    assert (f1, confidence) == (ours.max(), CONFIDENCES[ours.argmax()])
    assert 0.1 < f1 < 1


def test_by_hand():
    truth = Boxes.of([(0, [0, 0, 10, 10], 0), (1, [0, 0, 10, 10], 0)])
    found = Boxes(
        np.array([0, 1, 1]),
        np.array([[0, 0, 10, 10], [50, 50, 60, 60], [0, 0, 10, 10]], dtype=float),
        np.zeros(3, dtype=np.int64),
        np.array([0.75, 0.5, 0.25], dtype=np.float32),
    )
    curve = f1_of_class(box_matches(truth, found, images=2, classes=1), 0, weights=np.ones((1, 2), dtype=np.int64))[0]
    # Below 0.25 all three count: precision 2/3, recall 1. Above 0.75 none does.
    assert curve[0] == pytest.approx(2 * (2 / 3) / (5 / 3))
    assert curve[-1] == 0
    middle = int(np.argmin(np.abs(CONFIDENCES - 0.625)))
    precision, recall = 0.75, 0.5  # halfway between 1 and 1/2; 1/2 at both
    assert curve[middle] == pytest.approx(2 * precision * recall / (precision + recall), abs=2e-3)


def test_a_class_without_truth_does_not_count_and_a_resample_counts_images():
    truth, found = random_boxes(images=IMAGES, classes=CLASSES, seed=5)
    matches = box_matches(truth, found, images=IMAGES, classes=CLASSES + 1)
    assert mean_f1(matches, weights=ONES) == pytest.approx(
        mean_f1(box_matches(truth, found, images=IMAGES, classes=CLASSES), weights=ONES)
    )
    doubled = mean_f1(matches, weights=2 * ONES)
    assert doubled == pytest.approx(mean_f1(matches, weights=ONES))
    assert (mean_f1(matches, weights=0 * ONES) == 0).all()
