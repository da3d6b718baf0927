"""Which method to use: the best at each number of shots and budget, and those that can't be told from it."""

from collections.abc import Mapping
from typing import get_args

import numpy as np

from bench.augment import LEARNED
from bench.core.data_board import Advice, Budget
from bench.core.data_cell import DataCell
from bench.core.track import Track
from bench.pipelines.data_board.gains import ByShots, ByTrial, Shots, inside, paired, shifted, surely_positive
from bench.pipelines.data_board.row import BASELINE

BUDGETS: tuple[Budget, ...] = get_args(Budget)


def needs_of_cell(cell: DataCell) -> Budget:
    """The least budget that has the method of a cell."""
    recipe, augment = cell.settings.recipe, cell.settings.augment
    lessons = bool(cell.cost.learning or (recipe or {}).get("adaptations"))
    if lessons or (augment and augment["name"] in LEARNED):
        return "lessons too"
    return "no generator" if recipe is None else "a generator as it is"


def advise(track: Track, cells: Mapping[str, ByShots], shots: Shots) -> list[Advice]:
    """One advice a budget, the smallest first; a budget that adds no method has none."""
    here = {name: by_shots[shots] for name, by_shots in cells.items() if shots in by_shots}
    needs = {name: BUDGETS.index(needs_of_cell(next(iter(mine.values())))) for name, mine in here.items()}
    found: list[Advice] = []
    for level in sorted(set(needs.values())):
        affordable = {name: mine for name, mine in here.items() if needs[name] <= level}
        found.append(_advice(track, affordable, here.get(BASELINE, {}), (shots, BUDGETS[level], found)))
    return found


def _advice(
    track: Track, here: Mapping[str, ByTrial], base: ByTrial, place: tuple[Shots, Budget, list[Advice]]
) -> Advice:
    shots, budget, before = place
    value = shifted(track)
    score = {name: float(np.mean([value(cell) for cell in mine.values()])) for name, mine in here.items()}
    # One of fewer trials may lead by luck: it can tie, but not be the best.
    most = max(map(len, here.values()))
    best = max(sorted(name for name in here if len(here[name]) == most), key=lambda name: score[name])
    others = [name for name in here if name != best]
    ties = [name for name in others if not surely_positive(paired(here[best], here[name], value))]
    corrected = 1 - 0.05 / max(len(others), 1)
    sure = [name for name in others if surely_positive(paired(here[best], here[name], value, confidence=corrected))]
    # Where the trials tell little apart, what is below the baseline is no bargain for being cheap.
    floor = score.get(BASELINE, -1.0)
    seconds = {name: _seconds(here[name]) for name in (best, *ties) if name == best or score[name] >= floor}
    cheapest = min(seconds, key=lambda name: (seconds[name] is None, seconds[name] or 0.0, name))
    is_base, last = best == BASELINE, before[-1].best if before else best
    return Advice(
        shots=shots,
        budget=budget,
        methods=len(here),
        best=best,
        gain=None if is_base else paired(here[best], base, value),
        gain_inside=None if is_base else paired(here[best], base, inside(track)),
        seconds=seconds[best],
        ties=tuple(sorted(ties, key=lambda name: -score[name])),
        cheapest=cheapest,
        cheapest_seconds=seconds[cheapest],
        told_apart=any(_has_interval(here[best], here[name]) for name in others),
        surely_below=len(sure),
        more=None if last == best else paired(here[best], here[last], value),
    )


def _has_interval(first: ByTrial, second: ByTrial) -> bool:
    return len(first.keys() & second.keys()) > 1


def _seconds(mine: ByTrial) -> float | None:
    known = [cell.cost.seconds for cell in mine.values()]
    return None if None in known else float(np.mean([one for one in known if one is not None]))
