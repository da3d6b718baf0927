"""DAGAN (Antoniou et al., 2017; methods.md 11) while training: some images give way to others of their class.

The generator is learned before, from other classes (`bench/pipelines/dagan_fit.py`).
"""

import torch
from pydantic import Field
from torch import Tensor

from bench.augment.augmenter import Setting, to_unit
from bench.core.record import Record


class Parameters(Record):
    """`state`: the file of what DAGAN learned, `state_digest` its digest; `share`: of the images that it replaces."""

    state: str
    state_digest: str | None = None
    share: float = Field(default=0.5, ge=0, le=1)


class Dagan:
    """Each image for itself."""

    Parameters = Parameters
    consistency = 0.0

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        self._share, self._draw = parameters.share, setting.network(parameters.state)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One view; the labels stay."""
        mixed = to_unit(images)
        chosen = torch.rand(len(images)) < self._share
        if chosen.any():
            with torch.no_grad():
                mixed[chosen] = (self._draw(2 * mixed[chosen] - 1) + 1) / 2
        return mixed, labels
