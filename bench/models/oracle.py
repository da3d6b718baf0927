"""The oracle of a track: a committed classifier that judges generated images and gives features for FID."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file

from bench.core.digests import digest_bytes
from bench.core.errors import DataError
from bench.core.registry import unknown

SHIPPED = Path(__file__).parent / "weights"
BATCH = 500


class Oracle:
    """A loaded oracle: `digest` of its weights, `input` in words, and what it reads in images."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        weights = folder / "model.safetensors"
        self.name = folder.name
        self.digest = digest_bytes(weights.read_bytes())
        self._mean, self._std = config["mean"][0], config["std"][0]
        self._network = timm.create_model(
            config["arch"], in_chans=config["in_chans"], num_classes=config["num_classes"]
        ).eval()
        self._network.load_state_dict(load_file(weights))
        self.side = config["input_size"][1]
        self.input = f"{self.side}x{self.side} grey, no resize, (x / 255 - {self._mean:g}) / {self._std:g}"

    def features(self, images: Sequence[Image.Image] | np.ndarray) -> np.ndarray:
        """Penultimate features float32 [n, d] of grey images, uint8 [n, h, w]."""
        return self.read(images)[1]

    def read(self, images: Sequence[Image.Image] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits float32 [n, C] and penultimate features float32 [n, d]."""
        pixels = np.stack([np.asarray(image) for image in images])
        parts = [self._read(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
        logits, features = zip(*parts, strict=True)
        return np.concatenate(logits), np.concatenate(features)

    @torch.inference_mode()
    def _read(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batch = (torch.from_numpy(np.ascontiguousarray(pixels))[:, None].float() / 255 - self._mean) / self._std
        pooled = self._network.forward_head(self._network.forward_features(batch), pre_logits=True)
        return self._network.get_classifier()(pooled).numpy(), pooled.numpy()


def open_oracle(name: str) -> Oracle:
    """A shipped oracle by name; DataError with the known ones where there is none."""
    known = [path.parent.name for path in SHIPPED.glob("*/config.json")]
    if name not in known:
        raise DataError(unknown(name, known=known, kind="oracle"))
    return Oracle(SHIPPED / name)
