"""From the text of `--augment` to the complete record of an augmentation, and to the augmenter itself."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.augment import AUGMENTERS
from bench.augment.augmenter import Augmenter, Setting
from bench.augment.pixmix import MARGIN
from bench.core.augmentation import Augmentation
from bench.core.digests import content_digest
from bench.core.errors import DataError, UsageError
from bench.core.record import Record, parse
from bench.core.registry import look_up
from bench.core.training_run import TrainingRun
from bench.models.preprocessing import Preprocessing
from bench.pipelines.learned_augmenters import learned_augmenter
from bench.sources.image_folder import SUFFIXES, open_image

MODES = {1: "L", 3: "RGB"}


def settle_augmentation(text: str, *, mirror: bool = True) -> Augmentation:
    """The augmentation with every parameter; `mirror`: whether images may be flipped where nothing is said.

    UsageError for an unknown name or parameter, or a value out of range; DataError where pictures are not there.
    """
    asked = Augmentation.parse(text)
    kind = look_up(AUGMENTERS, asked.name, kind="augmentation").Parameters
    said: dict[str, Any] = dict(asked.parameters)
    if "pictures" in said:
        found = _digest(str(said["pictures"]))
        if said.setdefault("pictures_digest", found) != found:
            raise DataError(f"pictures {said['pictures']!r}: expected {said['pictures_digest']}, found {found}")
    if "flip" in kind.model_fields and not mirror:
        said.setdefault("flip", 0.0)
    parameters = parse(kind, said, where=f"--augment {asked.name}")
    return Augmentation(name=asked.name, parameters=parameters.model_dump())


def open_augmenter(run: TrainingRun, pixels: np.ndarray, labels: np.ndarray, *, data_root: Path) -> Augmenter | None:
    """The run's augmenter for images uint8 [n, h, w] or [n, h, w, c], or None; one that learns is trained first.

    UsageError where it takes no such images.
    """
    if run.augment is None:
        return None
    channels = pixels.shape[3] if pixels.ndim == 4 else 1

    def pictures(folder: str) -> np.ndarray:
        return _pictures(folder, side=round(run.image_size * MARGIN), channels=channels)

    def learned(settings: Record) -> Callable[..., Any]:
        return learned_augmenter(settings, run, pixels, labels, data_root=data_root)

    kind = look_up(AUGMENTERS, run.augment.name, kind="augmentation")
    parameters = parse(kind.Parameters, run.augment.parameters, where=f"--augment {run.augment.name}")
    return kind(parameters, Setting(len(run.classes), channels, run.image_size, pictures, learned))


def in_short(augmentation: Augmentation) -> str:
    """The name, and the parameters that are not at their defaults."""
    usual = look_up(AUGMENTERS, augmentation.name, kind="augmentation").Parameters().model_dump()
    said = {key: value for key, value in augmentation.parameters.items() if value != usual.get(key)}
    return str(Augmentation(name=augmentation.name, parameters=said))


def _pictures(folder: str, *, side: int, channels: int) -> np.ndarray:
    """uint8 [n, channels, side, side]: each picture's central square."""
    if channels not in MODES:
        raise UsageError(f"pictures: images of {channels} channels cannot be mixed with pictures; leave pictures out")
    mode = MODES[channels]
    prepare = Preprocessing(mode, side, (0.0,) * channels, (1.0,) * channels, "bicubic")
    pixels = prepare.pixels([open_image(path) for path in _files(folder)])
    return np.ascontiguousarray(pixels[:, None] if mode == "L" else pixels.transpose(0, 3, 1, 2))


def _digest(folder: str) -> str:
    root = Path(folder)
    return content_digest(
        (path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in _files(folder)
    )


def _files(folder: str) -> Sequence[Path]:
    root = Path(folder)
    found = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES) if root.is_dir() else []
    if not found:
        raise DataError(f"pictures {folder!r}: no {', '.join(SUFFIXES)} there; name a folder of pictures")
    return found
