"""What the page's script reads, as JSON: the board's numbers at full precision, answers, and places in charts."""

import json
from typing import Any

from bench.core.leaderboard import Column, EffectiveRobustness, Leaderboard, Row
from bench.reports.page_charts import chart_files, chart_sentences
from bench.reports.series import series_of

# More than this and the page would be slow to open; it then names the command that compares instead.
ANSWERS_LIMIT = 12_000_000


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
    keys = [f"{name}/{transform}" for name, transform in _judged(board)]
    return {
        "track": board.track,
        "sets": [_set(column) for column in sets],
        "series": [{"label": group.label, "role": group.role} for group in groups],
        "ranking": board.ranking and board.ranking.model_dump(mode="json"),
        "classes": list(board.class_names),
        "charts": chart_sentences(board),
        "files": chart_files(board),
        "robustness": {key: [_robustness(row, *key.rsplit("/", 1)) for row in board.rows] for key in keys},
        "rows": [_row(row, series[index], sets) for index, row in enumerate(board.rows)],
    }


def answers_data(board: Leaderboard) -> dict[str, Any]:
    """What is needed only on demand: labels of the images, correctness bits and digests of each model, by set."""
    sets = ordered_sets(board)
    cells = {column.name: [row.cells.get(column.name) for row in board.rows] for column in sets}
    bits = {name: [cell.correct if cell else None for cell in column] for name, column in cells.items()}
    size = sum(len(one or "") for column in bits.values() for one in column)
    return {
        "labels": {column.name: column.labels for column in sets if column.labels},
        "correct": bits if size <= ANSWERS_LIMIT else {},
        "left_out": size > ANSWERS_LIMIT,
        "predictions": {
            name: [cell.predictions_digest if cell else None for cell in column] for name, column in cells.items()
        },
    }


def ordered_sets(board: Leaderboard) -> list[Column]:
    """In distribution, then the sets of the headline, then the others."""
    return sorted(board.columns, key=lambda column: (not column.in_distribution, not column.headline))


def kind_of(column: Column) -> str:
    """What a set is for, in words."""
    return "in distribution" if column.in_distribution else "shifted" if column.headline else "not in the mean"


def _set(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "about": column.about,
        "n": column.n,
        "digest": column.digest,
        "kind": kind_of(column),
    }


def _row(row: Row, series: int, sets: list[Column]) -> dict[str, Any]:
    cells = [row.cells.get(column.name) for column in sets]
    return {
        "rank": row.rank,
        "ranks": row.rank_interval,
        "band": row.band,
        "first": row.ties_first,
        "slug": row.slug,
        "title": row.title,
        "model": row.model,
        "arch": row.arch,
        "role": row.role,
        "arm": row.arm,
        "seed": row.seed,
        "seeds": row.seeds,
        "parameters": row.parameters,
        "series": series,
        "shifted": [row.shifted, *row.shifted_interval],
        "cells": [cell and [cell.top1, *cell.interval, cell.n, cell.top5] for cell in cells],
        "command": row.command,
    }


def _judged(board: Leaderboard) -> list[tuple[str, str]]:
    """The (set, transform) pairs for which any model has an effective robustness, in a fixed order."""
    found = {(name, how) for row in board.rows for name, by in row.robustness.items() for how in by}
    return sorted(found)


def _robustness(row: Row, name: str, transform: str) -> list[Any] | None:
    value: EffectiveRobustness | None = row.robustness.get(name, {}).get(transform)
    return value and [value.value, *(value.interval or (None, None)), int(value.extrapolated), int(value.zero)]
