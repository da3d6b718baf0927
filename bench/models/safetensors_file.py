"""A classifier in a safetensors file: what its header says, and its weights on a timm architecture."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from bench.core.classes import ClassName
from bench.core.errors import DataError, UsageError
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.registry import unknown
from bench.core.score import Declaration
from bench.core.training_run import TrainingRun
from bench.models.classifier import Classifier
from bench.models.preprocessing import KEYS, Preprocessing

OPTIONS = ("arch", "licence", *KEYS)
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class Header:
    """`said`: the file's own metadata; `shapes`: name -> shape of each tensor; `digest`: `sha256:…` of the file."""

    path: Path
    said: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    digest: str

    @property
    def parameters(self) -> int:
        """Learned numbers: running statistics are not counted."""
        learned = [shape for name, shape in self.shapes.items() if not name.endswith(STATISTICS)]
        return sum(_product(shape) for shape in learned)


def read_header(path: Path) -> Header:
    """DataError where the file is absent, cut short, or not safetensors."""
    with _readable(path):
        with safe_open(path, framework="numpy") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            said = dict(file.metadata() or {})
        with open(path, "rb") as file:
            return Header(path, said, shapes, "sha256:" + hashlib.file_digest(file, "sha256").hexdigest())


def open_file(
    ref: ModelRef, path: Path, *, classes: tuple[ClassName, ...], device: str, title: str | None = None
) -> Classifier:
    """The classifier in `path`; the options of `ref` say what the file does not, and never contradict it."""
    where, header = str(ref), read_header(path)
    said = _agreed(header.said, dict(ref.options), where=where)
    if "arch" not in said:
        raise UsageError(f"{where}: which architecture is it? Add ?arch=NAME, a name of timm.list_models()")
    _check_classes(said, classes, where=where)
    prepare = Preprocessing.read(said, where=where)
    training = parse(TrainingRun, _json(said["training"], where), where=where) if "training" in said else None
    return Classifier(
        model=str(ref),
        title=title or said.get("title", path.stem),
        weights=header.digest,
        declaration=Declaration(
            arch=said["arch"],
            parameters=header.parameters,
            training=training,
            licence=said.get("licence", "unknown"),
        ),
        prepare=prepare,
        classes=len(classes),
        load=lambda: _load(header, said["arch"], prepare, len(classes), device, where),
    )


def _agreed(file: Mapping[str, str], options: Mapping[str, str], *, where: str) -> dict[str, str]:
    for key, value in options.items():
        if key not in OPTIONS:
            raise UsageError(f"{where}: {unknown(key, known=OPTIONS, kind='option')}")
        if file.get(key, value) != value:
            raise UsageError(f"{where}: the file says {key}={file[key]}, the option {value}; leave the option out")
    return {**options, **file}


def _check_classes(said: Mapping[str, str], classes: tuple[ClassName, ...], *, where: str) -> None:
    if "classes" not in said:
        return
    found, wanted = _json(said["classes"], where), [item.id for item in classes]
    if found != wanted:
        raise DataError(
            f"{where}: was trained for {_count(found)}, the track asks for {_count(wanted)};"
            " choose a model of this class list"
        )


def _load(header: Header, arch: str, prepare: Preprocessing, classes: int, device: str, where: str) -> Any:
    from safetensors.torch import load_file

    from bench.models.timm_network import TimmNetwork

    with _readable(header.path):
        state = load_file(header.path)
    return TimmNetwork(arch, state, prepare=prepare, classes=classes, device=device, where=where)


@contextmanager
def _readable(path: Path) -> Any:
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except SafetensorError as error:
        raise DataError(f"{path}: not a whole safetensors file ({error}); copy or train it again") from None


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise DataError(f"{where}: the metadata in the file are damaged: not JSON: {text[:40]!r}") from None


def _count(ids: Any) -> str:
    if not isinstance(ids, list):
        return repr(ids)[:40]
    return f"{len(ids)} classes ({', '.join(map(str, ids[:2]))}…)"


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
