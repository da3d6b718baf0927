"""AugMix (Hendrycks et al., 2020), as its released code has it (methods.md 10.2).

out = (1 - m) x + m sum_i w_i chain_i(x), w ~ Dirichlet(1, …, 1), m ~ Beta(1, 1); the weights add up to one, so mixing
before normalisation is mixing after it. The loss on three views (clean, mixed, mixed) is the trainer's.
"""

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Beta, Dirichlet

from bench.augment.augmenter import Setting, refuse_unless_coloured, to_unit
from bench.augment.operations import apply, chosen, one_of, picture_of, pixels_of
from bench.core.record import Record


class Parameters(Record):
    """`severity`: 3 for small images, 1 for ImageNet's; `width`: chains; `depth`: operations a chain, -1 for 1 to 3;
    `all_ops`: those that overlap ImageNet-C too; `jsd`: weight of the consistency loss, 0 trains on one mixed view."""

    severity: float = Field(default=3.0, ge=0.1, le=10)
    width: int = Field(default=3, ge=1, le=10)
    depth: int = Field(default=-1, ge=-1, le=10)
    all_ops: bool = False
    jsd: float = Field(default=12.0, ge=0)


class AugMix:
    """Each image for itself."""

    Parameters = Parameters

    def __init__(self, parameters: Parameters, setting: Setting) -> None:
        if parameters.all_ops:
            refuse_unless_coloured("augmix?all_ops=true", setting, remedy="leave all_ops out")
        self._said, self._operations = parameters, chosen(all_ops=parameters.all_ops)
        self.consistency = parameters.jsd

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Three views with a consistency loss (clean, mixed, mixed), else one mixed view; the labels stay."""
        mixed = [torch.stack([self.mixed(image) for image in images]) for _ in range(2 if self.consistency else 1)]
        return torch.cat([to_unit(images), *mixed]) if self.consistency else mixed[0], labels

    def mixed(self, image: Tensor) -> Tensor:
        """uint8 [c, h, w] to one mixture float32 [c, h, w] in 0..1."""
        weights = Dirichlet(torch.ones(self._said.width)).sample()
        share = Beta(1.0, 1.0).sample()
        pixels = image.numpy()
        chains = torch.stack([to_unit(torch.from_numpy(self._chain(pixels))) for _ in weights])
        return (1 - share) * to_unit(image) + share * torch.tensordot(weights, chains, 1)

    def _chain(self, pixels: np.ndarray) -> np.ndarray:
        picture = picture_of(pixels)
        depth = self._said.depth if self._said.depth >= 0 else int(torch.randint(1, 4, ()))
        for _ in range(depth):
            picture = apply(one_of(self._operations), picture, self._said.severity)
        return pixels_of(picture).copy()
