"""Kendall's tau: SciPy, a value by hand, its interval, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.metrics.rank_agreement import kendall_tau


def test_tau_is_that_of_scipy_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(20):
        a = rng.integers(0, 9, 30)
        b = a + rng.integers(0, 6, 30)
        assert kendall_tau(a, b).tau == pytest.approx(stats.kendalltau(a, b).statistic)


def test_one_swapped_pair_by_hand():
    found = kendall_tau([1, 2, 3, 4, 5], [1, 2, 3, 5, 4])
    assert found.tau == pytest.approx(0.8)  # 9 of 10 pairs agree
    assert found.interval == pytest.approx(np.tanh(np.arctanh(0.8) + np.array([-1, 1]) * 1.959964 * 0.437**0.5))


def test_the_interval_covers_the_true_tau():
    rng = np.random.default_rng(1)
    true, held = 2 / np.pi * np.arcsin(0.6), 0
    for _ in range(400):
        a = rng.standard_normal(40)
        low, high = kendall_tau(a, 0.6 * a + 0.8 * rng.standard_normal(40)).interval
        held += low <= true <= high
    assert 0.92 <= held / 400 <= 0.98


def test_perfect_agreement_few_models_and_ties_alone():
    low, high = kendall_tau(np.arange(20), np.arange(20)).interval
    assert 0.9 < low < high == 1
    assert kendall_tau([1, 2, 3], [1, 2, 3]).interval is None
    assert kendall_tau([1, 1], [1, 2]).tau is None


def test_refusals():
    with pytest.raises(DataError, match="at least 2"):
        kendall_tau([1], [1])
    with pytest.raises(DataError, match="finite"):
        kendall_tau([1, np.nan], [1, 2])
