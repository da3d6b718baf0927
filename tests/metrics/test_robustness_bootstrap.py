"""The bootstrap of the line: each resample against SciPy, coverage, seeds, and the order of models."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit

from bench.core.errors import DataError
from bench.metrics import robustness_bootstrap
from bench.metrics.robustness import effective_robustness, fit_line
from bench.metrics.robustness_bootstrap import bootstrap_lines, line_band, robustness_interval


def models(n=40, seed=0, noise=0.02):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.4, 0.9, n)
    return x, 0.8 * x - 0.1 + rng.normal(0, noise, n)


def test_each_line_is_the_fit_of_its_resample(monkeypatch):
    x, y = np.sort(models(12)[0]), models(12)[1]
    counts = np.random.default_rng(5).multinomial(12, np.full(12, 1 / 12), size=20).astype(float)
    monkeypatch.setattr(robustness_bootstrap, "resample_counts", lambda rng, models, resamples: counts)
    lines = bootstrap_lines(x, y, transform="logit", resamples=20, seed=0)
    for row, slope, intercept in zip(counts.astype(int), lines.slopes, lines.intercepts, strict=True):
        theirs = stats.linregress(np.repeat(logit(x), row), np.repeat(logit(y), row))
        assert (slope, intercept) == pytest.approx((theirs.slope, theirs.intercept), rel=1e-9)


def test_counts_are_multinomial():
    counts = robustness_bootstrap.resample_counts(np.random.default_rng(0), models=5, resamples=20_000)
    assert (counts.sum(axis=1) == 5).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(5), abs=0.03)
    assert np.cov(counts.T)[0, 1] == pytest.approx(-0.2, abs=0.03)  # -n p^2
    assert counts.var(axis=0) == pytest.approx(np.full(5, 0.8), abs=0.04)  # n p (1 - p)


def test_spread_of_the_slope_is_the_textbook_standard_error():
    x, y = models(400)
    slopes = bootstrap_lines(x, y, transform="linear", resamples=4000, seed=1).slopes
    assert slopes.std() == pytest.approx(stats.linregress(x, y).stderr, rel=0.1)
    assert slopes.mean() == pytest.approx(fit_line(x, y, transform="linear").slope, abs=0.005)


def test_same_seed_same_lines_whatever_the_order_of_models():
    x, y = models()
    first = bootstrap_lines(x, y, transform="logit", resamples=300, seed=7)
    order = np.random.default_rng(1).permutation(len(x))
    again = bootstrap_lines(x[order], y[order], transform="logit", resamples=300, seed=np.random.default_rng(7))
    assert (first.slopes == again.slopes).all()
    assert (first.intercepts == again.intercepts).all()
    assert (first.slopes != bootstrap_lines(x, y, transform="logit", resamples=300, seed=8).slopes).any()


def test_several_shifts_share_their_resamples():
    x, y = models()
    both = bootstrap_lines(x, np.column_stack([y, y, 0.5 * y]), transform="linear", resamples=50, seed=2)
    assert both.slopes.shape == (50, 3)
    assert both.shift(0).slopes == pytest.approx(both.shift(1).slopes)
    assert 0.5 * both.shift(0).slopes == pytest.approx(both.shift(2).slopes)
    own = bootstrap_lines(
        np.column_stack([x, x + 0.05]), np.column_stack([y, y]), transform="linear", resamples=50, seed=2
    )
    assert own.shift(0).slopes == pytest.approx(own.shift(1).slopes)
    with pytest.raises(DataError, match=r"choose one with \.shift"):
        line_band(both, x)


def test_band_holds_the_line_and_widens_away_from_the_middle():
    x, y = models()
    grid = np.linspace(0.2, 0.95, 31)
    lines = bootstrap_lines(x, y, transform="linear", resamples=1000, seed=3)
    low, high = line_band(lines, grid)
    line = fit_line(x, y, transform="linear").predict(grid)
    assert ((low < line) & (line < high)).all()
    width = high - low
    assert width[0] > 2 * width[np.argmin(abs(grid - x.mean()))]
    narrow = line_band(lines, grid, confidence=0.5)
    assert ((low < narrow[0]) & (narrow[1] < high)).all()


def test_interval_covers_and_grows_with_binomial_error():
    x, y = models()
    fit, lines = fit_line(x, y, transform="logit"), bootstrap_lines(x, y, transform="logit", resamples=2000, seed=4)
    value = effective_robustness(fit, 0.7, 0.6).value
    bare = robustness_interval(lines, 0.7, 0.6, seed=5)
    many = robustness_interval(lines, 0.7, 0.6, seed=5, n_x=100_000, n_y=100_000)
    few = robustness_interval(lines, 0.7, 0.6, seed=5, n_x=500, n_y=200)
    assert all(low < value < high for low, high in (bare, many, few))
    assert np.ptp(few) > 3 * np.ptp(bare)
    assert np.ptp(many) == pytest.approx(np.ptp(bare), rel=0.15)
    # y dominates: 1.96 * sqrt(.6 * .4 / 200 + (line's slope)^2 * .7 * .3 / 500) each side
    slope = (fit.predict(0.701) - fit.predict(0.699)) / 0.002
    assert np.ptp(few) == pytest.approx(2 * 1.96 * (0.24 / 200 + slope**2 * 0.21 / 500) ** 0.5, rel=0.06)


def test_interval_of_arrays_and_of_accuracies_of_0_and_1():
    x, y = models()
    lines = bootstrap_lines(x, y, transform="logit", resamples=500, seed=4, n_x=1000, n_y=1000)
    low, high = robustness_interval(lines, [0.7, 0.0, 1.0], [0.5, 0.0, 1.0], seed=6, n_x=50, n_y=50)
    assert low.shape == (3,)
    assert np.isfinite([low, high]).all()
    assert (high - low > 0.01).all()


def test_a_small_population_leaves_out_resamples_without_a_line():
    lines = bootstrap_lines([0.4, 0.6, 0.8], [0.2, 0.35, 0.4], transform="linear", resamples=900, seed=0)
    assert 740 < len(lines.slopes) < 860  # 1/9 of the draws hold one model three times
    assert np.isfinite(lines.slopes).all()


def test_refusals():
    x, y = models()
    with pytest.raises(DataError, match="at least 3 models"):
        bootstrap_lines(x[:2], y[:2], transform="linear", resamples=10, seed=0)
    with pytest.raises(DataError, match="seed: expected an integer"):
        bootstrap_lines(x, y, transform="linear", resamples=10, seed=None)
    with pytest.raises(DataError, match="resamples: expected at least 1, got 0"):
        bootstrap_lines(x, y, transform="linear", resamples=0, seed=0)
    lines = bootstrap_lines(x, y, transform="linear", resamples=10, seed=0)
    with pytest.raises(DataError, match="both n_x and n_y, or neither"):
        robustness_interval(lines, 0.7, 0.6, seed=0, n_x=100)
    with pytest.raises(DataError, match="looks like percent"):
        robustness_interval(lines, 70.0, 0.6, seed=0)
