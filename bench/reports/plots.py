"""The figures of a board, as SVG and PDF (PNG on request); the page shows the same drawings."""

import io
import re
from collections.abc import Iterator

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.core.leaderboard import Leaderboard
from bench.reports.arms_plot import arm_bars
from bench.reports.canvas import house_style
from bench.reports.distances_plot import distance_heatmap
from bench.reports.pdf_fonts import cut_once
from bench.reports.robustness_plot import robustness_scatter, shifted_sets
from bench.reports.size_plot import size_scatter

__all__ = ["arm_bars", "distance_heatmap", "drawn", "file_stems", "robustness_scatter", "save", "size_scatter"]

TRANSFORMS = ("linear", "logit")
KINDS = ("svg", "pdf")

_NO_CLOCK = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@house_style
def save(figure: Figure, kind: str) -> bytes:
    """`figure` as `svg`, `pdf` or `png`; the same figure gives the same bytes, on any day.

    SVG keeps text as text (small, selectable, searchable); its identifiers come from the figure's label.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": figure.get_label(), "svg.fonttype": "none", "pdf.fonttype": 42}), cut_once():
        figure.savefig(buffer, format=kind, dpi=200, metadata=_NO_CLOCK[kind])
    return buffer.getvalue()


def file_stems(board: Leaderboard) -> dict[tuple[str, str], str]:
    """File name without ending of the scatter of each (shifted set, transform), safe on any disk."""
    stems: dict[tuple[str, str], str] = {}
    for index, column in enumerate(shifted_sets(board)):
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", column.name).strip("-")
        taken = any(stem == f"robustness-{safe}-linear" for stem in stems.values())
        name = f"{safe or 'set'}-{index}" if taken or safe != column.name else safe
        stems |= {(column.name, transform): f"robustness-{name}-{transform}" for transform in TRANSFORMS}
    return stems


def has_sizes(board: Leaderboard) -> bool:
    """Is the number of parameters known of any model?"""
    return any(row.parameters for row in board.rows)


def stems(board: Leaderboard) -> tuple[str, ...]:
    """The figures that the board has data for: `robustness-uci-linear`, …, `size`, `arms`, `distances`."""
    others = (("size", has_sizes(board)), ("arms", board.arms), ("distances", board.distances))
    scatters = file_stems(board).values() if board.rows else ()
    return (*scatters, *(stem for stem, data in others if data))


def drawn(board: Leaderboard, part: tuple[float, float] = (0.0, 1.0)) -> Iterator[tuple[str, Figure]]:
    """The figures of `stems`, or those in that part of the list, one after the other."""
    scatters = {stem: which for which, stem in file_stems(board).items()}
    others = {"size": size_scatter, "arms": arm_bars, "distances": distance_heatmap}
    names = stems(board)
    first, last = (round(share * len(names)) for share in part)
    for stem in names[first:last]:
        yield stem, robustness_scatter(board, *scatters[stem]) if stem in scatters else others[stem](board)
