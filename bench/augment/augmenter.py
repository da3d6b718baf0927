"""What every augmenter of this shelf is: a batch in, a batch out, drawn from torch's global generator.

The trainer seeds that generator by step, so that a resumed run augments as an undisturbed one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from torch import Tensor

from bench.core.errors import UsageError
from bench.core.record import Record


def _no_pictures(folder: str) -> np.ndarray:
    raise UsageError(f"pictures of {folder!r} cannot be opened here")


def _nothing_learned(settings: Record) -> Callable[..., Tensor]:
    raise UsageError("there is no trained augmenter here to draw with")


def _no_network(name: str, file: str) -> Callable[[Tensor], Tensor]:
    raise UsageError(f"what {name} learned, {file!r}, cannot be opened here")


@dataclass(frozen=True)
class Setting:
    """The images that will be augmented: `classes` of them, `channels`, pixels `size` (height and width are equal).

    What the pipeline opens: `pictures(folder)`, uint8 [n, size, size, channels]; `network(name, file)`, what `name` has
    learned, as a function from images float [b, c, h, w] in 0..1 to others, drawn by torch's global generator;
    `learned(settings)`, such a function of a network that it trains by these settings on the run's own images first.
    """

    classes: int
    channels: int
    size: int
    pictures: Callable[[str], np.ndarray] = _no_pictures
    network: Callable[[str, str], Callable[[Tensor], Tensor]] = _no_network
    learned: Callable[[Record], Callable[..., Tensor]] = _nothing_learned


class Augmenter(Protocol):
    """Made once a run. UsageError where images of this kind cannot be augmented so."""

    Parameters: ClassVar[type[Record]]
    consistency: float

    def __init__(self, parameters: Record, setting: Setting) -> None: ...

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images uint8 [b, c, h, w] and labels int64 [b] to float32 [v b, c, h, w] in 0..1 and targets.

        Targets are labels int64 [b], or shares of each class float32 [b, classes]. With v > 1 views, one after the
        other, the targets are those of the first view, and `consistency` weighs how far the views' answers may
        differ (bench/training/consistency.py).
        """
        ...


def to_unit(images: Tensor) -> Tensor:
    """uint8 to float32 in 0..1."""
    return images.float().div_(255)


def refuse_unless_coloured(name: str, setting: Setting, *, remedy: str) -> None:
    """UsageError where operations on colour would meet images that are neither grey nor RGB."""
    if setting.channels not in (1, 3):
        raise UsageError(
            f"--augment {name}: its colour operations take images of 1 or 3 channels, these have"
            f" {setting.channels}; {remedy}"
        )
