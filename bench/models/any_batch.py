"""An exported program as a network for batches of any size."""

from typing import Any

import torch
from torch import Tensor, nn


class AnyBatch(nn.Module):
    """`module`, which takes `batch` images at once (None: any number), asked as often as is needed."""

    exported = True

    def __init__(self, module: Any, batch: int | None) -> None:
        super().__init__()
        self.module, self.batch = module, batch

    def forward(self, images: Tensor) -> Tensor:
        """Logits [n, C] of normalised images [n, c, h, w]."""
        if self.batch is None:
            return self.module(images)
        parts = [self._whole(images[start : start + self.batch]) for start in range(0, len(images), self.batch)]
        return torch.cat(parts)

    def _whole(self, images: Tensor) -> Tensor:
        missing = self.batch - len(images)  # type: ignore[operator]
        filled = torch.cat([images, *[images[-1:]] * missing]) if missing else images
        return self.module(filled)[: len(images)]
