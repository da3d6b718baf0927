"""What a network that is being trained answers: its logits on whole sets, while it trains or after."""

import numpy as np
import torch
from torch import nn

from bench.training.recipe import MEAN, STD

CHUNK = 250


def logits_on(network: nn.Module, images: np.ndarray) -> np.ndarray:
    """float32 [n, classes] for images uint8 [n, h, w] or [n, h, w, c]; the network is left in its mode."""
    training = network.training
    network.eval()
    with torch.inference_mode():
        parts = [_prepared(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
        answers = [network(part) for part in parts]
    network.train(training)
    return torch.cat(answers).numpy()


def _prepared(images: np.ndarray) -> torch.Tensor:
    pixels = torch.from_numpy(np.ascontiguousarray(images))
    pixels = pixels.permute(0, 3, 1, 2) if pixels.ndim == 4 else pixels[:, None]
    return (pixels.float().div_(255) - MEAN).div_(STD).contiguous(memory_format=torch.channels_last)
