"""The benchmark entry `bootstrap-vs-linregress`: all lines of a bootstrap at once, against SciPy in a loop."""

import numpy as np
from scipy.stats import linregress

from bench.metrics.robustness_bootstrap import bootstrap_lines
from bench.pipelines.benchmarks.comparison import Comparison, comparison, seconds

MODELS, SHIFTS, RESAMPLES, LOOPED = 1556, 5, 10_000, 40


def bootstrap_vs_linregress() -> Comparison:
    """Fits a second of 10,000 resamples of 1,556 models on 5 shifts (the size of timm's tables).

    The peer draws its resamples too and calls `scipy.stats.linregress` for each shift, 40 times, in the middle of
    three of ours, so that both meet the same load.
    """
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 0.9, MODELS)
    y = 0.8 * x[:, None] - 0.1 + rng.normal(0, 0.02, (MODELS, SHIFTS))
    fits = RESAMPLES * SHIFTS
    ours = [seconds(lambda: bootstrap_lines(x, y, transform="linear", resamples=RESAMPLES, seed=0))]
    peer = seconds(lambda: _loop(x, y, rng))
    ours += [seconds(lambda: bootstrap_lines(x, y, transform="linear", resamples=RESAMPLES, seed=0)) for _ in "ab"]
    return comparison(
        "bootstrap-vs-linregress", ours=fits / float(np.median(ours)), peer=LOOPED * SHIFTS / peer, unit="fits/s"
    )


def _loop(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    for _ in range(LOOPED):
        drawn = rng.integers(len(x), size=len(x))
        for shift in range(y.shape[1]):
            linregress(x[drawn], y[drawn, shift])
