"""Effective robustness on the ImageNet testbed, to the digits of shared/design/methods.md 8.3 to 8.5."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from bench.metrics.corruption_error import ALEXNET, mean_corruption_error
from bench.metrics.robustness import effective_robustness, fit_line

TESTBED = Path(__file__).resolve().parents[3] / "shared/data/imagenet-testbed"
pytestmark = pytest.mark.skipif(
    not (TESTBED / "robustness_top1s.csv").exists(), reason=f"the ImageNet testbed's tables are not at {TESTBED}"
)

SHIFTS = {
    "V2": ("val", "imagenetv2-matched-frequency"),
    "V2-format-val": ("val", "imagenetv2-matched-frequency-format-val"),
    "Sketch": ("val", "imagenet-sketch"),
    "R-full": ("val", "imagenet-r"),
    "R": ("val-on-imagenet-r-classes", "imagenet-r"),
    "ObjectNet-full": ("val", "objectnet-1.0-beta"),
    "ObjectNet": ("val-on-objectnet-classes", "objectnet-1.0-beta"),
}

LINES = {  # methods.md 8.3: n, then slope, intercept (linear: percent), r, of the linear and the logit fit
    "V2": (85, ("1.0989", "-19.3757", ".996"), ("0.9114", "-0.4813", ".9979")),
    "V2-format-val": (85, ("1.1120", "-20.4325", ".9957"), ("0.9232", "-0.4977", ".998")),
    "Sketch": (85, ("0.9311", "-45.3725", ".9036"), ("1.0709", "-2.3701", ".9322")),
    "R-full": (80, ("1.0512", "-42.4839", ".9164"), ("0.9116", "-1.5999", ".9366")),
    "R": (80, ("1.5494", "-104.5558", ".8912"), ("0.6368", "-2.1077", ".9431")),
    "ObjectNet-full": (85, ("1.2912", "-62.4588", ".9451"), ("1.1993", "-2.0243", ".9701")),
    "ObjectNet": (85, ("1.1476", "-54.5073", ".9536"), ("0.9809", "-1.9283", ".976")),
}

POINTS = {  # methods.md 8.4: (x, y) in percent for V2, Sketch, R, ObjectNet, then ER "linear / logit" of each
    "resnet18": "69.76 57.18 69.76 20.23 88.15 33.06 71.47 26.74: -0.1 / +0.2, +0.6 / +1.6, +1.0 / +2.7, -0.8 / +0.4",
    "resnet50": "76.13 63.33 76.13 24.09 92.12 36.17 78.86 35.75: -1.0 / -0.7, -1.4 / -0.4, -2.0 / -0.6, -0.2 / +1.2",
    "resnet101": "77.37 65.68 77.37 26.97 92.88 39.31 80.29 38.38: 0.0 / +0.2, +0.3 / +1.1, -0.0 / +0.9, +0.7 / +1.8",
    "augmix": "77.54 65.30 77.54 28.48 92.86 41.04 80.05 36.37: -0.5 / -0.4, +1.7 / +2.4, +1.7 / +2.7, -1.0 / +0.1",
    "deepaug": "76.66 65.24 76.66 29.50 92.48 42.17 79.12 35.61: +0.4 / +0.6, +3.5 / +4.5, +3.4 / +4.6, -0.7 / +0.7",
    "both": "75.82 63.53 75.82 32.62 91.96 46.77 78.32 35.16: -0.4 / -0.1, +7.4 / +8.5, +8.8 / +10.3, -0.2 / +1.3",
    "clip": "59.81 52.59 59.81 35.38 85.76 60.46 66.85 40.28: +6.2 / +5.6, +25.1 / +22.9, +32.1 / +32.9, +18.1 / +17.8",
}

# methods.md 6.4 and 8.5: x is full val for every shift. The sheet prints +16.8 where its own line gives 16.747.
ARMS = {
    "real": "74.3 61.9 74.3 21.7 74.3 35.3 74.3 32.3: -0.4 / -0.0, -2.1 / -0.9, -0.3 / +0.6, -1.2 / +0.2",
    "mixed": "73.0 61.0 73.0 34.3 73.0 50.3 73.0 33.3: +0.2 / +0.5, +11.7 / +13.0, +16.0 / +17.0, +1.5 / +3.0",
    "generated": "30.1 23.9 30.1 20.4 30.1 35.9 30.1 17.0: +10.2 / +1.6, +37.7 / +16.75, +46.7 / +27.3, +40.6 / +12.4",
}


def table(name):
    with (TESTBED / name).open(newline="") as file:
        return {row["model"]: row for row in csv.DictReader(file)}


@cache
def standard(shift):
    """x and y, as fractions, of the population of methods.md 8.2."""
    types = table("model_types.csv")
    pairs = [
        [float(row[column]) / 100 for column in SHIFTS[shift]]
        for name, row in table("robustness_top1s.csv").items()
        if types.get(name, {}).get("type") == "STANDARD"
        and not any(part in name for part in ("aws", "batch64", "subsample"))
        and all(row[column] for column in SHIFTS[shift])
    ]
    return np.array(pairs).T


def assert_to_the_digits(value, text, *, scale=1.0):
    digits = len(text.partition(".")[2])
    assert abs(value * scale - float(text)) <= 0.5 * 10**-digits + 1e-9, f"{value * scale} is not {text}"


@pytest.mark.parametrize("shift", LINES)
def test_baseline_lines(shift):
    n, linear, logit = LINES[shift]
    for transform, (slope, intercept, r), scale in (("linear", linear, 100), ("logit", logit, 1)):
        fit = fit_line(*standard(shift), transform=transform)
        assert fit.n == n
        assert_to_the_digits(fit.slope, slope)
        assert_to_the_digits(fit.intercept, intercept, scale=scale)
        assert_to_the_digits(fit.r, r)


def checked_row(text, shifts):
    """Compares every value of the row; returns, for each, whether it was extrapolated."""
    flags = []
    points, values = text.split(":")
    points = np.array(points.split(), dtype=float).reshape(4, 2) / 100
    for shift, (x, y), pair in zip(shifts, points, values.split(","), strict=True):
        for transform, expected in zip(("linear", "logit"), pair.split("/"), strict=True):
            found = effective_robustness(fit_line(*standard(shift), transform=transform), x, y)
            assert_to_the_digits(found.value, expected.strip(), scale=100)
            flags.append(found.extrapolated)
    return flags


@pytest.mark.parametrize("model", POINTS)
def test_effective_robustness_of_testbed_rows(model):
    flags = checked_row(POINTS[model], ("V2", "Sketch", "R", "ObjectNet"))
    assert flags == [False] * 8


@pytest.mark.parametrize("arm", ARMS)
def test_effective_robustness_of_the_published_arms(arm):
    flags = checked_row(ARMS[arm], ("V2", "Sketch", "R-full", "ObjectNet-full"))
    assert flags == [arm == "generated"] * 8  # val 30.1 lies below every standard model


def mean_errors(model):
    """Of the model's answers on ImageNet-C as released: corruption -> mean error over severities, a fraction."""
    row = table("robustness_top1s.csv")[model]
    at = "imagenet-c.{}.{}_on-disk"
    return {
        name: 1 - np.mean([float(row[at.format(name.replace("-", "_"), level)]) / 100 for level in range(1, 6)])
        for name in ALEXNET
    }


def test_the_published_errors_of_alexnet_are_an_alexnets():
    """torchvision's on the released files, by other means of reading them: within five points of each."""
    found = mean_errors("alexnet")
    assert all(abs(found[name] - error) < 0.05 for name, error in ALEXNET.items())
    assert spearmanr(list(found.values()), list(ALEXNET.values())).statistic > 0.97


@pytest.mark.parametrize(
    ("model", "published"),
    [("resnet50", 76.7), ("resnet50_deepaugment", 60.04), ("resnet50_augmix", 65.3)],
)
def test_the_mce_of_published_models(model, published):
    """Hendrycks & Dietterich (2019); methods.md 10.1 and 10.2. Percent, within two points."""
    errors = {name: [error] for name, error in mean_errors(model).items()}
    assert 100 * mean_corruption_error(errors, ALEXNET) == pytest.approx(published, abs=2)


def test_the_line_predicts_below_zero_outside_its_range():
    for shift, percent in (("Sketch", -17), ("R-full", -11), ("ObjectNet-full", -24)):
        assert round(fit_line(*standard(shift), transform="linear").predict(0.301) * 100) == percent
