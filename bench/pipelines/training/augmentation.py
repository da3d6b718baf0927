"""From the text of `--augment` to the complete record of an augmentation, and to the augmenter itself."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from bench.augment import AUGMENTERS
from bench.augment.augmenter import Augmenter, Setting
from bench.augment.pixmix import MARGIN
from bench.core.augmentation import Augmentation
from bench.core.digests import content_digest, digest_bytes
from bench.core.errors import DataError, UsageError
from bench.core.record import Record, parse
from bench.core.registry import look_up
from bench.core.training_run import TrainingRun
from bench.models.preprocessing import Preprocessing
from bench.pipelines.learned.learned_augmenters import learned_augmenter
from bench.sources.image_folder import SUFFIXES, open_image
from bench.synthesis.dagan_network import generator_of
from bench.training.resumable import silent

MODES = {1: "L", 3: "RGB"}


def settle_augmentation(text: str, *, mirror: bool = True) -> Augmentation:
    """The augmentation with every parameter; `mirror`: whether images may be flipped where nothing is said.

    UsageError for an unknown name or parameter, or a value out of range; DataError where pictures are not there.
    """
    asked = Augmentation.parse(text)
    kind = look_up(AUGMENTERS, asked.name, kind="augmentation").Parameters
    said: dict[str, Any] = dict(asked.parameters)
    for key in said.keys() & PINNED.keys() & kind.model_fields.keys():
        found = PINNED[key](str(said[key]))
        if said.setdefault(f"{key}_digest", found) != found:
            raise DataError(f"{key} {said[key]!r}: expected {said[f'{key}_digest']}, found {found}")
    if "flip" in kind.model_fields and not mirror:
        said.setdefault("flip", 0.0)
    parameters = parse(kind, said, where=f"--augment {asked.name}")
    return Augmentation(name=asked.name, parameters=parameters.model_dump())


def open_augmenter(
    run: TrainingRun, pixels: np.ndarray, labels: np.ndarray, *, data_root: Path, quiet: bool = False
) -> Augmenter | None:
    """The run's augmenter for images uint8 [n, h, w] or [n, h, w, c], or None; one that learns is trained first.

    UsageError where it takes no such images.
    """
    if run.augment is None:
        return None
    channels = pixels.shape[3] if pixels.ndim == 4 else 1

    def pictures(folder: str) -> np.ndarray:
        return _pictures(folder, side=round(run.image_size * MARGIN), channels=channels)

    def network(name: str, file: str) -> Callable[[Tensor], Tensor]:
        return {"dagan": _dagan, "deepaugment": _deepaugment}[name](file, channels, run.image_size)

    def learned(settings: Record) -> Callable[..., Tensor]:
        with silent(quiet):
            return learned_augmenter(settings, run, pixels, labels, data_root=data_root)

    kind = look_up(AUGMENTERS, run.augment.name, kind="augmentation")
    parameters = parse(kind.Parameters, run.augment.parameters, where=f"--augment {run.augment.name}")
    return kind(parameters, Setting(len(run.classes), channels, run.image_size, pictures, network, learned))


def in_short(augmentation: Augmentation) -> str:
    """The name, and the parameters that are not at their defaults."""
    fields = look_up(AUGMENTERS, augmentation.name, kind="augmentation").Parameters.model_fields
    said = {key: one for key, one in augmentation.parameters.items() if key in fields and one != fields[key].default}
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
        (path.relative_to(root).as_posix(), hashlib.sha256(_bytes(str(path))).hexdigest()) for path in _files(folder)
    )


def _files(folder: str) -> Sequence[Path]:
    root = Path(folder)
    try:
        named = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES) if root.is_dir() else []
    except OSError as error:
        raise DataError(f"pictures {folder!r}: cannot be read ({error}); name a folder of pictures alone") from None
    found = [path for path in named if path.is_file()]
    if not found:
        raise DataError(f"pictures {folder!r}: no {', '.join(SUFFIXES)} there; name a folder of pictures")
    return found


def _dagan(file: str, channels: int, size: int) -> Callable[[Tensor], Tensor]:
    """What DAGAN learned, as a function of images; DataError where it was learned from images of another kind."""
    generator = generator_of(tensors_of(file))
    if (generator.channels, generator.size) != (channels, size):
        raise DataError(
            f"state {file!r}: learned from {generator.channels} channels of {generator.size} x {generator.size} pixels,"
            f" these images have {channels} of {size} x {size}; learn one from images like these"
        )
    return lambda images: (generator(2 * images - 1, torch.randn(len(images), generator.noise_width)) + 1) / 2


def _deepaugment(file: str, channels: int, size: int) -> Callable[[Tensor], Tensor]:
    """Each image through a network with distortions of its own."""
    # Imported here: no other augmentation needs diffusers.
    from bench.synthesis.deepaugment import NETS, Distortion

    distortion = Distortion(tensors_of(file))
    if distortion.channels != channels:
        raise DataError(
            f"state {file!r}: networks for {distortion.channels} channels, these images have {channels}; learn them"
            " from images like these"
        )

    def drawn(images: Tensor) -> Tensor:
        random = np.random.default_rng(int(torch.randint(2**31, ())))
        made = []
        for image in images:
            distortion.redraw(random)
            made.append(distortion.through(NETS[random.integers(2)], image[None], random))
        return torch.cat(made)

    return drawn


def tensors_of(file: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file; DataError in one line where it is none, or a number in it is not finite."""
    try:
        tensors = load(_bytes(file))
    except SafetensorError as error:
        raise DataError(f"{file!r}: not safetensors, or damaged ({str(error)[:80]})") from None
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise DataError(f"{file!r}: tensor {name!r} holds numbers that are not finite; learn it again")
    return tensors


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", error)
        raise DataError(f"{file!r}: cannot be read ({what}); name a file that can") from None


def _file_digest(file: str) -> str:
    return digest_bytes(_bytes(file))


PINNED: dict[str, Callable[[str], str]] = {"pictures": _digest, "state": _file_digest}
"""Parameters that name something on the disk, whose digest goes on the record."""
