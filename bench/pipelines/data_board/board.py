"""From cells to a `DataBoard`: every number that it shows, computed here and nowhere else."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from bench import __version__
from bench.core.data_board import Advice, DataBoard, DataColumn, DataRow, ShotResult, check_equal_terms
from bench.core.data_cell import DataCell, Protocol
from bench.core.errors import DataError
from bench.core.leaderboard import Mean
from bench.core.track import Track
from bench.metrics.arms import SeedSummary, mean_over_seeds, paired_difference
from bench.pipelines.data_board.plan import Asked
from bench.pipelines.data_board.registry import BASELINE, METHOD_ROWS
from bench.pipelines.data_board.robustness import Lines
from bench.pipelines.data_board.words import notes_of, summary_of

ByTrial = dict[int, DataCell]
Shots = int | None
Cells = dict[str, dict[Shots, ByTrial]]
_OPTION = {"per_image": "per-image", "mix": "mix-probability"}


def data_board(track: Track, cells: Sequence[DataCell], lines: Lines | None) -> DataBoard:
    """The board of `cells`, the largest mean gain first; `lines`: what effective robustness is measured from, if any.

    DataError for no cells, and for cells of different budgets or evaluation sets.
    """
    if not cells:
        raise DataError(f"track {track.name}: no cell of the data leaderboard; run: imagenet-g methods --track ...")
    _check(track, cells)
    by_method: Cells = defaultdict(lambda: defaultdict(dict))
    for cell in cells:
        by_method[cell.settings.method][cell.settings.protocol.shots][cell.settings.trial] = cell
    found = {name: _row(track, name, by_method, lines) for name in by_method}
    order = sorted(found, key=lambda name: (-_sort_key(found[name]), name))
    first = order[0]
    rows = [found[name].model_copy(update={"ties_first": _ties(track, by_method, first, name)}) for name in order]
    advice = [_advice(track, by_method, shots) for shots in _shots(cells)]
    return DataBoard(
        track=track.name,
        title=f"{track.title}: training data",
        question="Which synthetic data, and which augmentation, helps a classifier most, on equal terms?",
        summary=summary_of(rows, advice),
        software=__version__,
        protocols=tuple(_protocol(cells, shots) for shots in _shots(cells)),
        columns=_columns(track, cells[0]),
        baseline=BASELINE,
        rows=tuple(rows),
        advice=tuple(advice),
        notes=notes_of(cells, lines),
    )


def _check(track: Track, cells: Sequence[DataCell]) -> None:
    check_equal_terms({cell.settings.id: cell.settings.protocol for cell in cells})
    first, places = cells[0], {}
    for cell in cells:
        if cell.sets != first.sets:
            raise DataError(
                f"{cell.settings.id}: judged on other sets than {first.settings.id}; make both anew on the same data"
            )
        place = (cell.settings.method, cell.settings.protocol.shots, cell.settings.trial)
        other = places.setdefault(place, cell)
        if other is not cell:
            raise DataError(
                f"{cell.settings.id} and {other.settings.id} are one method, of other settings; remove one of them"
            )
    missing = [name for name in (track.in_distribution, *track.headline.sets) if name not in first.sets]
    if missing:
        raise DataError(f"{first.settings.id}: no answers on {', '.join(missing)}; make the cells anew")


def _row(track: Track, name: str, cells: Cells, lines: Lines | None) -> DataRow:
    mine, base = cells[name], cells.get(BASELINE, {})
    results = [_result(track, by_trial, base.get(shots, {}), lines) for shots, by_trial in _in_order(mine)]
    known = METHOD_ROWS.get(name)
    strips = [cell.strip for _, by_trial in _in_order(mine) for cell in by_trial.values() if cell.strip]
    trials = max(trial for by_trial in mine.values() for trial in by_trial) + 1
    asked = ",".join("all" if shots is None else str(shots) for shots, _ in _in_order(mine))
    return DataRow(
        method=name,
        kind=known.kind if known else "unknown",
        about=known.about if known else "a method that this version does not know",
        results=tuple(results),
        gain=None if name == BASELINE else _gain_over_shots(mine, base, _shifted(track)),
        gain_inside=None if name == BASELINE else _gain_over_shots(mine, base, _inside(track)),
        ties_first=False,
        strip=strips[-1] if strips else None,
        command=_command(track, name, asked, trials, next(iter(next(iter(mine.values())).values())).settings.protocol),
    )


def _result(track: Track, by_trial: ByTrial, base: ByTrial, lines: Lines | None) -> ShotResult:
    cells = [by_trial[trial] for trial in sorted(by_trial)]
    made = [cell.made for cell in cells if cell.made]
    is_base = cells[0].settings.method == BASELINE
    robustness = [lines.above(cell.last) for cell in cells] if lines else []
    return ShotResult(
        shots=cells[0].settings.protocol.shots,
        trials=tuple(sorted(by_trial)),
        sets={name: _mean([cell.last[name] for cell in cells]) for name in cells[0].sets},
        shifted=_mean([_shifted(track)(cell) for cell in cells]),
        best=_mean([cell.best(track.in_distribution) for cell in cells]),
        gain=None if is_base else _paired(by_trial, base, _shifted(track)),
        gain_inside=None if is_base else _paired(by_trial, base, _inside(track)),
        robustness=_mean(robustness) if robustness else None,
        images=made[0].images if made else 0,
        frechet=_known([one.frechet for one in made]),
        consistency=_known([one.consistency for one in made]),
        seconds=_known([cell.cost.seconds for cell in cells]),
        evaluations=_known([cell.cost.evaluations for cell in cells]),
    )


def _shifted(track: Track) -> Callable[[DataCell], float]:
    return lambda cell: float(np.mean([cell.last[name] for name in track.headline.sets]))


def _inside(track: Track) -> Callable[[DataCell], float]:
    return lambda cell: cell.last[track.in_distribution]


def _paired(mine: ByTrial, base: ByTrial, value: Callable[[DataCell], float]) -> Mean | None:
    """Mean difference over the trials that both have, with the paired t interval."""
    common = sorted(mine.keys() & base.keys())
    if not common:
        return None
    a, b = (np.array([value(cells[trial]) for trial in common]) for cells in (mine, base))
    return _said(paired_difference(a, b, seeds_a=common, seeds_b=common))


def _gain_over_shots(
    mine: dict[Shots, ByTrial], base: dict[Shots, ByTrial], value: Callable[[DataCell], float]
) -> Mean | None:
    """The difference averaged over the shots that both have, in each trial that both have at all of them."""
    shots = [one for one in mine if one in base]
    if not shots:
        return None
    common = sorted(set.intersection(*(mine[one].keys() & base[one].keys() for one in shots)))
    if not common:
        return None
    a, b = (
        np.array([np.mean([value(cells[one][trial]) for one in shots]) for trial in common]) for cells in (mine, base)
    )
    return _said(paired_difference(a, b, seeds_a=common, seeds_b=common))


def _ties(track: Track, cells: Cells, first: str, name: str) -> bool:
    """Can the first not be told from this one? Not from itself, nor where one trial leaves all open."""
    gain = _gain_over_shots(cells[first], cells[name], _shifted(track))
    return name == first or gain is None or gain.interval is None or gain.interval[0] <= 0


def _advice(track: Track, cells: Cells, shots: Shots) -> Advice:
    """The best at a number of shots under shift, those that cannot be told from it, and the cheapest of them."""
    here = {name: by_shots[shots] for name, by_shots in cells.items() if shots in by_shots}
    value = _shifted(track)
    score = {name: float(np.mean([value(cell) for cell in by_trial.values()])) for name, by_trial in here.items()}
    best = max(sorted(score), key=lambda name: score[name])
    differences = {name: _paired(here[best], here[name], value) for name in here if name != best}
    ties = [name for name, one in differences.items() if one is None or one.interval is None or one.interval[0] <= 0]
    cost = {name: np.mean([cell.cost.seconds or np.inf for cell in here[name].values()]) for name in (best, *ties)}
    return Advice(
        shots=shots,
        best=best,
        ties=tuple(sorted(ties, key=lambda name: -score[name])),
        cheapest=min(cost, key=lambda name: (cost[name], name)),
        told_apart=all(one is not None and one.interval is not None for one in differences.values()),
    )


def _sort_key(row: DataRow) -> float:
    return row.gain.mean if row.gain else 0.0


def _shots(cells: Sequence[DataCell]) -> list[Shots]:
    return sorted({cell.settings.protocol.shots for cell in cells}, key=lambda one: (one is None, one or 0))


def _in_order(by_shots: dict[Shots, ByTrial]) -> list[tuple[Shots, ByTrial]]:
    return sorted(by_shots.items(), key=lambda pair: (pair[0] is None, pair[0] or 0))


def _protocol(cells: Sequence[DataCell], shots: Shots) -> Protocol:
    """That of the shots, with how images are mixed in where any row mixes them."""
    found = [cell.settings.protocol for cell in cells if cell.settings.protocol.shots == shots]
    return next((one for one in found if one.mix is not None), found[0])


def _columns(track: Track, cell: DataCell) -> tuple[DataColumn, ...]:
    return tuple(
        DataColumn(
            name=name,
            title=track.sets[name].title,
            about=track.sets[name].about,
            n=n,
            digest=digest,
            in_distribution=name == track.in_distribution,
        )
        for name in (track.in_distribution, *track.headline.sets)
        for digest, n in [cell.sets[name]]
    )


def _command(track: Track, name: str, shots: str, trials: int, protocol: Protocol) -> str:
    said = f"python run_bench.py methods --track {track.name} --shots {shots} --trials {trials} --methods {name}"
    usual, options = Asked(shots=(1,), trials=1), ("steps", "batch", "epochs", "per_image", "mix")
    changed = [one for one in options if getattr(protocol, one) not in (None, getattr(usual, one))]
    # All real images have the track's own budget.
    changed = [one for one in changed if protocol.shots is not None or one == "epochs"]
    return " ".join([said, *(f"--{_OPTION.get(one, one)} {getattr(protocol, one):g}" for one in changed)])


def _known(values: Sequence[float | None]) -> Mean | None:
    """The mean of numbers, or None where one is not known."""
    return None if not values or any(one is None for one in values) else _mean([float(one or 0) for one in values])


def _mean(values: Sequence[float]) -> Mean:
    return _said(mean_over_seeds(np.array(values, dtype=float)))


def _said(one: SeedSummary) -> Mean:
    return Mean(mean=one.mean, n=one.n, deviation=one.sd, interval=one.interval)
