"""The figures of a board of detectors: precision against recall, and F1 against confidence, a figure for each set."""

import base64

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.core.detection_board import DetectionBoard, DetectionColumn, DetectionRow
from bench.reports.canvas import NORMAL, SMALL, WIDTH, grid, house_style, new_figure, tick_labels
from bench.reports.plain_text import one_line, shorten
from bench.reports.plots import KINDS, save
from bench.reports.series import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY, VERMILLION

LOOKS = tuple(
    zip((BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY), ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))), strict=True)
)
SHOWN = len(LOOKS)
LEFT, UNDER, LINE = 46, 46, 14  # points: beside the axes, under them, and for each line of the legend
TICKS = [0, 0.25, 0.5, 0.75, 1]


def figures(board: DetectionBoard) -> dict[str, Figure]:
    """Two figures for each set, by file stem."""
    found = {}
    for column in board.columns:
        found[f"precision-recall-{column.name}"] = precision_recall(board, column)
        found[f"f1-{column.name}"] = f1_confidence(board, column)
    return found


def render_all(board: DetectionBoard) -> dict[str, bytes]:
    """Every figure as SVG and PDF, and the pictures, by path."""
    plots = {f"plots/{stem}.{kind}": save(figure, kind) for stem, figure in figures(board).items() for kind in KINDS}
    return plots | {f"pictures/{one.set}.png": base64.b64decode(one.png) for one in board.pictures}


@house_style
def precision_recall(board: DetectionBoard, column: DetectionColumn) -> Figure:
    """Interpolated precision at 101 recalls, at an overlap of 0.5, mean over classes: the first models of the board."""
    shown = _shown(board, column)
    figure, axes = _canvas(f"precision-recall-{column.name}", len(shown))
    for look, row in shown:
        curve = row.cells[column.name].precision
        _line(
            axes, np.linspace(0, 1, len(curve)), curve, look, f"{_name(row)}  {100 * row.cells[column.name].ap50:.1f}"
        )
    _frame(axes, column, "recall, %", "precision, %")
    return figure


@house_style
def f1_confidence(board: DetectionBoard, column: DetectionColumn) -> Figure:
    """F1 against confidence, mean over classes, with a mark where it is best: the first models of the board."""
    shown = _shown(board, column)
    figure, axes = _canvas(f"f1-{column.name}", len(shown))
    for look, row in shown:
        score = row.cells[column.name]
        said = f"{_name(row)}  {100 * score.f1:.1f} at {score.confidence:.2f}"
        _line(axes, np.linspace(0, 1, len(score.f1_curve)), score.f1_curve, look, said)
        axes.plot([score.confidence], [score.f1], marker="o", markersize=4, color=look[0], linewidth=0)
    _frame(axes, column, "confidence, %", "F1, %")
    return figure


def _canvas(label: str, lines: int) -> tuple[Figure, Axes]:
    """A figure with room under its axes for a legend of so many lines: no curve runs through a name."""
    room = LINE * lines
    return new_figure(label, height=300 + room, left=LEFT, right=12, bottom=UNDER + room, top=22)


def _shown(board: DetectionBoard, column: DetectionColumn) -> list[tuple[tuple, DetectionRow]]:
    rows = [row for row in board.rows if column.name in row.cells][:SHOWN]
    return list(zip(LOOKS, rows, strict=False))


def _line(axes: Axes, x: np.ndarray, y: tuple[float, ...], look: tuple, label: str) -> None:
    axes.plot(x, y, color=look[0], linestyle=look[1], linewidth=1.6, label=label)


def _name(row: DetectionRow) -> str:
    return shorten(one_line(row.title), 44)


def _frame(axes: Axes, column: DetectionColumn, x: str, y: str) -> None:
    grid(axes, axis="both")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        tick_labels(axis, TICKS, [f"{100 * tick:g}" for tick in TICKS])
    axes.set_xlabel(x, fontsize=NORMAL, color=INK, labelpad=5)
    axes.set_ylabel(y, fontsize=NORMAL, color=INK, labelpad=3)
    said = f"{shorten(one_line(column.title), 40)}: {column.n:,} images, {column.boxes:,} boxes"
    axes.set_title(said, fontsize=NORMAL, color=INK, loc="left", pad=6, parse_math=False)
    if axes.get_legend_handles_labels()[0]:
        how = {"loc": "lower left", "bbox_to_anchor": (LEFT / WIDTH, 0.02), "borderaxespad": 0.0, "borderpad": 0.0}
        how |= {"bbox_transform": axes.get_figure().transFigure, "labelspacing": 0.35, "handlelength": 3}
        legend = axes.legend(**how, fontsize=SMALL, frameon=False, labelcolor=MUTED)
        for text in legend.get_texts():
            text.set_parse_math(False)
