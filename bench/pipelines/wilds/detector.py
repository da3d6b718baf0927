"""The detectors that `train` fits on tracks of WILDS: made here, and asked about a split."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.core.digests import derive_seed
from bench.core.errors import UsageError
from bench.core.wilds_answers import Boxes
from bench.core.wilds_run import WildsRun


def detector_of(run: WildsRun, weights: Path | None) -> Any:
    """The run's detector, from a file of weights or from its seed.

    `fasterrcnn_resnet50_fpn` is torchvision's own; any HEAD:BACKBONE of the detection tracks starts from its seed.
    """
    import torch

    from bench.models.detector_network import detector_network
    from bench.models.torchvision_detector import ARCH, coco_network
    from bench.models.weights_file import read_state

    recipe = run.recipe
    if weights and recipe.arch != ARCH:
        raise UsageError(f"--weights {weights.name}: {recipe.arch} starts from its seed; say --weights none")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("init", recipe.arch, run.seed))
        if recipe.arch == ARCH:
            return coco_network(read_state(weights) if weights else None, classes=run.classes, size=recipe.image_size)
        return detector_network(recipe.arch, classes=run.classes, channels=recipe.channels, size=recipe.image_size)


def found_in(network: Any, examples: Any, *, device: str) -> list[Boxes]:
    """What `network` finds in each example, in their order."""
    from bench.models.detector_network import find

    answers = []
    for row in range(len(examples)):
        (image, _), _ = examples[row]
        corners, _, scores = find(network, image.to(device), first=0)
        answers.append(Boxes(*(np.asarray(one.cpu(), dtype=np.float32) for one in (corners, scores))))
    return answers
