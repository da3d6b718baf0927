"""What one method adds to another: differences paired by trial, from the cells of both."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bench.core.data_cell import DataCell
from bench.core.leaderboard import Mean
from bench.core.track import Track
from bench.metrics.arms import SeedSummary, mean_over_seeds, paired_difference

ByTrial = Mapping[int, DataCell]
Shots = int | None
ByShots = Mapping[Shots, ByTrial]
Value = Callable[[DataCell], float]


def shifted(track: Track) -> Value:
    """Mean accuracy on the sets of the headline."""
    return lambda cell: float(np.mean([cell.last[name] for name in track.headline.sets]))


def inside(track: Track) -> Value:
    """Accuracy in distribution."""
    return lambda cell: cell.last[track.in_distribution]


def paired(first: ByTrial, second: ByTrial, value: Value, *, confidence: float = 0.95) -> Mean | None:
    """Mean of first - second over the trials that both have, with the paired t interval; None where there are none."""
    return gain_over_shots({None: first}, {None: second}, value, (None,), confidence=confidence)


def gain_over_shots(
    first: ByShots, second: ByShots, value: Value, shots: Sequence[Shots], *, confidence: float = 0.95
) -> Mean | None:
    """The difference averaged over those of `shots` that both have, in each trial that both have at all of them."""
    both = [one for one in shots if one in first and one in second]
    common = sorted(set.intersection(*(first[one].keys() & second[one].keys() for one in both))) if both else []
    if not common:
        return None
    a, b = (
        np.array([np.mean([value(cells[one][trial]) for one in both]) for trial in common]) for cells in (first, second)
    )
    return _said(paired_difference(a, b, seeds_a=common, seeds_b=common, confidence=confidence))


def compared_shots(cells: Mapping[str, ByShots]) -> tuple[Shots, ...]:
    """The numbers of shots that most methods were run at: what few have would set those apart, not compare them."""
    count = Counter(shots for by_shots in cells.values() for shots in by_shots)
    most = max(count.values())
    return tuple(sorted((one for one in count if 2 * count[one] > most), key=in_order))


def in_order(shots: Shots) -> tuple[bool, int]:
    """The key that sorts numbers of shots, all real images last."""
    return shots is None, shots or 0


def mean_of(values: Sequence[float]) -> Mean:
    """Over trials, with the t interval."""
    return _said(mean_over_seeds(np.array(values, dtype=float)))


def known_mean(values: Sequence[float | None]) -> Mean | None:
    """The mean of numbers, or None where one is not known."""
    known = [one for one in values if one is not None]
    return mean_of(known) if known and len(known) == len(values) else None


def surely_positive(one: Mean | None) -> bool:
    """Is the whole interval above zero? Never without one."""
    return one is not None and one.interval is not None and one.interval[0] > 0


def _said(one: SeedSummary) -> Mean:
    return Mean(mean=one.mean, n=one.n, deviation=one.sd, interval=one.interval)
