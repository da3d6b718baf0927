"""What the page's script reads: the board's numbers at full precision, and the drawings, as JSON."""

import json
from typing import Any

from bench.core.leaderboard import Column, EffectiveRobustness, Fit, Leaderboard, Row
from bench.reports.inline_svg import inline
from bench.reports.numerals import fixed, percent
from bench.reports.plots import TRANSFORMS, file_stems
from bench.reports.robustness_plot import drawn_rows, robustness_scatter, shifted_sets
from bench.reports.series import Series, series_of


def to_script(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def board_data(board: Leaderboard) -> dict[str, Any]:
    """The table: sets in the order of its columns, rows best first, and which series each row is of."""
    sets = ordered_sets(board)
    groups = series_of(board)
    series = {index: k for k, group in enumerate(groups) for index in group.rows}
    return {
        "headline": [column.name for column in sets if column.headline],
        "sets": [_set(column) for column in sets],
        "series": [group.label for group in groups],
        "fits": {f"{fit.set}/{fit.transform}": fit_sentence(fit) for fit in board.fits},
        "plots": {"/".join(which): f"plots/{stem}" for which, stem in file_stems(board).items()},
        "rows": [_row(row, series[index], sets) for index, row in enumerate(board.rows)],
    }


def ordered_sets(board: Leaderboard) -> list[Column]:
    """In distribution, then the sets of the headline, then the others."""
    return sorted(board.columns, key=lambda column: (not column.in_distribution, not column.headline))


def charts(board: Leaderboard) -> dict[str, str]:
    """The scatter of each `set/transform` as inline SVG; the first is the one that is shown."""
    return {
        f"{column.name}/{transform}": scatter(board, column, transform)
        for column in shifted_sets(board)
        for transform in TRANSFORMS
    }


def scatter(board: Leaderboard, column: Column, transform: str) -> str:
    """One scatter whose markers know their rows."""
    groups: tuple[Series, ...] = series_of(board)
    rows = {f"points-{k}": drawn_rows(board, group, column.name) for k, group in enumerate(groups)}
    label = f"Accuracy on {column.title} against accuracy in distribution, {transform} scale; one mark a model"
    return inline(robustness_scatter(board, column.name, transform), label=label, rows=rows)


def fit_sentence(fit: Fit) -> str:
    """What the line is, in one sentence."""
    low, high = fit.x_range
    return (
        f"Line: {fit.transform} least squares over {fit.n} standard models, slope {fixed(fit.slope, 2)},"
        f" r = {fixed(fit.r, 2)},"
        f" fitted from {percent(low)} to {percent(high)} % in distribution; dashed where it extrapolates."
    )


def _set(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "about": column.about,
        "n": column.n,
        "digest": column.digest,
        "kind": "in distribution" if column.in_distribution else "shifted" if column.headline else "not in the mean",
    }


def _row(row: Row, series: int, sets: list[Column]) -> dict[str, Any]:
    cells = [row.cells.get(column.name) for column in sets]
    return {
        "rank": row.rank,
        "slug": row.slug,
        "title": row.title,
        "model": row.model,
        "arch": row.arch,
        "seed": row.seed,
        "parameters": row.parameters,
        "series": series,
        "shifted": [row.shifted, *row.shifted_interval],
        "cells": [cell and [cell.top1, *cell.interval, cell.n, cell.top5] for cell in cells],
        "robustness": {
            f"{name}/{transform}": _robustness(value)
            for name, by_transform in row.robustness.items()
            for transform, value in by_transform.items()
        },
        "command": row.command,
    }


def _robustness(value: EffectiveRobustness) -> list[Any]:
    return [value.value, *(value.interval or (None, None)), int(value.extrapolated)]
