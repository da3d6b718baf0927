"""The bootstrap over images: what is drawn, and that intervals of a share cover it as often as they say."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.image_bootstrap import drawn_interval, image_weights


def test_as_many_are_drawn_as_there_are_and_a_seed_says_which():
    weights = image_weights(7, resamples=50, seed=3)
    assert (weights.sum(axis=1) == 7).all()
    assert np.array_equal(weights, image_weights(7, resamples=50, seed=3))
    assert not np.array_equal(weights, image_weights(7, resamples=50, seed=4))


def test_intervals_cover():
    random, covered = np.random.default_rng(0), 0
    for trial in range(100):
        right = random.random(80) < 0.7
        low, high = drawn_interval(right.mean(), image_weights(80, resamples=200, seed=trial) @ right / 80)
        covered += low <= 0.7 <= high
    assert 0.88 < covered / 100 <= 1


def test_what_resamples_have_too_much_is_taken_off():
    assert drawn_interval(0.5, np.array([0.5, 0.6, 0.7])) == (pytest.approx(0.405), pytest.approx(0.595))
    assert drawn_interval(0.99, np.linspace(0.9, 1.0, 101))[1] == 1.0


def test_refuses():
    with pytest.raises(DataError, match="bootstrap"):
        image_weights(0, resamples=10, seed=0)
