"""Effective robustness: SciPy as reference, hand-worked lines, refusals, and the order of models."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit, ndtri

from bench.core.errors import DataError
from bench.metrics.robustness import RobustnessFit, effective_robustness, fit_line

FORWARD = {"linear": lambda a: a, "logit": logit, "probit": ndtri}


def models(n=30, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.4, 0.95, n)
    return x, np.clip(0.9 * x - 0.1 + rng.normal(0, 0.03, n), 0.02, 0.98)


@pytest.mark.parametrize("transform", FORWARD)
def test_fit_agrees_with_linregress(transform):
    x, y = models()
    fit = fit_line(x, y, transform=transform)
    theirs = stats.linregress(FORWARD[transform](x), FORWARD[transform](y))
    assert (fit.slope, fit.intercept, fit.r) == pytest.approx(
        (theirs.slope, theirs.intercept, theirs.rvalue), rel=1e-12
    )
    assert (fit.n, fit.x_range, fit.clip) == (30, (x.min(), x.max()), (None, None))


def test_line_by_hand():
    # y = x/2 through (.4, .2), (.6, .3), (.8, .4); a model at (.7, .5) lies .15 above it
    fit = fit_line([0.4, 0.6, 0.8], [0.2, 0.3, 0.4], transform="linear")
    assert (fit.slope, fit.intercept, fit.r) == pytest.approx((0.5, 0, 1))
    inside = effective_robustness(fit, 0.7, 0.5)
    assert (inside.value, inside.predicted) == pytest.approx((0.15, 0.35))
    assert inside.extrapolated is False
    assert type(inside.value) is float


@pytest.mark.parametrize("transform", FORWARD)
def test_points_of_a_perfect_line_have_no_effective_robustness(transform):
    x = np.array([0.3, 0.5, 0.6, 0.9])
    y = RobustnessFit(transform, 0.8, -0.1, 1.0, 4, (0.3, 0.9), (None, None)).predict(x)
    fit = fit_line(x, y, transform=transform)
    assert (fit.slope, fit.intercept) == pytest.approx((0.8, -0.1))
    assert effective_robustness(fit, x, y).value == pytest.approx(np.zeros(4), abs=1e-12)


def test_logit_of_a_half_is_zero():
    fit = RobustnessFit("logit", 3.0, 0.0, 1.0, 3, (0.1, 0.9), (None, None))
    assert fit.predict(0.5) == 0.5


def test_extrapolation_is_flagged_on_both_sides_and_not_at_the_ends():
    fit = fit_line([0.4, 0.6, 0.8], [0.2, 0.35, 0.4], transform="linear")
    x = np.array([0.39, 0.4, 0.6, 0.8, 0.81])
    assert effective_robustness(fit, x, x).extrapolated.tolist() == [True, False, False, False, True]


def test_zero_and_one_are_clipped_by_the_number_of_images():
    x, y = np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.25, 0.9])
    fit = fit_line(x, y, transform="logit", n_x=50, n_y=200)
    assert fit.clip == (0.01, 0.0025)
    theirs = stats.linregress(logit([0.01, 0.5, 0.99]), logit([0.0025, 0.25, 0.9]))
    assert (fit.slope, fit.intercept) == pytest.approx((theirs.slope, theirs.intercept))
    assert fit.predict(0.0) == fit.predict(0.01)
    assert fit.predict(0.02) > fit.predict(0.01)
    assert fit_line(x, y, transform="linear", n_x=50, n_y=200).clip == (None, None)


def test_constant_shift_accuracy_has_no_correlation():
    fit = fit_line([0.4, 0.5, 0.6], [0.25, 0.25, 0.25], transform="linear")
    assert (fit.slope, fit.intercept, fit.r) == (0, 0.25, None)


def test_order_of_models_does_not_matter():
    x, y = models()
    order = np.random.default_rng(3).permutation(len(x))
    assert fit_line(x, y, transform="logit") == fit_line(x[order], y[order], transform="logit")


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([0.5, 0.6], [0.4, 0.5], "at least 3 models, got 2"),
        ([0.5, 0.6, np.nan], [0.4, 0.5, 0.6], r"got nan at index \[2\]"),
        ([0.5, 0.6, 0.7], [0.4, np.inf, 0.6], "population y: expected finite"),
        ([50.0, 60.0, 70.0], [0.4, 0.5, 0.6], "population x: .* looks like percent"),
        ([0.5, 0.6, 0.7], [0.4, 1.01, 0.6], "population y: .* looks like percent"),
        ([0.5, 0.6, 0.7], [0.4, -0.1, 0.6], "got -0.1"),
        ([0.5, 0.5, 0.5], [0.4, 0.5, 0.6], "got 0.5 for all"),
        ([0.5, 0.6, 1.0], [0.4, 0.5, 0.6], "exactly 0 or 1"),
        ([0.5, 0.6, 0.7], [0.0, 0.5, 0.6], "exactly 0 or 1"),
        ([0.5, 0.6, 0.7], [0.4, 0.5], "shapes"),
        ([[0.5], [0.6], [0.7]], [0.4, 0.5, 0.6], r"shape \[models\]"),
        (["a", "b", "c"], [0.4, 0.5, 0.6], "expected real numbers"),
    ],
)
def test_populations_that_have_no_line_are_refused(x, y, words):
    with pytest.raises(DataError, match=words) as error:
        fit_line(x, y, transform="logit")
    assert "\n" not in str(error.value)


def test_other_refusals():
    x, y = models()
    with pytest.raises(DataError, match="linear, logit, probit, got 'log'"):
        fit_line(x, y, transform="log")
    with pytest.raises(DataError, match="n_y: expected a whole number of images"):
        fit_line(x, y, transform="logit", n_x=100, n_y=0)
    fit = fit_line(x, y, transform="logit")
    with pytest.raises(DataError, match="exactly 0 or 1"):
        fit.predict(0.0)
    with pytest.raises(DataError, match="looks like percent"):
        effective_robustness(fit, 0.7, 70.0)
    with pytest.raises(DataError, match="one shape"):
        effective_robustness(fit, [0.7, 0.8], 0.5)
