"""Finished training runs on the disk: `<data_root>/runs/<ID>/`, a model file and its record `run.json`."""

import json
from pathlib import Path
from typing import Literal

from bench.core.digests import digest_bytes
from bench.core.errors import DataError, UsageError
from bench.core.record import Record, parse
from bench.core.training_run import TrainingRun
from bench.store.atomic import write_bytes, write_json

RECORD = "run.json"
UNFINISHED = "unfinished.safetensors"


class TrainedRun(Record):
    """A finished run: its record, its model file with that file's digest, and how long the fit took."""

    format: Literal[1] = 1
    run: TrainingRun
    file: Literal["model.safetensors", "model.skops"]
    weights: str
    parameters: int | None
    seconds: float

    @property
    def id(self) -> str:
        """`run:<id>` is how the model is called."""
        return self.run.id

    def __str__(self) -> str:
        images = " + ".join(f"{part.images:,} {part.name}" for part in self.run.data)
        steps = f", {self.run.steps} steps" if self.run.steps else ""
        return f"run:{self.id}\n  {self.run.arch} on {images}{steps}, fitted in {self.seconds:.0f} s"


def run_folder(data_root: Path, run: TrainingRun) -> Path:
    """Where a run lies, finished or not."""
    return data_root / "runs" / run.id


def find_run(data_root: Path, run: TrainingRun) -> TrainedRun | None:
    """The finished run of exactly this record, or None; a damaged one is a DataError."""
    folder = run_folder(data_root, run)
    if not (folder / RECORD).is_file():
        return None
    try:
        found = parse(TrainedRun, json.loads((folder / RECORD).read_bytes()), where=str(folder / RECORD))
    except (ValueError, UsageError) as error:
        raise DataError(f"{folder / RECORD}: damaged ({str(error)[:160]}); remove the folder, train again") from None
    if found.run != run:
        raise DataError(
            f"{folder / RECORD}: holds another run, {found.run.digest[:19]}…; remove the folder, train again"
        )
    if not (folder / found.file).is_file() or digest_bytes((folder / found.file).read_bytes()) != found.weights:
        raise DataError(f"{folder / found.file}: not the weights that {RECORD} names; remove the folder, train again")
    return found


def write_run(data_root: Path, trained: TrainedRun, model: bytes) -> None:
    """Keep a finished run: the model first, then the record that makes it finished; the unfinished state goes."""
    folder = run_folder(data_root, trained.run)
    write_bytes(folder / trained.file, model)
    write_json(folder / RECORD, trained.model_dump(mode="json"))
    (folder / UNFINISHED).unlink(missing_ok=True)


def read_unfinished(data_root: Path, run: TrainingRun) -> bytes | None:
    """The last kept state of a run that was stopped, or None."""
    path = run_folder(data_root, run) / UNFINISHED
    return path.read_bytes() if path.is_file() else None


def write_unfinished(data_root: Path, run: TrainingRun, state: bytes) -> None:
    """Keep the state of a run that is under way."""
    write_bytes(run_folder(data_root, run) / UNFINISHED, state)
