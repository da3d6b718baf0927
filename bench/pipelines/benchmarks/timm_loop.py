"""The loop of timm's `validate.py`, written anew: a DataLoader with 2 workers, the eager model, batches of 64.

`python -m bench.pipelines.benchmarks.timm_loop MODEL FOLDER LIMIT` prints seconds of the loop (the model is
loaded, the workers start within) and the best class of each image, as JSON.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from torch import nn

from bench.models.package import PACKAGES, packaged_network
from bench.models.preprocessing import Preprocessing

BATCH, WORKERS = 64, 2


class Files(torch.utils.data.Dataset):
    """Images and labels of a tree whose folders, in order, are the classes."""

    def __init__(self, root: Path, limit: int, steps) -> None:
        folders = sorted(path for path in root.iterdir() if path.is_dir())
        files = [(file, label) for label, folder in enumerate(folders) for file in sorted(folder.iterdir())]
        self._files = [files[int(at)] for at in np.linspace(0, len(files) - 1, limit).round()]
        self._steps = steps

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int):
        path, label = self._files[index]
        return self._steps(Image.open(path).convert("RGB")), label


def main(name: str, root: str, limit: str) -> None:
    """Time one pass."""
    network = packaged_network(PACKAGES[name], where=name).eval()
    prepare: Preprocessing = PACKAGES[name].prepare
    steps = timm.data.create_transform(
        (3, prepare.size, prepare.size),
        interpolation=prepare.interpolation,
        mean=prepare.mean,
        std=prepare.std,
        crop_pct=0.875,
    )
    files = Files(Path(root), int(limit), steps)
    found: list[int] = []
    start = time.perf_counter()
    loader = torch.utils.data.DataLoader(files, batch_size=BATCH, num_workers=WORKERS)
    criterion, losses = nn.CrossEntropyLoss(), []
    with torch.inference_mode():
        for images, labels in loader:
            scores = network(images)
            losses.append(criterion(scores, labels).item())
            found += scores.topk(5)[1][:, 0].tolist()
    print(json.dumps({"seconds": time.perf_counter() - start, "top1": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
