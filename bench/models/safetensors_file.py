"""A classifier in a safetensors file: what its header says, and its weights on a timm architecture."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from bench.core.classes import ClassName
from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.training_run import TrainingRun
from bench.models.classifier import Classifier
from bench.models.opening import declaration, options_of, torch_classifier
from bench.models.preprocessing import CHANNELS, KEYS, Preprocessing
from bench.models.setting import Setting
from bench.models.weights_file import file_digest, parameters, read_state, readable

OPTIONS = ("arch", *KEYS)


@dataclass(frozen=True)
class Header:
    """`said`: the file's own metadata; `shapes`: name -> shape of each tensor; `digest`: `sha256:…` of the file."""

    path: Path
    said: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    digest: str


def read_header(path: Path) -> Header:
    """DataError where the file is absent, cut short, or not safetensors."""
    digest = file_digest(path)
    with readable(path), safe_open(path, framework="numpy") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        return Header(path, dict(file.metadata() or {}), shapes, digest)


def open_header(ref: ModelRef, header: Header, setting: Setting) -> Classifier:
    """The classifier in a file; the options of `ref` say what the file does not, and never contradict it."""
    where, classes = str(ref), setting.classes
    said = _agreed(header.said, options_of(ref, OPTIONS), where=where)
    if "arch" not in said:
        raise UsageError(f"{where}: which architecture is it? Add ?arch=NAME, a name of timm.list_models()")
    check_classes(said, classes, where=where)
    prepare = Preprocessing.read(said, where=where)
    training = parse(TrainingRun, _json(said["training"], where), where=where) if "training" in said else None

    def load() -> Any:
        from bench.models.timm_network import timm_network

        state, channels = read_state(header.path), CHANNELS[prepare.mode]
        return timm_network(said["arch"], state, channels=channels, classes=len(classes), where=where)

    return torch_classifier(
        ref,
        setting,
        load,
        about=declaration(
            ref,
            said["arch"],
            parameters=parameters(header.shapes.items()),
            training=training,
            licence=said.get("licence"),
        ),
        weights=header.digest,
        prepare=prepare,
        title=said.get("title", header.path.stem),
    )


def check_classes(said: Mapping[str, str], classes: tuple[ClassName, ...], *, where: str) -> None:
    """DataError where a file says that it answers for other classes than these."""
    if "classes" not in said:
        return
    found, wanted = _json(said["classes"], where), [item.id for item in classes]
    if found != wanted:
        raise DataError(
            f"{where}: was trained for {_count(found)}, the track asks for {_count(wanted)};"
            " choose a model of this class list"
        )


def _agreed(file: Mapping[str, str], options: Mapping[str, str], *, where: str) -> dict[str, str]:
    for key, value in options.items():
        if file.get(key, value) != value:
            raise UsageError(f"{where}: the file says {key}={file[key]}, the option {value}; leave the option out")
    return {**options, **file}


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise DataError(f"{where}: the metadata in the file are damaged: not JSON: {text[:40]!r}") from None


def _count(ids: Any) -> str:
    if not isinstance(ids, list):
        return repr(ids)[:40]
    return f"{len(ids)} classes ({', '.join(map(str, ids[:2]))}…)"
