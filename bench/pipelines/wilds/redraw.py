"""`--augment gflow` on a track of WILDS: part of a training input is drawn anew by a GFlowNet learned from a share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import digest_json
from bench.core.gflow_settings import GflowSettings, class_share
from bench.core.wilds_run import WildsRun

SETTINGS = GflowSettings()
SHARE, LEAST_ERASED = 0.5, 0.05


def learned_redraw(run: WildsRun, examples: Any, truth: np.ndarray, *, data_root: Path) -> Callable[[Any, int], Any]:
    """(input float32 [c, h, w], row) to the input with, every other time, some of its places drawn anew.

    It learns from the share of `examples` that `SETTINGS` says, of each class, or of all where the truth is a number,
    or boxes; where it lies: bench/pipelines/learned/learned_augmenters.py.
    """
    import torch

    from bench.pipelines.learned.trainer import trainer
    from bench.synthesis.gflow.learn import completed, learn_policy, resized

    classes, labels = 1, np.zeros(len(truth), dtype=np.int64)
    if truth.dtype == np.int64:
        found, labels = np.unique(truth, return_inverse=True)
        classes = len(found)
    rows = class_share(labels, SETTINGS, classes=classes)
    # Bands have units of their own: each is brought to 0..1 by what is seen of it.
    seen = torch.stack([resized(_image(examples[row][0])[None], SETTINGS.side)[0] for row in rows])
    low, high = seen.amin((0, 2, 3)).view(-1, 1, 1), seen.amax((0, 2, 3)).view(-1, 1, 1)
    extent = (high - low).clamp(min=1e-6)
    whole = SETTINGS.model_copy(update={"fraction": 1.0})
    data = [run.track, run.version, run.arm, run.data, run.generated, run.recipe.image_size]
    digest = digest_json([SETTINGS.model_dump(), *data])
    with trainer(data_root / "augmenters" / f"gflow-{digest[7:23]}") as fit:
        policy = learn_policy(whole, (seen - low) / extent, torch.from_numpy(labels[rows]), classes=classes, fit=fit)
    places = policy.words.grid.places

    def redraw(given: torch.Tensor, row: int) -> torch.Tensor:
        if torch.rand(()) >= SHARE:
            return given
        erased = LEAST_ERASED + (1 - LEAST_ERASED) * torch.rand(()).item()
        generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
        keep, label = places - max(1, round(erased * places)), torch.tensor([labels[row]])
        drawn = completed(policy, ((given - low) / extent)[None], label, keep=keep, generator=generator)[0]
        return drawn * extent + low

    return redraw


def _image(given: Any) -> Any:
    """Of an input, which may have a target beside it."""
    return given[0] if isinstance(given, tuple) else given
