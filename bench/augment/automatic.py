"""RandAugment (Cubuk et al., 2020) and TrivialAugment (Müller & Hutter, 2021), by torchvision's own operations."""

import torch
from pydantic import Field
from torch import Tensor
from torchvision.transforms import v2

from bench.augment.augmenter import Setting, refuse_unless_coloured, to_unit
from bench.core.record import Record

OTHERS = "use augmix, pixmix, cutmix or mixup"
BINS = 31


class _EachImage:
    """A torchvision transform of each image for itself."""

    consistency = 0.0
    _transform: torch.nn.Module

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        return to_unit(torch.stack([self._transform(image) for image in images])), labels


class RandAugmentParameters(Record):
    """`operations` one after the other, each of strength `magnitude` out of 30 (the paper's N and M)."""

    operations: int = Field(default=2, ge=1, le=14)
    magnitude: int = Field(default=9, ge=0, lt=BINS)


class RandAugment(_EachImage):
    """N operations out of 14, drawn with replacement, all of strength M."""

    Parameters = RandAugmentParameters

    def __init__(self, parameters: RandAugmentParameters, setting: Setting) -> None:
        refuse_unless_coloured("randaugment", setting, remedy=OTHERS)
        self._transform = v2.RandAugment(parameters.operations, parameters.magnitude, num_magnitude_bins=BINS)


class TrivialAugmentParameters(Record):
    """None: that is its point."""


class TrivialAugment(_EachImage):
    """One operation out of 14 of the wide space, of uniform strength."""

    Parameters = TrivialAugmentParameters

    def __init__(self, parameters: TrivialAugmentParameters, setting: Setting) -> None:
        refuse_unless_coloured("trivialaugment", setting, remedy=OTHERS)
        self._transform = v2.TrivialAugmentWide(num_magnitude_bins=BINS)
