"""The oracle of the track `digits`: a small timm classifier that reads digits and gives features for FID."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from bench.training.resumable import Schedule, fit

CONFIG = {
    "arch": "test_resnet",
    "in_chans": 1,
    "num_classes": 10,
    "input_size": [1, 32, 32],
    "mean": [0.5],
    "std": [0.5],
}
SCHEDULE = Schedule(
    steps=4000, rate=2e-3, warmup=200, decay_share=0.7, weight_decay=0.02, ema=0.998, seed=4, save_every=500
)
BATCH = 64


def build_oracle() -> nn.Module:
    """The untrained network."""
    return timm.create_model(CONFIG["arch"], in_chans=CONFIG["in_chans"], num_classes=CONFIG["num_classes"])


def to_input(images: np.ndarray) -> Tensor:
    """uint8 [n, 32, 32] -> float32 [n, 1, 32, 32], normalised by the config's mean and std."""
    return (torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).float() / 255 - CONFIG["mean"][0]) / CONFIG[
        "std"
    ][0]


def fit_oracle(images: np.ndarray, labels: np.ndarray, work: Path, *, schedule: Schedule = SCHEDULE) -> nn.Module:
    """Fits the oracle on pictures uint8 [n, 32, 32] and labels int64 [n], augmented at random; resumable."""
    torch.manual_seed(schedule.seed)
    model = build_oracle().train()
    targets = torch.from_numpy(labels)

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = torch.randint(len(images), (BATCH,), generator=generator)
        batch = augment(to_input(images[rows.numpy()]), generator)
        return nn.functional.cross_entropy(model(batch), targets[rows], label_smoothing=0.05)

    model.load_state_dict(fit("oracle", model, loss_of, schedule, work))
    return model.eval()


def augment(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Random affine change, blur and polarity, image by image; float [b, 1, 32, 32] in -1..1 in and out."""
    count = len(batch)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=generator)

    angle, zoom, shear = uniform(-0.2, 0.2), uniform(0.85, 1.15), uniform(-0.15, 0.15)
    rows = [
        torch.stack([angle.cos() / zoom, shear - angle.sin(), uniform(-0.12, 0.12)], 1),
        torch.stack([angle.sin(), angle.cos() / zoom, uniform(-0.12, 0.12)], 1),
    ]
    grid = nn.functional.affine_grid(torch.stack(rows, 1), list(batch.shape), align_corners=False)
    batch = nn.functional.grid_sample(batch, grid, padding_mode="border", align_corners=False)
    blurred = nn.functional.avg_pool2d(nn.functional.pad(batch, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    batch = torch.where(uniform(0, 1).view(-1, 1, 1, 1) < 0.15, blurred, batch)
    return torch.where(uniform(0, 1).view(-1, 1, 1, 1) < 0.2, -batch, batch)


def save_oracle(model: nn.Module, folder: Path) -> None:
    """Writes model.safetensors and config.json, as `bench.models.oracle` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
