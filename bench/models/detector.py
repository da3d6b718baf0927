"""Detectors that are ready to be asked: `run:ID`, trained here, or `checkpoint:FILE.safetensors` from elsewhere.

The file's metadata say the architecture, the classes and how the input is prepared. An image is asked alone and
by one thread, so that what is found on it depends on nothing else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.registry import look_up
from bench.core.score import Declaration
from bench.core.training_run import TrainingRun
from bench.models.preprocessing import CHANNELS
from bench.models.run import finished_run
from bench.models.safetensors_file import Header, check_classes, read_header
from bench.models.setting import Setting
from bench.models.weights_file import parameters, read_state

Found = tuple[np.ndarray, np.ndarray, np.ndarray]
REQUIRED = ("arch", "mode", "size", "classes")


@dataclass(frozen=True)
class Detector:
    """`load` builds the network and gives a function of a PIL image: corners float64 [m, 4] in its pixels, labels
    int64 [m], scores float32 [m]. `weights`: `sha256:…` of the file."""

    model: str
    title: str
    weights: str
    declaration: Declaration
    preprocessing: dict[str, str | int | float]
    load: Callable[[], Callable[[Any], Found]]


def open_detector(text: str, setting: Setting) -> Detector:
    """The detector that `text` names; UsageError for an unknown one, DataError for a damaged file or other classes."""
    ref = ModelRef.parse(text)
    header = look_up(SOURCES, ref.source, kind="detector source")(ref, setting)
    said = header.said
    missing = [key for key in REQUIRED if key not in said]
    if missing:
        raise DataError(f"{ref}: not a detector of this software: its metadata lack {', '.join(missing)}")
    check_classes(said, setting.classes, where=text)
    if said["mode"] not in CHANNELS or not said["size"].isdecimal():
        raise DataError(f"{ref}: metadata: expected mode L or RGB and a size in pixels, got {said['mode'][:20]!r}")
    training = parse(TrainingRun, json.loads(said["training"]), where=text) if "training" in said else None
    return Detector(
        model=text,
        title=said.get("title", header.path.stem),
        weights=header.digest,
        declaration=Declaration(arch=said["arch"], parameters=parameters(header.shapes.items()), training=training),
        preprocessing={"mode": said["mode"], "size": int(said["size"])},
        load=lambda: _finder(header, len(setting.classes), text),
    )


def _run(ref: ModelRef, setting: Setting) -> Header:
    return read_header(finished_run(ref, setting) / "model.safetensors")


def _checkpoint(ref: ModelRef, setting: Setting) -> Header:
    path = Path(ref.name).expanduser()
    if ref.options or path.suffix != ".safetensors":
        raise UsageError(f"{ref}: expected checkpoint:FILE.safetensors as `train` writes it, without options")
    return read_header(path)


SOURCES = {"run": _run, "checkpoint": _checkpoint}


def _finder(header: Header, classes: int, where: str) -> Callable[[Any], Found]:
    import torch

    from bench.models.detector_network import detector_network, find, first_label

    said = header.said
    arch, mode = said["arch"], said["mode"]
    network = detector_network(arch, classes=classes, channels=CHANNELS[mode], size=int(said["size"]))
    try:
        network.load_state_dict(read_state(header.path))
    except RuntimeError as error:
        raise DataError(
            f"{where}: the weights do not fit {arch}: {str(error).splitlines()[-1].strip()[:120]}"
        ) from None

    def found(image: Any) -> Found:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            pixels = np.asarray(image if image.mode == mode else image.convert(mode))
            tensor = torch.from_numpy(pixels.copy()).float().div_(255)
            tensor = tensor[None] if tensor.ndim == 2 else tensor.permute(2, 0, 1)
            corners, labels, scores = find(network, tensor, first=first_label(arch))
        finally:
            torch.set_num_threads(before)
        return corners.double().numpy(), labels.numpy(), scores.numpy()

    return found
