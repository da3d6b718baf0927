"""What a model's own repository on the Hugging Face hub may say of its results, a folder a model: `hub/<slug>/`.

`.eval_results/<track>.yaml` is a list of results, as the hub reads it; `model-index.yaml` is the front matter that a
README.md had before that. Values are fractions; n, interval and digest stand beside them.
"""

import json
import re

from bench.core.leaderboard import Column, Leaderboard, Row

FRAMEWORK = "imagenet-g-bench"


def render_all(board: Leaderboard) -> dict[str, str]:
    """The text of both files of every model, by path."""
    track = re.sub(r"[^A-Za-z0-9._-]+", "-", board.track).strip("-.") or "track"
    files: dict[str, str] = {}
    for row in board.rows:
        measured = [column for column in board.columns if column.name in row.cells]
        # Names in published tables may hold separators of paths.
        safe = re.sub(r"[^A-Za-z0-9._@+-]+", "-", row.slug).strip("-.") or "model"
        folder = f"hub/{safe}" if f"hub/{safe}/model-index.yaml" not in files else f"hub/{safe}-{row.rank}"
        files[f"{folder}/.eval_results/{track}.yaml"] = _eval_results(board, row, measured)
        files[f"{folder}/model-index.yaml"] = _model_index(board, row, measured)
    return files


def _text(value: str) -> str:
    """A YAML string: JSON's quoted strings are strings in YAML too, whatever stands in them."""
    return json.dumps(value)


def _number(value: float) -> str:
    """A YAML number: without an exponent, which readers of YAML 1.1 take for text."""
    text = repr(value)
    return text if "e" not in text else f"{value:.12f}"


def _eval_results(board: Leaderboard, row: Row, measured: list[Column]) -> str:
    lines = []
    for column in measured:
        lines += [
            "- dataset:",
            f"    id: {_text(board.track)}",
            f"    task_id: {_text(column.name)}",
            f"    revision: {_text(column.digest)}",
            f"  value: {_number(row.cells[column.name].top1)}",
            f"  evaluation_framework: {_text(f'{FRAMEWORK} {board.software}')}",
            f"  notes: {_text(_notes(column, row))}",
        ]
    return "\n".join(lines) + "\n"


def _notes(column: Column, row: Row) -> str:
    cell = row.cells[column.name]
    low, high = cell.interval
    return f"top-1 accuracy as a fraction, n = {cell.n}, 95 % interval {low:.6f} to {high:.6f}; {row.command}"


def _model_index(board: Leaderboard, row: Row, measured: list[Column]) -> str:
    lines = ["model-index:", f"- name: {_text(row.title)}", "  results:"]
    for column in measured:
        lines += [
            "  - task:",
            "      type: image-classification",
            "      name: Image Classification",
            "    dataset:",
            f"      type: {_text(board.track)}",
            f"      name: {_text(column.title)}",
            f"      config: {_text(board.track)}",
            f"      split: {_text(column.name)}",
            f"      revision: {_text(column.digest)}",
            "    metrics:",
        ]
        cell = row.cells[column.name]
        for name, value in (("Top 1 accuracy", cell.top1), ("Top 5 accuracy", cell.top5)):
            if value is not None:
                lines += ["    - type: accuracy", f"      name: {name}", f"      value: {_number(value)}"]
                lines += ["      verified: false"]
    return "\n".join(lines) + "\n"
