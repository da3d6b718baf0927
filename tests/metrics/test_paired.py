"""Paired comparison: the exact test against SciPy, intervals, the planted pairs, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.metrics.paired import Pair, compare_means, compare_on_set, holm, mcnemar, paired_bootstrap


@pytest.mark.parametrize(("a", "b"), [(3, 0), (0, 1), (60, 20), (5, 5), (40, 41), (700, 640)])
def test_mcnemar_is_the_binomial_test_of_the_images_that_divide_the_two(a, b):
    assert mcnemar(a, b) == pytest.approx(stats.binomtest(a, a + b).pvalue, rel=1e-9)
    assert mcnemar(a, b) == mcnemar(b, a)


def test_mcnemar_of_arrays_and_of_nothing():
    assert mcnemar(np.array([0, 3]), np.array([0, 0])) == pytest.approx([1, 0.25])


def test_three_images_in_a_thousand_are_a_tie_and_sixty_to_twenty_are_not():
    tie, clear = compare_on_set(Pair(1000, 3, 0)), compare_on_set(Pair(1000, 60, 20))
    assert tie.p > 0.05
    assert tie.interval[0] < 0 < tie.interval[1]
    assert clear.p < 0.001
    assert clear.interval[0] > 0
    assert clear.difference == pytest.approx(0.04)


def test_the_interval_by_hand():
    # Bonett and Price: (b + 1)/(n + 2) = 0.1, (c + 1)/(n + 2) = 0.05; variance (0.15 - 0.0025) / 100
    found = compare_on_set(Pair(98, 9, 4)).interval
    assert found == pytest.approx((0.05 - 1.959964 * 0.1475**0.5 / 10, 0.05 + 1.959964 * 0.1475**0.5 / 10), abs=1e-6)


def test_identical_answers_prove_nothing():
    found = compare_on_set(Pair(10, 0, 0))
    assert found.p == 1
    assert found.interval[0] < -0.1 < 0.1 < found.interval[1]


def answers(seed=0, n=400):
    rng = np.random.default_rng(seed)
    hard = rng.random(n)
    return hard < 0.8, (hard + 0.15 * rng.standard_normal(n)) < 0.7


def test_the_bootstrap_agrees_with_scipy():
    a, b = answers()
    ours = paired_bootstrap([Pair.of(a, b)], resamples=20_000, seed=0)
    theirs = stats.bootstrap(
        (a.astype(float) - b.astype(float),), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_the_mean_over_sets_adds_their_variances():
    sets = [Pair.of(*answers(1, 400)), Pair.of(*answers(2, 900))]
    whole = compare_means(sets)
    assert whole.difference == pytest.approx(np.mean([pair.difference for pair in sets]))
    boot = paired_bootstrap(sets, resamples=20_000, seed=0)
    assert whole.interval == pytest.approx(boot, abs=0.004)
    assert compare_means(sets[:1]) == compare_on_set(sets[0])


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])


def test_refusals():
    a, b = answers()
    with pytest.raises(DataError, match="two bool arrays over the same images"):
        Pair.of(a, b[1:])
    with pytest.raises(DataError, match="expected at least one set"):
        compare_means([])
    with pytest.raises(DataError, match="seed: expected an integer"):
        paired_bootstrap([Pair.of(a, b)], resamples=10, seed=None)
