"""`run:ID`: a classifier that was trained here, in the folder `<data_root>/runs/<ID>/`.

torch computes it unless another backend is asked for: these networks are small, and their published
answers are to be the same bits wherever an optional backend is installed.
"""

from dataclasses import replace
from pathlib import Path

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.registry import unknown
from bench.models.classifier import Classifier
from bench.models.safetensors_file import open_header, read_header
from bench.models.setting import Setting
from bench.models.skops_file import open_skops


def open_run(ref: ModelRef, setting: Setting) -> Classifier:
    """The classifier of a finished run; an unknown ID is a UsageError with the nearest finished ones."""
    folder = finished_run(ref, setting)
    if (folder / "model.safetensors").is_file():
        plain = replace(setting, backend="torch" if setting.backend == "auto" else setting.backend)
        return open_header(ref, read_header(folder / "model.safetensors"), plain)
    if (folder / "model.skops").is_file():
        return open_skops(ref, folder / "model.skops", setting)
    raise DataError(f"{ref}: {folder} has no model.safetensors or model.skops; remove the folder and train it again")


def finished_run(ref: ModelRef, setting: Setting) -> Path:
    """The folder of a finished run; an unknown ID is a UsageError with the nearest finished ones."""
    if ref.options:
        raise UsageError(f"{ref}: a run takes no options; its record says everything")
    runs = setting.data_root / "runs"
    finished = {path.parent.name for path in runs.glob("*/run.json")}
    if ref.name not in finished:
        raise UsageError(unknown(ref.name, known=finished, kind=f"run under {runs}"))
    return runs / ref.name
