"""Krippendorff's alpha against the krippendorff package and his own example; correlation against SciPy."""

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.metrics.krippendorff_alpha import LEVELS, krippendorff_alpha
from bench.metrics.link import correlation

N = np.nan
# Krippendorff 2011, section C: four observers, twelve units.
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example(level, value):
    assert krippendorff_alpha(EXAMPLE, level=level) == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_the_krippendorff_package_agrees(level):
    package = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(0)
    for _ in range(20):
        table = rng.integers(1, 6, (3, 30)).astype(float)
        table[:, :15] = table[0, :15]
        table[rng.random(table.shape) < 0.2] = N
        theirs = package.alpha(reliability_data=table, level_of_measurement=level)
        assert krippendorff_alpha(table, level=level) == pytest.approx(theirs, abs=1e-9)


def test_alpha_laws_and_refusals():
    assert krippendorff_alpha(np.tile([1.0, 2, 3], (2, 1)), level="ordinal") == pytest.approx(1)
    assert krippendorff_alpha(np.ones((3, 4)), level="nominal") is None
    assert krippendorff_alpha(np.array([[1.0, N], [N, 2.0]]), level="nominal") is None
    rng = np.random.default_rng(1)
    shuffled = EXAMPLE[rng.permutation(4)][:, rng.permutation(12)]
    assert krippendorff_alpha(shuffled, level="ordinal") == pytest.approx(krippendorff_alpha(EXAMPLE, level="ordinal"))
    with pytest.raises(DataError, match="nominal, ordinal, interval, got 'ratio'"):
        krippendorff_alpha(EXAMPLE, level="ratio")
    with pytest.raises(DataError, match=r"\[raters, items\]"):
        krippendorff_alpha(EXAMPLE[0], level="nominal")


def test_correlation_is_scipys():
    rng = np.random.default_rng(2)
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)
    found, theirs = correlation(x, y), stats.pearsonr(x, y)
    assert found.r == pytest.approx(theirs.statistic)
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic)
    order = rng.permutation(12)
    assert correlation(x[order], y[order]).r == pytest.approx(found.r)
    assert correlation(y, x).r == pytest.approx(found.r)
    assert correlation(x, -y).r == pytest.approx(-found.r)
    assert correlation(x, x).interval[1] <= 1


def test_correlation_refusals():
    assert correlation(np.ones(5), np.arange(5.0)).r is None
    with pytest.raises(DataError, match="at least 4, got 3"):
        correlation(np.arange(3.0), np.arange(3.0))
    with pytest.raises(DataError, match="equal length"):
        correlation(np.arange(5.0), np.arange(4.0))
