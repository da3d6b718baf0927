"""Arms over seeds: a textbook t interval, SciPy as reference, pairing by seed."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.metrics.arms import mean_over_seeds, paired_difference


def test_three_seeds_by_hand():
    # mean .5, sd .1, t(2, .975) = 4.302653: half-width .1 / sqrt(3) * 4.302653 = .248414
    found = mean_over_seeds(np.array([0.4, 0.5, 0.6]))
    assert (found.mean, found.n, found.sd) == (pytest.approx(0.5), 3, pytest.approx(0.1))
    assert found.interval == pytest.approx((0.251586, 0.748414), abs=5e-7)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_agrees_with_scipy(confidence):
    values = np.random.default_rng(0).normal(0.6, 0.05, 7)
    found = mean_over_seeds(values, confidence=confidence)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    assert found.interval == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_paired_difference_agrees_with_scipy():
    a, b = np.random.default_rng(1).random((2, 5))
    seeds = [3, 1, 4, 15, 9]
    found = paired_difference(a, b, seeds_a=seeds, seeds_b=seeds)
    theirs = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert found.mean == pytest.approx((a - b).mean())
    assert found.interval == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_runs_are_paired_by_seed_not_by_place():
    a, b = np.array([0.5, 0.6, 0.9]), np.array([0.8, 0.4, 0.5])
    found = paired_difference(a, b, seeds_a=[0, 1, 2], seeds_b=[2, 0, 1])
    assert found == mean_over_seeds(np.array([0.5 - 0.4, 0.6 - 0.5, 0.9 - 0.8]))
    assert found.sd == pytest.approx(0, abs=1e-12)  # paired by place it would be far from 0


def test_order_of_seeds_does_not_matter():
    # added from the left, .1 + .2 + .3 and .3 + .2 + .1 differ in the last bit
    assert len({mean_over_seeds(order) for order in permutations([0.1, 0.2, 0.3])}) == 1


def test_one_seed_has_no_interval():
    alone = mean_over_seeds(np.array([0.7]))
    assert (alone.mean, alone.n, alone.sd, alone.interval) == (0.7, 1, None, None)
    assert paired_difference([0.7], [0.5], seeds_a=[0], seeds_b=[0]).interval is None


def test_refusals():
    with pytest.raises(DataError, match=r"got \[1\] only in a, \[2\] only in b"):
        paired_difference([0.1, 0.2], [0.1, 0.2], seeds_a=[0, 1], seeds_b=[0, 2])
    with pytest.raises(DataError, match=r"got \[1\] only in a, \[\] only in b"):
        paired_difference([0.1, 0.2], [0.1], seeds_a=[0, 1], seeds_b=[0])
    with pytest.raises(DataError, match=r"different seeds, got \[0, 0\]"):
        paired_difference([0.1, 0.2], [0.1, 0.2], seeds_a=[0, 0], seeds_b=[0, 1])
    with pytest.raises(DataError, match="one value for each of 3 seeds"):
        paired_difference([0.1, 0.2], [0.1, 0.2], seeds_a=[0, 1, 2], seeds_b=[0, 1])
    with pytest.raises(DataError, match="at least one"):
        mean_over_seeds(np.array([]))
    with pytest.raises(DataError, match="got nan"):
        mean_over_seeds([0.5, np.nan])
