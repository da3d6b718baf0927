"""`run:ID`: a classifier that was trained here, in the folder `<data_root>/runs/<ID>/`."""

from pathlib import Path

from bench.core.classes import ClassName
from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.models.classifier import Classifier
from bench.models.safetensors_file import open_file
from bench.models.skops_file import open_skops


def open_run(ref: ModelRef, *, classes: tuple[ClassName, ...], device: str = "auto", data_root: Path) -> Classifier:
    """The classifier of a finished run; an unknown ID is a UsageError with the nearest finished ones."""
    if ref.options:
        raise UsageError(f"{ref}: a run takes no options; its record says everything")
    finished = {path.parent.name for path in (data_root / "runs").glob("*/run.json")}
    if ref.name not in finished:
        raise UsageError(unknown(ref.name, known=finished, kind=f"run under {data_root / 'runs'}"))
    folder = data_root / "runs" / ref.name
    if (folder / "model.safetensors").is_file():
        return open_file(ref, folder / "model.safetensors", classes=classes, device=device)
    if (folder / "model.skops").is_file():
        return open_skops(ref, folder / "model.skops", classes=classes)
    raise DataError(f"{ref}: {folder} has no model.safetensors or model.skops; remove the folder and train it again")
