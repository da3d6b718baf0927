"""`methods`: every method at every number of shots and trial, as cells that stay, and the board of them."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.core.data_board import Comparison, check_equal_terms
from bench.core.data_cell import DataCell
from bench.core.errors import UsageError
from bench.core.record import Record
from bench.core.track import Track
from bench.engines.local import default_workers, run
from bench.pipelines.data_board.cell import Group
from bench.pipelines.data_board.estimates import estimate, in_minutes
from bench.pipelines.data_board.plan import Asked, Task, chosen_methods, groups_of, tasks_of
from bench.pipelines.data_board.publish import publish_data_board, results_folder
from bench.pipelines.tracks import open_training_set
from bench.reports.data_comparison_words import missing_lines, verdicts
from bench.store.atomic import check_writable, clean_leftovers, lock_folder
from bench.store.data_cells import cells_folder, find_cell, read_cells, write_cell


@dataclass(frozen=True)
class Places:
    """Where cells are kept and the board is written."""

    data_root: Path
    board_dir: Path | None


class PlanRow(Record):
    """One method in the plan: cells in all and still to be made, and the minutes of one core that these may take."""

    method: str
    cells: int
    missing: int
    minutes: float


class MethodsPlan(Record):
    """What `methods` would do, and how long that may take on so many cores; `left_out`: why some take no part."""

    track: str
    rows: tuple[PlanRow, ...]
    left_out: dict[str, str]
    workers: int
    minutes: float

    def __str__(self) -> str:
        lines = [
            f"{self.track}: {sum(row.missing for row in self.rows)} of {sum(row.cells for row in self.rows)} cells"
        ]
        lines[0] += f" to make, about {in_minutes(self.minutes)} on {self.workers} core{'s' * (self.workers > 1)}"
        lines += [
            f"  {row.method:<26}{row.missing:>4} of {row.cells:<4}{in_minutes(row.minutes):>10}" for row in self.rows
        ]
        return "\n".join(lines + [f"  left out: {name}: {why}" for name, why in self.left_out.items()])


class MethodsReport(Record):
    """What `methods` did."""

    track: str
    made: int
    cells: int
    failed: dict[str, str]
    left_out: dict[str, str]
    page: str
    summary: str
    comparison: Comparison | None = None

    def __str__(self) -> str:
        lines = [f"{self.track}: {self.cells} cells, {self.made} made now"]
        lines += [self.summary, f"page: {self.page}"] if self.comparison is None else self._compared(self.comparison)
        lines += [f"  left out: {name}: {why}" for name, why in self.left_out.items()]
        return "\n".join(lines + [f"  failed: {name}: {why}" for name, why in self.failed.items()])

    def _compared(self, one: Comparison) -> list[str]:
        lines = [one.title, *verdicts(one), *missing_lines(one)]
        figure = Path(self.page).parent / "plots" / f"comparison-{one.name}.svg"
        lines += [f"figure: {figure} (.pdf, .csv)"] if one.differences else []
        return [*lines, f"page: {self.page}#comparison-{one.name}"]


def methods(
    track: Track, asked: Asked, places: Places, *, workers: int | None = None, quiet: bool = False
) -> MethodsReport:
    """Make the cells that are not there, several at once, and write the board of all.

    A cell is found in the data root or among the board's results. UsageError for options that do not go together, and
    for a method that was asked for and cannot be run here; one cell's failure leaves the others, the disk's stops all.
    """
    tasks, left_out = _plan(track, asked, places)
    # What cannot be printed is found out before what takes long.
    check_writable(results_folder(track, places.board_dir))
    clean_leftovers(cells_folder(places.data_root, track.name))
    groups = [Group(track, tuple(tasks), places.data_root) for tasks in groups_of(_missing(track, tasks, places))]
    failed: dict[str, str] = {}
    made, total = 0, sum(len(group.tasks) for group in groups)
    hidden = True if quiet or not groups else None
    with tqdm(total=total, desc="cells", unit="cell", disable=hidden) as bar:
        crew = run("bench.pipelines.data_board.cell:make_group", groups, workers=workers or default_workers("cpu"))
        with closing(crew) as done:
            for outcome in done:
                made, failed = made + outcome.made, failed | outcome.failed
                bar.update(outcome.made + len(outcome.failed))
    # Two runs that end together would print a board without the cells of the later one.
    with lock_folder(places.data_root / "data-board" / track.name, wait=True):
        for cell in _found(track, tasks, places).values():
            write_cell(results_folder(track, places.board_dir), cell)
        board = publish_data_board(track, board_dir=places.board_dir)
    return MethodsReport(
        track=track.name,
        made=made,
        cells=board.cells,
        failed=failed,
        left_out=left_out,
        page=board.page,
        summary=board.summary,
        comparison=next((one for one in board.comparisons if one.name == asked.comparison), None),
    )


def plan_methods(track: Track, asked: Asked, places: Places, *, workers: int | None = None) -> MethodsPlan:
    """What `methods` would do; nothing is made. Errors as `methods`."""
    tasks, left_out = _plan(track, asked, places)
    missing = {task.settings.id for task in _missing(track, tasks, places)}
    rows, learned = [], set[str]()
    for name in dict.fromkeys(task.settings.method for task in tasks):
        mine, minutes = [task for task in tasks if task.settings.method == name], 0.0
        for task in (task for task in mine if task.settings.id in missing):
            minutes += estimate(task, learns=task.group not in learned) / 60
            learned.add(task.group)
        left = sum(task.settings.id in missing for task in mine)
        rows.append(PlanRow(method=name, cells=len(mine), missing=left, minutes=round(minutes, 2)))
    cores = workers or default_workers("cpu")
    minutes = round(sum(row.minutes for row in rows) / cores, 2)
    return MethodsPlan(track=track.name, rows=tuple(rows), left_out=left_out, workers=cores, minutes=minutes)


def _plan(track: Track, asked: Asked, places: Places) -> tuple[list[Task], dict[str, str]]:
    rows, left_out = chosen_methods(track, asked)
    refused = {name: why for name, why in left_out.items() if name in (asked.methods or ())}
    # A comparison is made of what there is, and its figure says what is missing.
    if refused and asked.comparison is None:
        raise UsageError("; ".join(f"--methods {name}: {why}" for name, why in refused.items()))
    real = open_training_set(track, "real", data_root=places.data_root)
    fewest = int(np.bincount(real.labels, minlength=len(track.classes)).min())
    tasks = tasks_of(track, asked, rows, real_per_class=fewest)
    # Before anything is made: what has another budget than the board's cells could not stand beside them.
    there = [cell.settings for cell in read_cells(results_folder(track, places.board_dir))]
    check_equal_terms({one.id: one.protocol for one in [*there, *(task.settings for task in tasks)]})
    return tasks, left_out


def _found(track: Track, tasks: Sequence[Task], places: Places) -> dict[str, DataCell]:
    """The finished cells of `tasks`, from the data root or the board's results, by id."""
    folders = (cells_folder(places.data_root, track.name), results_folder(track, places.board_dir))
    found: dict[str, DataCell] = {}
    for task in tasks:
        cell = next((cell for folder in folders if (cell := find_cell(folder, task.settings))), None)
        found |= {task.settings.id: cell} if cell else {}
    return found


def _missing(track: Track, tasks: Sequence[Task], places: Places) -> list[Task]:
    found = _found(track, tasks, places)
    return [task for task in tasks if task.settings.id not in found]
