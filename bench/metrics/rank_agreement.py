"""Do two rankings agree? Kendall's tau-b of the same models under two measurements, with an interval over models."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from bench.core.errors import DataError
from bench.metrics.inputs import confidence_level, finite


@dataclass(frozen=True)
class RankAgreement:
    """`tau` in [-1, 1], None where one side is all ties; `interval` None below 5 models; `n` models."""

    tau: float | None
    interval: tuple[float, float] | None
    n: int


def kendall_tau(a: np.ndarray, b: np.ndarray, *, confidence: float = 0.95) -> RankAgreement:
    """Kendall's tau-b (Kendall 1945), with an interval that treats the models as a sample.

    `a`, `b` [models]: any numbers, the same models in the same order. The interval is Fieller, Hartley and
    Pearson's (1957): normal in atanh(tau) with variance 0.437 / (n - 4). At |tau| = 1, where that has no end,
    tau is taken half a swapped pair away from 1. DataError for fewer than 2 models, other shapes, NaN.
    """
    a, b = finite(a, what="first ranking"), finite(b, what="second ranking")
    if a.ndim != 1 or a.shape != b.shape or len(a) < 2:
        raise DataError(f"rankings: expected the same models twice, at least 2, got shapes {a.shape} and {b.shape}")
    upper = np.triu_indices(len(a), k=1)
    first, second = (np.sign(values[:, None] - values[None, :])[upper] for values in (a, b))
    pairs = np.sqrt((first != 0).sum() * (second != 0).sum())
    if pairs == 0:
        return RankAgreement(None, None, len(a))
    tau = float(np.clip((first * second).sum() / pairs, -1, 1))
    return RankAgreement(tau, _interval(tau, len(a), confidence_level(confidence)), len(a))


def _interval(tau: float, n: int, level: float) -> tuple[float, float] | None:
    if n < 5:
        return None
    inside = 1 - 2 / (n * (n - 1))  # one pair swapped moves tau by twice this distance from 1
    half = float(ndtri((1 + level) / 2)) * (0.437 / (n - 4)) ** 0.5
    centre = np.arctanh(np.clip(tau, -inside, inside))
    low, high = float(np.tanh(centre - half)), float(np.tanh(centre + half))
    return min(low, tau), max(high, tau)
