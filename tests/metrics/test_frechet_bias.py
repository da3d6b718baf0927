"""The limit for infinitely many images and the jackknife interval, against Gaussians whose distance is known."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy.linalg import sqrtm

from bench.core.errors import DataError
from bench.metrics.frechet import frechet_distance
from bench.metrics.frechet_bias import frechet_infinity, frechet_interval

TRUTH = 4.0  # two unit Gaussians, means 2 apart


def pair(n, seed, d=8):
    rng = np.random.default_rng(seed)
    shift = np.zeros(d)
    shift[0] = 2
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)) + shift


def test_the_extrapolation_takes_the_bias_away():
    raw = np.mean([frechet_distance(*pair(200, seed)) for seed in range(30)])
    limit = np.mean([frechet_infinity(*pair(200, seed), seed=seed).value for seed in range(30)])
    assert raw - TRUTH > 0.1
    assert abs(limit - TRUTH) < (raw - TRUTH) / 2


def test_the_extrapolation_keeps_its_points_and_repeats():
    found = frechet_infinity(*pair(100, 1), seed=3, points=5)
    sizes = [n for n, _ in found.points]
    assert sizes == [10, 32, 55, 78, 100]
    assert found.points[-1][1] == pytest.approx(frechet_distance(*pair(100, 1)))
    slope, value = np.polyfit([1 / n for n in sizes], [v for _, v in found.points], 1)
    assert found.value == pytest.approx(value)
    assert slope > 0
    assert found == frechet_infinity(*pair(100, 1), seed=3, points=5)
    assert 0.5 < found.r2 <= 1


def test_the_jackknife_deviation_is_the_spread_over_fresh_draws():
    found = [frechet_interval(*pair(200, seed), seed=0, groups=10) for seed in range(30)]
    spread = np.std([frechet_distance(*pair(200, 100 + seed)) for seed in range(100)])
    assert np.mean([one.deviation for one in found]) == pytest.approx(spread, rel=0.25)
    assert abs(np.mean([one.corrected for one in found]) - TRUTH) < 0.1
    centre = np.mean([frechet_distance(*pair(200, 100 + seed)) for seed in range(100)])
    assert np.mean([one.interval[0] <= centre <= one.interval[1] for one in found]) > 0.8


def test_the_jackknife_by_sqrtm_and_loops():
    a, b = pair(12, 3, d=3)

    def distance(x, y):
        gap, root = x.mean(axis=0) - y.mean(axis=0), sqrtm(np.cov(x.T) @ np.cov(y.T)).real
        return gap @ gap + np.trace(np.cov(x.T) + np.cov(y.T) - 2 * root)

    left = [
        [distance(np.delete(a, row, 0), b) for row in range(12)],
        [distance(a, np.delete(b, row, 0)) for row in range(12)],
    ]
    variance = sum(11 / 12 * ((np.array(side) - np.mean(side)) ** 2).sum() for side in left)
    bias = sum(11 * (np.mean(side) - distance(a, b)) for side in left)
    found = frechet_interval(a, b, seed=0)
    assert found.deviation == pytest.approx(variance**0.5, rel=1e-6)
    assert found.corrected == pytest.approx(distance(a, b) - bias, rel=1e-6)


def test_identity_symmetry_order():
    a, b = pair(50, 2)
    rng = np.random.default_rng(0)
    for metric in (frechet_infinity, frechet_interval):
        found = astuple(metric(a, b, seed=1))
        swapped, shuffled = metric(b, a, seed=1), metric(rng.permutation(a), rng.permutation(b), seed=1)
        for again in (metric(a, b, seed=1), swapped, shuffled):
            assert np.hstack([np.ravel(part) for part in astuple(again)]) == pytest.approx(
                np.hstack([np.ravel(part) for part in found]), rel=1e-9
            )
        assert astuple(metric(a, b, seed=2)) != found
    assert frechet_infinity(a, a.copy(), seed=1).value == pytest.approx(0, abs=1e-9)
    assert frechet_interval(a, a.copy(), seed=1).interval[0] == 0


def test_more_confidence_is_a_wider_interval():
    a, b = pair(50, 2)
    one = frechet_interval(a, b, seed=1)
    wide = frechet_interval(a, b, seed=1, confidence=0.99).interval
    assert wide[0] < one.interval[0] < one.interval[1] < wide[1]


def test_refusals():
    a, b = pair(50, 2)
    with pytest.raises(DataError, match="at least 20 images a side for 8 features, got 19"):
        frechet_infinity(a[:19], b, seed=0)
    with pytest.raises(DataError, match="at least 4 rows, got 3"):
        frechet_interval(a, b[:3], seed=0)
    with pytest.raises(DataError, match="groups: expected at least 2"):
        frechet_interval(a, b, seed=0, groups=1)
    with pytest.raises(DataError, match="seed"):
        frechet_infinity(a, b, seed=None)


def test_two_halves_of_one_set_are_not_extrapolated_below_the_width():
    # With n < d the distance grows slower than 1/n, and a line through it points away from the truth, 0.
    a, b = (np.random.default_rng(seed).normal(size=(100, 80)) for seed in (0, 1))
    with pytest.raises(DataError, match="at least 160 images a side for 80 features, got 100"):
        frechet_infinity(a, b, seed=0)
