"""An image tower and a row of text features a class, as a network."""

from typing import Any

from torch import Tensor, nn


class ZeroShot(nn.Module):
    """Cosine similarities of images and classes, scaled as the model was trained: logits [n, C]."""

    def __init__(self, clip: Any, features: Tensor) -> None:
        super().__init__()
        self.visual = clip.visual
        self.register_buffer("features", features)
        self.register_buffer("scale", clip.logit_scale.detach().exp())

    def forward(self, images: Tensor) -> Tensor:
        """Logits of normalised images [n, 3, h, w]."""
        return self.scale * nn.functional.normalize(self.visual(images), dim=-1) @ self.features.T
