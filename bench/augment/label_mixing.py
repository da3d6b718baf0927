"""CutMix (Yun et al., 2019) and Mixup (Zhang et al., 2018), by torchvision: images mixed, and their labels likewise.

Each batch is mixed with itself, shifted by one; a batch of one is left as it is.
"""

from pydantic import Field
from torch import Tensor
from torchvision.transforms import v2

from bench.augment.augmenter import Setting, to_unit
from bench.core.record import Record


class Parameters(Record):
    """`alpha`: a batch's mixing share is drawn from Beta(alpha, alpha)."""

    alpha: float = Field(default=1.0, gt=0, le=100)


class CutMix:
    """A box of the neighbour is pasted in; its area is the share of the neighbour's label."""

    Parameters = Parameters
    consistency = 0.0

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        self._mix = v2.CutMix(alpha=parameters.alpha, num_classes=setting.classes)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; targets are shares of each class."""
        return self._mix(to_unit(images), labels)


class Mixup:
    """The average with the neighbour, weighted by the share."""

    Parameters = Parameters
    consistency = 0.0

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        self._mix = v2.MixUp(alpha=parameters.alpha, num_classes=setting.classes)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; targets are shares of each class."""
        return self._mix(to_unit(images), labels)
