"""From cells to a `DataBoard`: every number that it shows, computed here and nowhere else."""

from collections import defaultdict
from collections.abc import Sequence

from bench import __version__
from bench.core.data_board import DataBoard, DataColumn, DataRow, ShotResult, check_equal_terms
from bench.core.data_cell import DataCell, Protocol
from bench.core.errors import DataError
from bench.core.track import Track
from bench.pipelines.data_board.advice import advise, needs_of_cell
from bench.pipelines.data_board.compared import compare_all
from bench.pipelines.data_board.gains import (
    ByTrial,
    Shots,
    compared_shots,
    gain_over_shots,
    in_order,
    inside,
    known_mean,
    mean_of,
    paired,
    shifted,
    surely_positive,
)
from bench.pipelines.data_board.plan import ALL, Asked
from bench.pipelines.data_board.registry import METHOD_ROWS
from bench.pipelines.data_board.robustness import Lines
from bench.pipelines.data_board.row import BASELINE
from bench.pipelines.data_board.words import notes_of, summary_of

Cells = dict[str, dict[Shots, dict[int, DataCell]]]
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
    over, shots = compared_shots(by_method), _shots(cells)
    found = {name: _row(track, name, by_method, over, lines) for name in by_method}
    order = sorted(found, key=lambda name: (*_sort_key(found[name]), name))
    first = _first([found[name] for name in order])
    ties = {name: _ties(track, by_method, (first, name), over) for name in order}
    rows = tuple(found[name].model_copy(update={"ties_first": ties[name]}) for name in order)
    return DataBoard(
        track=track.name,
        title=f"{track.title}: training data",
        question="Which synthetic data, and which augmentation, helps a classifier most, on equal terms?",
        summary=summary_of(rows, first),
        software=__version__,
        protocols=tuple(_protocol(cells, one) for one in shots),
        columns=_columns(track, cells[0]),
        baseline=BASELINE,
        compared_shots=over,
        rows=rows,
        advice=tuple(advice for one in shots for advice in advise(track, by_method, one)),
        comparisons=compare_all(track, by_method, lambda name, asked: _comparison_command(track, cells, name, asked)),
        notes=notes_of(cells, rows, lines, over),
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


def _row(track: Track, name: str, cells: Cells, over: Sequence[Shots], lines: Lines | None) -> DataRow:
    mine, base = cells[name], cells.get(BASELINE, {})
    ordered = sorted(mine, key=in_order)
    known = METHOD_ROWS.get(name)
    strips = [cell.strip for shots in ordered for cell in mine[shots].values() if cell.strip]
    some = next(iter(mine[ordered[0]].values()))
    trials = max(trial for by_trial in mine.values() for trial in by_trial) + 1
    gains = [
        None if name == BASELINE else gain_over_shots(mine, base, value, over)
        for value in (shifted(track), inside(track))
    ]
    return DataRow(
        method=name,
        kind=known.kind if known else "unknown",
        about=known.about if known else "a method that this version does not know",
        needs=needs_of_cell(some),
        results=tuple(_result(track, mine[shots], base.get(shots, {}), lines) for shots in ordered),
        gain=gains[0],
        gain_inside=gains[1],
        ties_first=False,
        strip=strips[-1] if strips else None,
        command=_command(
            track, f"--shots {_listed(ordered)} --trials {trials} --methods {name}", some.settings.protocol
        ),
    )


def _result(track: Track, by_trial: ByTrial, base: ByTrial, lines: Lines | None) -> ShotResult:
    cells = [by_trial[trial] for trial in sorted(by_trial)]
    made = [cell.made for cell in cells if cell.made]
    is_base = cells[0].settings.method == BASELINE
    return ShotResult(
        shots=cells[0].settings.protocol.shots,
        trials=tuple(sorted(by_trial)),
        sets={name: mean_of([cell.last[name] for cell in cells]) for name in cells[0].sets},
        shifted=mean_of([shifted(track)(cell) for cell in cells]),
        best=mean_of([cell.best(track.in_distribution) for cell in cells]),
        gain=None if is_base else paired(by_trial, base, shifted(track)),
        gain_inside=None if is_base else paired(by_trial, base, inside(track)),
        robustness=mean_of([lines.above(cell.last) for cell in cells]) if lines else None,
        images=made[0].images if made else 0,
        frechet=known_mean([one.frechet for one in made]),
        consistency=known_mean([one.consistency for one in made]),
        seconds=known_mean([cell.cost.seconds for cell in cells]),
        evaluations=known_mean([cell.cost.evaluations for cell in cells]),
    )


def _first(ordered: Sequence[DataRow]) -> str:
    """The first of those that have as many trials as any: one of fewer may lead by luck."""
    most = max((row.gain.n for row in ordered if row.gain), default=0)
    whole = {row.method for row in ordered if row.gain and row.gain.n == most} | {BASELINE}
    return next((row.method for row in ordered if row.method in whole), ordered[0].method)


def _ties(track: Track, cells: Cells, pair: tuple[str, str], over: Sequence[Shots]) -> bool:
    """Can the first not be told from this one? Not from itself, nor where one trial leaves all open.

    One that was run at none of these shots is not compared.
    """
    first, name = pair
    ahead = gain_over_shots(cells[first], cells[name], shifted(track), over)
    return name == first or (bool(set(over) & cells[name].keys()) and not surely_positive(ahead))


def _sort_key(row: DataRow) -> tuple[bool, float]:
    """The largest gain first; what was not run at the shots of the others last."""
    absent = row.gain is None and row.method != BASELINE
    return absent, -row.gain.mean if row.gain else 0.0


def _shots(cells: Sequence[DataCell]) -> list[Shots]:
    return sorted({cell.settings.protocol.shots for cell in cells}, key=in_order)


def _listed(shots: Sequence[Shots]) -> str:
    return ",".join(ALL if one is None else str(one) for one in shots)


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


def _comparison_command(track: Track, cells: Sequence[DataCell], name: str, asked: Sequence[Shots]) -> str:
    """As the cells at its shots were made; where there are none, as those of few shots."""
    there = _shots(cells)
    shots = next((one for one in [*asked, *there] if one is not None and one in there), there[0])
    trials = max(cell.settings.trial for cell in cells) + 1
    return _command(track, f"--comparison {name} --trials {trials}", _protocol(cells, shots))


def _command(track: Track, asked: str, protocol: Protocol) -> str:
    said = f"python run_bench.py methods --track {track.name} {asked}"
    usual, options = Asked(shots=(1,), trials=1), ("steps", "batch", "epochs", "per_image", "mix")
    changed = [one for one in options if getattr(protocol, one) not in (None, getattr(usual, one))]
    # All real images have the track's own budget.
    changed = [one for one in changed if protocol.shots is not None or one == "epochs"]
    return " ".join([said, *(f"--{_OPTION.get(one, one)} {getattr(protocol, one):g}" for one in changed)])
