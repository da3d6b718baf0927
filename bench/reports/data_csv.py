"""A data leaderboard as CSV: a line for each method and number of shots, fractions at full precision."""

import csv
import io

from bench.core.data_board import Comparison, DataBoard
from bench.core.leaderboard import Mean
from bench.reports.plain_text import to_csv

_MEANS = ("shifted", "gain", "gain_inside", "best", "robustness", "frechet", "consistency", "seconds", "evaluations")


def render(board: DataBoard) -> str:
    """`shots` is `all` for all real images; what is not known is empty. Text is never a spreadsheet's formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [column.name for column in board.columns]
    heads = [f"{name}{part}" for name in (*_MEANS, *names) for part in ("", "_low", "_high")]
    writer.writerow(["method", "kind", "shots", "trials", "images", "ties_first", *heads])
    for row in board.rows:
        for one in row.results:
            means = [getattr(one, name) for name in _MEANS] + [one.sets[name] for name in names]
            shots = "all" if one.shots is None else one.shots
            about = [to_csv(row.method), to_csv(row.kind), shots, len(one.trials), one.images, int(row.ties_first)]
            writer.writerow([*about, *(part for mean in means for part in _parts(mean))])
    return text.getvalue()


def render_comparison(one: Comparison) -> str:
    """A line for each pair and number of shots of one comparison: first less second, fractions at full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    means = ("shifted", "inside")
    heads = [f"{name}{part}" for name in means for part in ("", "_low", "_high")]
    writer.writerow(["first", "second", "shots", "trials", *heads])
    for pair in one.differences:
        shots = "all" if pair.shots is None else pair.shots
        numbers = [part for name in means for part in _parts(getattr(pair, name))]
        writer.writerow([to_csv(pair.first), to_csv(pair.second), shots, pair.shifted.n, *numbers])
    return text.getvalue()


def _parts(mean: Mean | None) -> tuple[object, object, object]:
    if mean is None:
        return "", "", ""
    low, high = mean.interval or ("", "")
    return mean.mean, low, high
