"""Calibration error: by hand, unbiased where a model is calibrated, and the size of a known gap."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.calibration import calibration_error


def test_by_hand():
    # Two bins. Low: confidence 0.5, accuracy 1/4, variance 3/16/3 = 1/16: 1/16 - 1/16 = 0.
    # High: confidence 1, accuracy 1/2, variance 1/4/3 = 1/12: 1/4 - 1/12 = 1/6. Mean 1/12.
    confidence = np.array([0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1])
    correct = np.array([1, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
    assert calibration_error(confidence, correct, bins=2) == pytest.approx((1 / 12) ** 0.5)


def test_a_calibrated_model_has_none_and_an_overconfident_one_has_its_gap():
    random = np.random.default_rng(0)
    squares, plain, gaps = [], [], []
    for _ in range(200):
        confidence = random.uniform(0.3, 0.9, 600)
        correct = random.uniform(size=600) < confidence
        squares.append(calibration_error(confidence, correct) ** 2)
        order = np.array_split(np.argsort(confidence), 15)
        plain.append(np.mean([(confidence[rows].mean() - correct[rows].mean()) ** 2 for rows in order]))
        gaps.append(calibration_error(np.minimum(confidence + 0.1, 1), correct))
    assert np.mean(squares) < np.mean(plain) / 4  # what is left comes from cutting negative squares off
    assert np.mean(gaps) == pytest.approx(0.1, abs=0.01)


def test_the_order_of_images_does_not_matter():
    random = np.random.default_rng(1)
    confidence = random.choice([0.2, 0.5, 0.9], 90)
    correct = random.uniform(size=90) < 0.5
    order = random.permutation(90)
    assert calibration_error(confidence[order], correct[order]) == calibration_error(confidence, correct)


@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [
        (np.full(29, 0.5), np.ones(29, dtype=bool), "at least 30 images for 15 bins, got 29"),
        (np.full(40, np.nan), np.ones(40, dtype=bool), "not a finite number"),
        (np.full(40, 0.5), np.ones(40), "expected confidences"),
    ],
)
def test_bad_input_is_one_line(confidence, correct, message):
    with pytest.raises(DataError, match=message):
        calibration_error(confidence, correct)
