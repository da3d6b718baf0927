"""Trained WILDS methods on the disk: `<data_root>/runs/wilds/<method>/`, one folder for all replicates.

Predictions in it are named as the official trainer names them, so that `wilds-evaluate` takes the folder.
"""

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.core.digests import digest_bytes
from bench.core.errors import DataError, UsageError
from bench.core.record import Record, parse
from bench.core.wilds_answers import Boxes, WildsAnswers
from bench.core.wilds_run import WildsRun
from bench.store.atomic import write_bytes, write_json, write_text

COLON = "-" if os.name == "nt" else ":"


class WildsTrained(Record):
    """A finished replicate: its record, the digest of its model file, how good each epoch was by what selects."""

    format: Literal[1] = 1
    run: WildsRun
    weights: str
    history: tuple[float | None, ...]
    folder: str

    def __str__(self) -> str:
        kind, name = self.run.replicate
        known = [(value, epoch) for epoch, value in enumerate(self.history, start=1) if value is not None]
        best = max(known)[1] if known else 1
        recipe = self.run.recipe
        chosen = f"epoch {best} of {len(self.history)} is best by {recipe.select.metric} on {recipe.select.split}"
        made = f", {self.run.generated[1]:,} of them generated" if self.run.generated else ""
        return "\n".join(
            [
                f"{self.run.method}, {kind} {name}: {recipe.arch} on {self.run.images:,} images{made}; {chosen}",
                f"evaluate: python run_bench.py wilds-evaluate {self.folder}",
            ]
        )


def method_folder(data_root: Path, run: WildsRun) -> Path:
    """Where all replicates of the run's method lie."""
    return data_root / "runs" / "wilds" / run.method


def read_trained(data_root: Path, run: WildsRun) -> WildsTrained | None:
    """The finished replicate of exactly this record, or None; a damaged one is a DataError."""
    path = _path(data_root, run, ".json")
    if not path.is_file():
        return None
    try:
        found = parse(WildsTrained, json.loads(path.read_bytes()), where=str(path))
    except (ValueError, UsageError) as error:
        raise DataError(f"{path}: damaged ({str(error)[:120]}); remove it and train again") from None
    if found.run != run:
        raise DataError(f"{path}: holds another run, on other data; remove it and train again")
    model = _path(data_root, run, ".safetensors")
    if not model.is_file() or digest_bytes(model.read_bytes()) != found.weights:
        raise DataError(f"{model}: not the weights that {path.name} names; remove both and train again")
    return found


def write_trained(data_root: Path, run: WildsRun, model: bytes, history: list[float]) -> WildsTrained:
    """Keep a finished replicate: the model, then the record that makes it finished; the unfinished state goes."""
    write_bytes(_path(data_root, run, ".safetensors"), model)
    known = tuple(value if np.isfinite(value) else None for value in history)
    folder = method_folder(data_root, run)
    trained = WildsTrained(run=run, weights=digest_bytes(model), history=known, folder=str(folder))
    write_json(_path(data_root, run, ".json"), trained.model_dump(mode="json"))
    _unfinished(data_root, run).unlink(missing_ok=True)
    return trained


def write_predictions(data_root: Path, run: WildsRun, split: str, answers: WildsAnswers) -> Path:
    """The predictions for one split in the official form; the path."""
    kind, name = run.replicate
    stem = f"{run.track}_split{COLON}{split}_{kind}{COLON}{name}_epoch{COLON}best_pred"
    if isinstance(answers, np.ndarray):
        path = method_folder(data_root, run) / f"{stem}.csv"
        write_text(path, "".join(f"{value!r}\n" for value in answers.tolist()))
    else:
        path = method_folder(data_root, run) / f"{stem}.pth"
        write_bytes(path, _torch_list(answers))
    return path


def as_dicts(answers: Sequence[Boxes]) -> list[dict[str, Any]]:
    """Detections as the package takes them: a dict of tensors for each image."""
    import torch

    return [
        {
            "boxes": torch.from_numpy(one.boxes),
            "scores": torch.from_numpy(one.scores),
            "labels": torch.ones(len(one.scores), dtype=torch.int64),
        }
        for one in answers
    ]


def read_unfinished(data_root: Path, run: WildsRun) -> bytes | None:
    """The state after the last whole epoch of a run that was stopped, or None."""
    path = _unfinished(data_root, run)
    return path.read_bytes() if path.is_file() else None


def write_unfinished(data_root: Path, run: WildsRun, state: bytes) -> None:
    """Keep the state of a run that is under way."""
    write_bytes(_unfinished(data_root, run), state)


def _torch_list(answers: Sequence[Boxes]) -> bytes:
    """Detections as a `.pth` of the official form."""
    import torch

    found = io.BytesIO()
    torch.save(as_dicts(answers), found)
    return found.getvalue()


def _unfinished(data_root: Path, run: WildsRun) -> Path:
    # By the digest of the whole run: a state from other data is not gone on from.
    return _path(data_root, run, f"-{run.digest[7:15]}.unfinished")


def _path(data_root: Path, run: WildsRun, ending: str) -> Path:
    kind, name = run.replicate
    return method_folder(data_root, run) / f"{run.track}_{kind}{COLON}{name}_epoch{COLON}best_model{ending}"
