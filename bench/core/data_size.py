"""The noun `DataSizes`: accuracy against how much real and how much generated data went in, at equal steps."""

from typing import Literal

from bench.core.leaderboard import Mean
from bench.core.record import Record
from bench.core.text import Line


class SizeRun(Record):
    """One training run of a cell: fractions by set, and how far they are above the robustness line, if there is one."""

    seed: int
    run: Line
    accuracy: dict[Line, float]
    robustness: dict[Line, float]


class SizeCell(Record):
    """`share` of the real images, and `ratio` generated images for each of those; means over the seeds of `runs`.

    `generated` counts repetitions, `distinct` does not. `shifted`: the mean of the headline sets; `robustness`: the
    mean of their effective robustness.
    """

    share: float
    ratio: float
    real: int
    generated: int
    distinct: int
    in_distribution: Mean
    shifted: Mean
    robustness: Mean | None
    sets: dict[Line, Mean]
    runs: tuple[SizeRun, ...]


class DataSizes(Record):
    """The whole study; `cells` by share, then by ratio. `line` says what effective robustness is measured from."""

    format: Literal[1] = 1
    track: Line
    arch: Line
    steps: int
    batch: int
    seeds: tuple[int, ...]
    real_set: Line
    generated_set: Line
    generated_images: int
    in_distribution: Line
    headline: tuple[Line, ...]
    titles: dict[Line, Line]
    line: Line
    cells: tuple[SizeCell, ...]
    command: Line

    @property
    def shares(self) -> tuple[float, ...]:
        """Of real images, ascending."""
        return tuple(sorted({cell.share for cell in self.cells}))

    @property
    def ratios(self) -> tuple[float, ...]:
        """Of generated to real images, ascending."""
        return tuple(sorted({cell.ratio for cell in self.cells}))

    def cell(self, share: float, ratio: float) -> SizeCell:
        """The cell of a share and a ratio."""
        return next(cell for cell in self.cells if (cell.share, cell.ratio) == (share, ratio))
