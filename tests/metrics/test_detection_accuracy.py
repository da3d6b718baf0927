"""WILDS' detection accuracy: worked by hand, and the package's own on random boxes."""

import warnings

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.detection_accuracy import detection_accuracy, overlaps

A, B, FAR = [0, 0, 10, 10], [20, 20, 30, 30], [60, 60, 70, 70]
NOTHING = np.zeros((0, 4))


def sure(boxes) -> np.ndarray:
    return np.full(len(boxes), 0.9)


def test_two_truth_boxes_three_predictions_two_on_one():
    found = [A, [0, 0, 10, 9], FAR]
    assert detection_accuracy(np.array([A, B]), np.array(found), scores=sure(found)) == 0.25


def test_images_without_truth_or_predictions():
    assert detection_accuracy(NOTHING, NOTHING, scores=sure(NOTHING)) == 1
    assert detection_accuracy(NOTHING, np.array([A]), scores=sure([A])) == 0
    assert detection_accuracy(np.array([A]), NOTHING, scores=sure(NOTHING)) == 0


def test_a_score_of_exactly_one_half_does_not_count_and_an_overlap_of_one_half_does():
    assert detection_accuracy(np.array([A]), np.array([A]), scores=np.array([0.5])) == 0
    assert detection_accuracy(np.array([A]), np.array([[0, 0, 10, 5]]), scores=sure([A])) == 1


def scenes(count: int):
    random = np.random.default_rng(5)
    for _ in range(count):
        corner = random.uniform(0, 40, (random.integers(0, 6), 2))
        truth = np.hstack([corner, corner + random.uniform(2, 20, corner.shape)]).astype(np.float32)
        near = truth[random.integers(0, len(truth), 6)] + random.normal(0, 2, (6, 4)) if len(truth) else NOTHING
        loose = random.uniform(0, 40, (random.integers(0, 3), 2))
        found = np.vstack([near, np.hstack([loose, loose + 8])]).astype(np.float32)
        yield truth, found, random.choice([0.2, 0.5, 0.7, 0.9], len(found)).astype(np.float32)


def test_equal_to_the_wilds_package_to_the_last_digit():
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metrics = pytest.importorskip("wilds.common.metrics.all_metrics")
    peer = metrics.DetectionAccuracy()
    given = list(scenes(300))
    told = [{"boxes": torch.tensor(found), "scores": torch.tensor(scores)} for _, found, scores in given]
    theirs = peer._compute_element_wise(told, [{"boxes": torch.tensor(truth)} for truth, *_ in given])
    ours = [detection_accuracy(truth, found, scores=scores) for truth, found, scores in given]
    assert np.array_equal(np.array(ours, dtype=np.float32), theirs.numpy())
    assert len(set(ours)) > 10


def test_the_order_of_predictions_does_not_matter():
    for truth, found, scores in scenes(20):
        turned = detection_accuracy(truth, found[::-1], scores=scores[::-1])
        assert turned == detection_accuracy(truth, found, scores=scores)


def test_overlap_worked_by_hand():
    assert overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 1, 3, 3], [5, 5, 6, 6]])).tolist() == [
        [pytest.approx(1 / 7), 0]
    ]


@pytest.mark.parametrize(
    ("found", "scores", "said"),
    [
        (np.zeros((2, 3)), np.ones(2), r"found: expected corners \[n, 4\]"),
        (np.full((1, 4), np.nan), np.ones(1), "finite numbers"),
        (np.zeros((2, 4)), np.ones(3), "scores: expected 2 finite numbers"),
    ],
)
def test_refuses(found, scores, said):
    with pytest.raises(DataError, match=said):
        detection_accuracy(np.array([A]), found, scores=scores)
