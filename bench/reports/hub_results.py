"""What a model's own repository on the Hugging Face hub may say of its results, a folder a model: `hub/<slug>/`.

`.eval_results/<track>.yaml` is a list of results, as the hub reads it; `model-index.yaml` is the front matter that a
README.md had before that. Values are fractions; n, interval and digest stand beside them.
"""

import re
from typing import Any

import yaml

from bench.core.leaderboard import Column, Leaderboard, Row

FRAMEWORK = "imagenet-g-bench"
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the same text, ten times as fast


def render_all(board: Leaderboard) -> dict[str, str]:
    """The text of both files of every model, by path."""
    track = re.sub(r"[^A-Za-z0-9._-]+", "-", board.track).strip("-.") or "track"
    files = {}
    for row in board.rows:
        files[f"hub/{row.slug}/.eval_results/{track}.yaml"] = _text(_eval_results(board, row))
        files[f"hub/{row.slug}/model-index.yaml"] = _text(_model_index(board, row))
    return files


def _text(document: Any) -> str:
    return yaml.dump(document, Dumper=DUMPER, sort_keys=False, allow_unicode=True, width=1000)


def _measured(board: Leaderboard, row: Row) -> list[Column]:
    return [column for column in board.columns if column.name in row.cells]


def _eval_results(board: Leaderboard, row: Row) -> list[dict[str, Any]]:
    return [
        {
            "dataset": {"id": board.track, "task_id": column.name, "revision": column.digest},
            "value": row.cells[column.name].top1,
            "evaluation_framework": f"{FRAMEWORK} {board.software}",
            "notes": _notes(column, row),
        }
        for column in _measured(board, row)
    ]


def _notes(column: Column, row: Row) -> str:
    cell = row.cells[column.name]
    low, high = cell.interval
    return f"top-1 accuracy as a fraction, n = {cell.n}, 95 % interval {low:.6f} to {high:.6f}; {row.command}"


def _model_index(board: Leaderboard, row: Row) -> dict[str, Any]:
    results = [
        {
            "task": {"type": "image-classification", "name": "Image Classification"},
            "dataset": {
                "type": board.track,
                "name": column.title,
                "config": board.track,
                "split": column.name,
                "revision": column.digest,
            },
            "metrics": _metrics(row, column),
        }
        for column in _measured(board, row)
    ]
    return {"model-index": [{"name": row.title, "results": results}]}


def _metrics(row: Row, column: Column) -> list[dict[str, Any]]:
    cell = row.cells[column.name]
    named = {"Top 1 accuracy": cell.top1, "Top 5 accuracy": cell.top5}
    return [
        {"type": "accuracy", "name": name, "value": value, "verified": False}
        for name, value in named.items()
        if value is not None
    ]
