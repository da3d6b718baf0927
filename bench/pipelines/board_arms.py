"""The training arms of a board: means over seeds, and what each arm gains over training on real data."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from bench.core.leaderboard import ArmGain, ArmRow, Mean
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.metrics.arms import SeedSummary, mean_over_seeds, paired_difference

ORDER = ("real", "synthetic", "mixed")
Key = tuple[str, str]  # arm, match


def arm_rows(track: Track, cards: tuple[ScoreCard, ...]) -> tuple[ArmRow, ...]:
    """One row an arm: mean, deviation and t interval over its seeds, on each set and on the headline mean."""
    rows = []
    for key, group in _groups(cards).items():
        run = group[0].declaration.training
        assert run is not None
        rows.append(
            ArmRow(
                label=_label(key),
                arm=key[0],
                match=key[1],
                images=sum(part.images for part in run.data),
                steps=run.steps or 0,
                sets={name: _mean(mean_over_seeds(_values(group, _top1(name)))) for name in _shared_sets(track, group)},
                shifted=_mean(mean_over_seeds(_values(group, _headline(track)))),
            )
        )
    return tuple(rows)


def arm_gains(track: Track, cards: tuple[ScoreCard, ...]) -> tuple[ArmGain, ...]:
    """Every other arm less the real one, paired by seed; arms with other seeds than the real one are left out."""
    groups = _groups(cards)
    real = groups.get(("real", "steps"))
    if real is None:
        return ()
    gains = []
    for key, group in groups.items():
        if group is real or _seeds(group) != _seeds(real):
            continue
        sets = [name for name in _shared_sets(track, group) if name in _shared_sets(track, real)]
        gains.append(
            ArmGain(
                label=_label(key),
                baseline=_label(("real", "steps")),
                sets={name: _difference(group, real, _top1(name)) for name in sets},
                shifted=_difference(group, real, _headline(track)),
            )
        )
    return tuple(gains)


def _groups(cards: tuple[ScoreCard, ...]) -> dict[Key, list[ScoreCard]]:
    """Arm cards by (arm, match), in the order real, synthetic, mixed; seeds ascending."""
    groups: dict[Key, list[ScoreCard]] = defaultdict(list)
    for card in cards:
        run = card.declaration.training
        if card.role == "arm" and run is not None:
            groups[run.arm, run.match].append(card)
    ordered = sorted(groups, key=lambda key: (ORDER.index(key[0]) if key[0] in ORDER else 9, key[0], key[1] != "steps"))
    return {key: sorted(groups[key], key=_seed) for key in ordered}


def _label(key: Key) -> str:
    arm, match = key
    return arm if arm != "mixed" else f"mixed, equal {match}"


def _seed(card: ScoreCard) -> int:
    run = card.declaration.training
    return run.seed if run else 0


def _seeds(group: list[ScoreCard]) -> list[int]:
    return [_seed(card) for card in group]


def _shared_sets(track: Track, group: list[ScoreCard]) -> list[str]:
    return [name for name in track.sets if all(name in card.sets for card in group)]


def _top1(name: str) -> Callable[[ScoreCard], float]:
    return lambda card: card.sets[name].top1


def _headline(track: Track) -> Callable[[ScoreCard], float]:
    return lambda card: float(np.mean([card.sets[name].top1 for name in track.headline.sets]))


def _values(group: list[ScoreCard], of: Callable[[ScoreCard], float]) -> np.ndarray:
    return np.array([of(card) for card in group])


def _difference(group: list[ScoreCard], real: list[ScoreCard], of: Callable[[ScoreCard], float]) -> Mean:
    return _mean(paired_difference(_values(group, of), _values(real, of), seeds_a=_seeds(group), seeds_b=_seeds(real)))


def _mean(summary: SeedSummary) -> Mean:
    return Mean(mean=summary.mean, n=summary.n, deviation=summary.sd, interval=summary.interval)
