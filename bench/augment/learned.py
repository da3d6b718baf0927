"""Augmentations by networks that were learned before: DAGAN (methods.md 11) and DeepAugment (methods.md 10.1).

What they learned is a file, as a recipe's adaptation keeps it (`learned/` in the data root), pinned by its digest.
"""

import torch
from pydantic import Field
from torch import Tensor

from bench.augment.augmenter import Setting, to_unit
from bench.core.record import Record


class DaganParameters(Record):
    """`state`: the file of what DAGAN learned, `state_digest` its digest; `share`: of the images that it replaces."""

    state: str
    state_digest: str | None = None
    share: float = Field(default=0.5, ge=0, le=1)


class DeepAugmentParameters(Record):
    """`state`: a file with both networks, `state_digest` its digest; `share`: of the images that pass through one.

    Two thirds, half of them through each network, is the published set: clean, EDSR and CAE beside one another.
    """

    state: str
    state_digest: str | None = None
    share: float = Field(default=2 / 3, ge=0, le=1)


class _Learned:
    """Each image for itself: a share of them gives way to what a network makes of it; the labels stay."""

    consistency = 0.0
    name: str

    def __init__(self, parameters: DaganParameters | DeepAugmentParameters, setting: Setting) -> None:
        self._share, self._draw = parameters.share, setting.network(self.name, parameters.state)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        mixed = to_unit(images)
        chosen = torch.rand(len(images)) < self._share
        if chosen.any():
            with torch.no_grad():
                mixed[chosen] = self._draw(mixed[chosen])
        return mixed, labels


class Dagan(_Learned):
    """Other images of the images' classes, which it need not have seen."""

    Parameters = DaganParameters
    name = "dagan"


class DeepAugment(_Learned):
    """Images as networks with distorted weights and features draw them."""

    Parameters = DeepAugmentParameters
    name = "deepaugment"
