"""A transformers classifier as a plain network."""

from torch import Tensor, nn


class LogitsOf(nn.Module):
    """The `logits` [n, C] that `model` answers to `pixel_values`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Logits of normalised images [n, 3, h, w]."""
        return self.model(pixel_values=images).logits
