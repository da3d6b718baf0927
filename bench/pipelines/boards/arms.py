"""The training arms of a board: means over seeds, and paired differences between any two of them."""

from collections import defaultdict
from collections.abc import Callable
from itertools import combinations

import numpy as np

from bench.core.digests import digest_json
from bench.core.leaderboard import ArmGain, ArmRow, Mean
from bench.core.score import ScoreCard
from bench.core.track import Track
from bench.core.training_run import TrainingRun
from bench.metrics.arms import SeedSummary, mean_over_seeds, paired_difference
from bench.pipelines.training.augmentation import in_short
from bench.training.recipe import UNAUGMENTED

ORDER = ("real", "synthetic", "mixed")
FEW = 6  # arms up to which every pair is shown
SHARED = {"track", "arm", "match", "seed", "classes", "steps", "epochs"}
Key = tuple[str, str, str]  # arm, match, variant


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
                variant=key[2],
                images=sum(part.images for part in run.data),
                steps=run.steps or 0,
                sets={
                    name: mean_of(mean_over_seeds(_values(group, _top1(name)))) for name in _shared_sets(track, group)
                },
                shifted=mean_of(mean_over_seeds(_values(group, _headline(track)))),
            )
        )
    return tuple(rows)


def arm_gains(track: Track, cards: tuple[ScoreCard, ...]) -> tuple[ArmGain, ...]:
    """Paired differences, each arm less one before it (real first), over the seeds that both have.

    Of many arms, only those against the first one and between variants of one arm. Two arms without a common
    seed have no difference.
    """
    groups = _groups(cards)
    gains = []
    for base, other in combinations(groups, 2):
        wanted = len(groups) <= FEW or base == next(iter(groups)) or base[:2] == other[:2]
        common = set(_seeds(groups[base])) & set(_seeds(groups[other]))
        if not (wanted and common):
            continue
        pair = tuple([card for card in groups[key] if _seed(card) in common] for key in (other, base))
        sets = [name for name in _shared_sets(track, pair[0]) if name in _shared_sets(track, pair[1])]
        gains.append(
            ArmGain(
                label=_label(other),
                baseline=_label(base),
                sets={name: _difference(*pair, _top1(name)) for name in sets},
                shifted=_difference(*pair, _headline(track)),
            )
        )
    return tuple(gains)


def seeds_of(cards: tuple[ScoreCard, ...]) -> dict[str, int]:
    """For each card (by slug) with a training record: how many cards are the same run but for the seed."""
    same: dict[str, list[str]] = defaultdict(list)
    for card in cards:
        run = card.declaration.training
        if run is not None:
            same[digest_json(run.model_dump(mode="json", exclude={"seed"}))].append(card.slug)
    return {slug: len(slugs) for slugs in same.values() for slug in slugs}


def variants(cards: tuple[ScoreCard, ...]) -> dict[str, str]:
    """For each arm's card (by slug): what tells it from other arms of its name, as "arch resnet10t"; mostly "".

    Arms of one name may be trained on data of different methods, with other architectures or augmentations.
    """
    groups: dict[tuple[str, str], list[tuple[str, dict[str, str]]]] = defaultdict(list)
    for card in cards:
        run = card.declaration.training
        if card.role == "arm" and run is not None:
            groups[run.arm, run.match].append((card.slug, _facts(run)))
    words = {}
    for group in groups.values():
        differ = [key for key in group[0][1] if len({facts.get(key) for _, facts in group}) > 1]
        words |= {slug: ", ".join(f"{key} {facts[key]}" for key in differ) for slug, facts in group}
    return words


def _facts(run: TrainingRun) -> dict[str, str]:
    facts = {key: str(value) for key, value in run.model_dump(exclude=SHARED | {"data", "augment", "mix"}).items()}
    return facts | {
        "data": " + ".join(part.name for part in run.data),
        "schedule": facts["schedule"].removesuffix(UNAUGMENTED),
        "mixed in": "none" if run.mix is None else f"{run.mix:g}",
        "augmentation": in_short(run.augment) if run.augment else "none",
    }


def _groups(cards: tuple[ScoreCard, ...]) -> dict[Key, list[ScoreCard]]:
    """Arm cards by (arm, match, variant), in the order real, synthetic, mixed; seeds ascending."""
    groups: dict[Key, list[ScoreCard]] = defaultdict(list)
    variant = variants(cards)
    for card in cards:
        run = card.declaration.training
        if card.slug in variant and run is not None:
            groups[run.arm, run.match, variant[card.slug]].append(card)
    ordered = sorted(
        groups, key=lambda key: (ORDER.index(key[0]) if key[0] in ORDER else 9, key[0], key[1] != "steps", key[2])
    )
    return {key: sorted(groups[key], key=_seed) for key in ordered}


def _label(key: Key) -> str:
    arm, match, variant = key
    label = arm if arm != "mixed" else f"mixed, equal {match}"
    return f"{label} ({variant})" if variant else label


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


def _difference(group: list[ScoreCard], base: list[ScoreCard], of: Callable[[ScoreCard], float]) -> Mean:
    return mean_of(
        paired_difference(_values(group, of), _values(base, of), seeds_a=_seeds(group), seeds_b=_seeds(base))
    )


def mean_of(summary: SeedSummary) -> Mean:
    """As a record."""
    return Mean(mean=summary.mean, n=summary.n, deviation=summary.sd, interval=summary.interval)
