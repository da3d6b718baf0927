"""Accuracy and its interval: hand-worked values, scikit-learn and SciPy as references, and the laws."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

from bench.core.errors import DataError
from bench.metrics.accuracy import mean_per_class_accuracy, proportion_interval, top1, top5, top_k_correct

ANSWERS = np.array([[3, 1, 2], [0, 2, 1], [1, 0, 3], [2, 3, 0]])
LABELS = np.array([3, 1, 0, 1])


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, [True, False, False, False]), (2, [True, False, True, False]), (3, [True, True, True, False])],
)
def test_top_k_by_hand(k, expected):
    assert top_k_correct(ANSWERS, LABELS, k=k).tolist() == expected


def test_top_k_is_a_share_and_agrees_with_sklearn():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(400, 9)), rng.integers(9, size=400)
    answers = np.argsort(-logits, axis=1)[:, :5]
    assert top1(answers, labels) == pytest.approx(top_k_accuracy_score(labels, logits, k=1), abs=1e-15)
    assert top5(answers, labels) == pytest.approx(top_k_accuracy_score(labels, logits, k=5), abs=1e-15)


def test_mean_per_class_by_hand_and_sklearn():
    # class 0: 1 of 1; class 1: 1 of 3
    assert mean_per_class_accuracy(np.array([True, True, False, False]), np.array([0, 1, 1, 1])) == pytest.approx(2 / 3)
    rng = np.random.default_rng(1)
    labels, answers = rng.integers(7, size=300), rng.integers(7, size=300)
    ours = mean_per_class_accuracy(answers == labels, labels)
    assert ours == pytest.approx(balanced_accuracy_score(labels, answers), abs=1e-14)


def test_order_of_images_does_not_matter():
    rng = np.random.default_rng(2)
    labels, answers = rng.integers(6, size=101), np.argsort(rng.random((101, 6)), axis=1)
    order = rng.permutation(101)
    assert top5(answers, labels) == top5(answers[order], labels[order])
    correct = top_k_correct(answers, labels, k=2)
    assert (top_k_correct(answers[order], labels[order], k=2) == correct[order]).all()
    assert mean_per_class_accuracy(correct, labels) == mean_per_class_accuracy(correct[order], labels[order])


@pytest.mark.parametrize("method", ["wilson", "clopper-pearson"])
@pytest.mark.parametrize("confidence", [0.95, 0.995])
def test_interval_agrees_with_scipy(method, confidence):
    cases = [(0, 1), (1, 1), (0, 10), (7, 10), (10, 10), (763, 1000), (38065, 50000)]
    low, high = proportion_interval(*np.array(cases).T, confidence=confidence, method=method)
    for i, (k, n) in enumerate(cases):
        theirs = stats.binomtest(k, n).proportion_ci(
            confidence, {"wilson": "wilson", "clopper-pearson": "exact"}[method]
        )
        assert (low[i], high[i]) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_by_hand():
    # n = 10, k = 5, z = 1.959964: half-width z/(n + z^2) * sqrt(2.5 + z^2/4) = 0.263407
    assert proportion_interval(5, 10) == pytest.approx((0.236593, 0.763407), abs=5e-7)


def test_interval_of_scalars_is_floats_and_ends_at_0_and_1():
    for method in ("wilson", "clopper-pearson"):
        low, high = proportion_interval(0, 7, method=method)
        assert type(low) is float
        assert low == 0.0
        assert 0 < high < 1
        assert proportion_interval(7, 7, method=method) == pytest.approx((1 - high, 1.0), abs=1e-12)
        assert proportion_interval(7, 7, method=method)[1] == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((ANSWERS, LABELS, 4), "expected at least 4 answers an image, got 3"),
        ((ANSWERS, LABELS, 0), "top-0"),
        ((ANSWERS, LABELS[:3], 1), r"one row a label \(3\), got 4"),
        ((ANSWERS.astype(float), LABELS, 1), "float64"),
        ((ANSWERS[:0], LABELS[:0], 1), "non-empty"),
        ((ANSWERS, np.array([3, 1, -1, 1]), 1), "got -1"),
        ((np.array([[1, 0, 2], [1, 0, 1]]), np.array([1, 1]), 1), "row 1 names a class twice"),
    ],
)
def test_answers_that_cannot_be_scored_are_refused(arguments, words):
    with pytest.raises(DataError, match=words):
        top_k_correct(*arguments[:2], k=arguments[2])


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((0.7, 10), {}, "pass counts, not shares"),
        ((11, 10), {}, "got 11 of 10"),
        ((-1, 10), {}, "got -1 of 10"),
        ((0, 0), {}, "got 0 of 0"),
        ((5, 10), {"method": "wald"}, "wilson, clopper-pearson, got 'wald'"),
        ((5, 10), {"confidence": 95}, "pass 0.95 for 95 %"),
    ],
)
def test_counts_that_make_no_share_are_refused(arguments, options, words):
    with pytest.raises(DataError, match=words):
        proportion_interval(*arguments, **options)


def test_correct_must_be_bool():
    with pytest.raises(DataError, match="expected bool of shape"):
        mean_per_class_accuracy(np.array([1, 0]), np.array([0, 1]))
