"""Mean corruption error against values worked by hand."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.corruption_error import ALEXNET, mean_corruption_error


def test_alexnet_is_one_by_definition_and_half_its_errors_are_a_half():
    assert len(ALEXNET) == 15
    for share in (1.0, 0.5):
        errors = {name: [error * share] * 5 for name, error in ALEXNET.items()}
        assert mean_corruption_error(errors, ALEXNET) == pytest.approx(share)


def test_severities_are_averaged_before_and_corruptions_after_the_division():
    errors = {"fog": [0.1, 0.3], "snow": [0.4, 0.4]}
    assert mean_corruption_error(errors, {"fog": 0.4, "snow": 0.2}) == pytest.approx((0.5 + 2) / 2)


def test_the_order_of_corruptions_changes_nothing():
    errors = {name: list(np.linspace(0.1, error, 5)) for name, error in ALEXNET.items()}
    assert mean_corruption_error(dict(reversed(errors.items())), ALEXNET) == pytest.approx(
        mean_corruption_error(errors, ALEXNET)
    )


@pytest.mark.parametrize(
    ("errors", "reference", "text"),
    [
        ({"fog": [0.1]}, {"snow": 0.2}, "name other corruptions; look at fog, snow"),
        ({}, {}, "name other corruptions"),
        ({"fog": [0.1, float("nan")]}, {"fog": 0.2}, "fog: expected an error between 0 and 1"),
        ({"fog": [10.0]}, {"fog": 0.2}, "fog: expected an error between 0 and 1"),
        ({"fog": []}, {"fog": 0.2}, "fog: expected an error between 0 and 1"),
        ({"fog": [0.1]}, {"fog": 0.0}, "the reference's error is 0; expected above 0"),
    ],
)
def test_bad_input_is_one_line(errors, reference, text):
    with pytest.raises(DataError) as caught:
        mean_corruption_error(errors, reference)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
