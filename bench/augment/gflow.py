"""Augmentation by a GFlowNet: part of an image is erased, and drawn anew (methods.md 17); GFlowAug as released too.

The pipeline trains the policy on a share of the run's own images before the run; the reward and all else that defines
it are the parameters, and so stand on the training record.
"""

import math

import torch
from pydantic import Field
from torch import Tensor

from bench.augment.augmenter import Setting, to_unit
from bench.core.gflow_settings import GflowSettings, ReleasedSettings

LEAST_ERASED = 0.05


class Parameters(GflowSettings):
    """`share`: of a batch that is augmented; `erase`: the most that is erased of an image, at least one place is."""

    share: float = Field(default=0.5, ge=0, le=1)
    erase: float = Field(default=1.0, ge=LEAST_ERASED, le=1)


class Gflow:
    """The first images of each batch (batches come in random order), all with as many places erased."""

    Parameters = Parameters
    consistency = 0.0

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        self._share, self._erase = parameters.share, parameters.erase
        scales = 1 + round(math.log2(parameters.patch)) if parameters.haar else 1
        self._places = scales * (parameters.side // parameters.patch) ** 2
        self._complete = setting.learned(GflowSettings(**parameters.model_dump(exclude={"share", "erase"})))

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        mixed, count = to_unit(images), _some(self._share, images)
        erased = LEAST_ERASED + (self._erase - LEAST_ERASED) * torch.rand(()).item()
        keep = self._places - max(1, round(erased * self._places))
        if count:
            mixed[:count] = self._complete(mixed[:count], labels[:count], keep)
        return mixed, labels


class ReleasedParameters(ReleasedSettings):
    """`share`: of a batch that is augmented; a tenth, since it fills eight pixels at a time."""

    share: float = Field(default=0.1, ge=0, le=1)


class GflowReleased:
    """The first images of each batch, each partly erased and filled as the released code does."""

    Parameters = ReleasedParameters
    consistency = 0.0

    def __init__(self, parameters: ReleasedParameters, setting: Setting) -> None:
        self._share = parameters.share
        self._redraw = setting.learned(ReleasedSettings(**parameters.model_dump(exclude={"share"})))

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        mixed, count = to_unit(images), _some(self._share, images)
        if count:
            mixed[:count] = self._redraw(mixed[:count])
        return mixed, labels


def _some(share: float, images: Tensor) -> int:
    """How many of a batch: that share on average, of a batch of one too."""
    return int(share * len(images) + torch.rand(()).item())
