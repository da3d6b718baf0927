"""Mean corruption error (Hendrycks & Dietterich, 2019, section 4): errors under corruption against a reference's."""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.core.errors import DataError

ALEXNET = {
    "gaussian-noise": 0.886428,
    "shot-noise": 0.894468,
    "impulse-noise": 0.922640,
    "defocus-blur": 0.819880,
    "glass-blur": 0.826268,
    "motion-blur": 0.785948,
    "zoom-blur": 0.798360,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic-transform": 0.646056,
    "pixelate": 0.717840,
    "jpeg-compression": 0.606500,
}
"""AlexNet's error on ImageNet-C, the mean over severities, as published (methods.md 10.2)."""


def mean_corruption_error(errors: Mapping[str, Sequence[float]], reference: Mapping[str, float]) -> float:
    """The mean over corruptions of (mean error over severities) / (the reference's); 1 is the reference's own.

    `errors`: corruption -> error at each severity, fractions; `reference`: corruption -> mean error. DataError where
    the two name other corruptions, an error is no fraction, or the reference makes no error to compare with.
    """
    if set(errors) != set(reference) or not errors:
        odd = sorted(set(errors) ^ set(reference))
        raise DataError(f"mCE: errors and reference name other corruptions; look at {', '.join(odd[:3]) or 'none'}")
    ratios = []
    for name, by_severity in errors.items():
        values = np.asarray(by_severity, dtype=np.float64)
        if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
            raise DataError(f"mCE: {name}: expected an error between 0 and 1 for each severity, got {by_severity}")
        if not 0 < reference[name] <= 1:
            raise DataError(
                f"mCE: {name}: the reference's error is {reference[name]:g}; expected above 0 and at most 1"
            )
        ratios.append(values.mean() / reference[name])
    return float(np.mean(ratios))
