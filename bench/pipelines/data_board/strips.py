"""A strip of pictures of a method: some real shots, and what became of each."""

import base64
from pathlib import Path

import numpy as np
from PIL import Image

from bench.augment.augmenter import Augmenter
from bench.core.digests import derive_seed
from bench.core.images import ImageSet
from bench.core.training_run import TrainingRun
from bench.pipelines.data_board.court import Court
from bench.pipelines.data_board.images import Drawn
from bench.pipelines.training.augmentation import open_augmenter
from bench.reports.contact_sheet import fitted, png
from bench.reports.series import PAPER

SHOTS, RESULTS, TILE, GAP = 3, 4, 48, 6


def strip_of(run: TrainingRun, real: ImageSet, drawn: Drawn | None, court: Court, *, data_root: Path) -> str:
    """Base64 PNG: for `SHOTS` real images of different classes, the source, then `RESULTS` of its images.

    Where images are made from no source, its place is empty; where a method only augments, the results are that.
    """
    pixels = court.pixels(real)
    labels = np.unique(real.labels)
    augment = None if drawn else open_augmenter(run, pixels, real.labels, data_root=data_root, quiet=True)
    chosen = [
        int(np.flatnonzero(real.labels == labels[len(labels) * (2 * k + 1) // (2 * SHOTS)])[0]) for k in range(SHOTS)
    ]
    width = (1 + RESULTS) * TILE + GAP
    sheet = Image.new("RGB", (SHOTS * (width + 2 * GAP) - 2 * GAP, TILE), PAPER)
    for place, row in enumerate(chosen):
        left = place * (width + 2 * GAP)
        if drawn is None or drawn.from_source:
            sheet.paste(fitted(Image.fromarray(pixels[row]), TILE), (left, 0))
        if drawn is not None:
            results = [drawn.images.read(int(one)) for one in drawn.of[row][:RESULTS]]
        else:
            results = _augmented(augment, pixels, row, int(real.labels[row]))
        for number, image in enumerate(results):
            sheet.paste(fitted(image, TILE), (left + TILE + GAP + number * TILE, 0))
    return base64.b64encode(png(sheet)).decode()


def _augmented(augment: Augmenter | None, pixels: np.ndarray, row: int, label: int) -> list[Image.Image]:
    """What an augmentation makes of one image, beside others of its batch; nothing where there is none."""
    if augment is None:
        return []
    import torch

    others = [(row + k * 7) % len(pixels) for k in range(RESULTS)]
    batch = torch.from_numpy(pixels[[row, *others]])
    batch = batch.permute(0, 3, 1, 2) if batch.ndim == 4 else batch[:, None]
    results = []
    with torch.random.fork_rng(devices=[]):
        for number in range(RESULTS):
            torch.manual_seed(derive_seed("strip", number))
            images, _ = augment(batch, torch.full((len(batch),), label))
            array = (images[0].clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
            results.append(Image.fromarray(array[..., 0] if array.shape[2] == 1 else array))
    return results
