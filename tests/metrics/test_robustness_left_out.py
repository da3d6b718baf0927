"""Every model judged by the others: the shared sums give what fitting anew gives."""

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.metrics.robustness import fit_line
from bench.metrics.robustness_bootstrap import bootstrap_lines, robustness_interval
from bench.metrics.robustness_left_out import left_out_lines, left_out_predictions


def models(n=14, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.4, 0.9, n)
    return x, np.column_stack([0.8 * x - 0.1, 0.5 * x]) + rng.normal(0, 0.02, (n, 2))


@pytest.mark.parametrize("transform", ["linear", "logit", "probit"])
def test_each_line_is_the_bootstrap_of_the_others(transform):
    x, y = models()
    how = {"transform": transform, "n_x": 1000, "n_y": 500}
    lines = left_out_lines(x, y, **how, resamples=300, seed=3)
    predicted = left_out_predictions(x, y[:, 1], **how)
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        theirs = bootstrap_lines(x[others], y[others], **how, resamples=300, seed=3)
        assert lines.slopes[:, i] == pytest.approx(theirs.slopes.T, abs=1e-9)
        assert lines.intercepts[:, i] == pytest.approx(theirs.intercepts.T, abs=1e-9)
        assert predicted[i] == pytest.approx(fit_line(x[others], y[others, 1], **how).predict(x[i]))


def test_intervals_are_those_of_one_model_after_the_other():
    x, y = models()
    low, high = left_out_lines(x, y[:, 0], transform="logit", resamples=300, seed=3).intervals(0, x[:, None], y[:, :1])
    others = np.arange(len(x)) != 4
    theirs = bootstrap_lines(x[others], y[others, 0], transform="logit", resamples=300, seed=3)
    assert (low[4], high[4]) == pytest.approx(robustness_interval(theirs, x[4], y[4, 0], seed=0))


def test_resamples_without_a_line_are_left_out():
    x, y = np.array([0.4, 0.6, 0.7, 0.8]), np.array([0.2, 0.3, 0.35, 0.4])
    lines = left_out_lines(x, y, transform="linear", resamples=400, seed=0)
    broken = np.isnan(lines.slopes).mean()
    assert 0.06 < broken < 0.17  # 1/9 of the draws hold one of three models three times
    assert np.isfinite(lines.intervals(0, x[:, None], y[:, None])).all()


def test_refusals():
    x, y = models()
    with pytest.raises(DataError, match="looks like percent"):
        left_out_lines(100 * x, y, transform="linear", resamples=10, seed=0)
    with pytest.raises(DataError, match="at least 3 models"):
        left_out_predictions(x[:2], y[:2, 0], transform="linear")
