"""Where a label goes beside its point: the first place around it that covers fewest points and no label."""

import numpy as np
from matplotlib.axes import Axes

from bench.reports.canvas import text
from bench.reports.series import PAPER

_AROUND = [
    (dx, dy, align)
    for gap in (1, 2, 3.2)
    for dx, dy, align in (
        (9 * gap, 0, "left"),
        (-9 * gap, 0, "right"),
        (0, 11 * gap, "center"),
        (0, -11 * gap, "center"),
        (8 * gap, 8 * gap, "left"),
        (-8 * gap, 8 * gap, "right"),
        (8 * gap, -8 * gap, "left"),
        (-8 * gap, -8 * gap, "right"),
    )
]


class Places:
    """Puts labels one after the other on `axes` whose limits are final; `points` [n, 2] in data units."""

    def __init__(self, axes: Axes, points: np.ndarray) -> None:
        self._axes = axes
        self._points = axes.transData.transform(points) if len(points) else np.zeros((0, 2))
        self._taken: list[tuple[float, float, float, float]] = []

    def put(self, words: str, x: float, y: float, *, color: str, fontsize: float) -> None:
        """Write `words` near (x, y)."""
        at = self._axes.transData.transform((x, y))
        width, height = 0.56 * fontsize * len(words), 1.3 * fontsize
        costs = []
        for order, (dx, dy, align) in enumerate(_AROUND):
            left = at[0] + dx - {"left": 0, "right": width, "center": width / 2}[align]
            box = (left, at[1] + dy - height / 2, left + width, at[1] + dy + height / 2)
            costs.append((self._cost(box) + 0.02 * order, dx, dy, align, box))
        _, dx, dy, align, box = min(costs, key=lambda cost: cost[0])
        self._taken.append(box)
        place = self._axes.transData.inverted().transform((at[0] + dx, at[1] + dy))
        label = text(self._axes, *place, words, ha=align, color=color, fontsize=fontsize, zorder=6)
        if self._covered(box):
            label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1})

    def _covered(self, box: tuple[float, float, float, float]) -> int:
        left, bottom, right, top = box
        x, y = self._points.T
        return int(np.count_nonzero((x > left - 3) & (x < right + 3) & (y > bottom - 2) & (y < top + 2)))

    def _cost(self, box: tuple[float, float, float, float]) -> float:
        left, bottom, right, top = box
        clashes = sum(left < x1 and right > x0 and bottom < y1 and top > y0 for x0, y0, x1, y1 in self._taken)
        frame = self._axes.bbox
        outside = left < frame.x0 or right > frame.x1 + 10 or bottom < frame.y0 or top > frame.y1 + 8
        return min(self._covered(box), 20) + 50 * clashes + 100 * outside
