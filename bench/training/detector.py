"""Fitting a detector: the loop, schedule and resumption of the classifiers, with torchvision's detection losses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bench.core.boxes import Boxes
from bench.core.training_run import TrainingRun
from bench.training.fitting import Checkpoints, Fitted, Order, fit_network

Augment = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Examples:
    """What a detector learns from: `read(i)` gives image i as uint8 [h, w] or [h, w, 3], `truth` its boxes."""

    read: Callable[[int], np.ndarray]
    truth: Boxes
    count: int


def fit_detector(
    run: TrainingRun,
    build: Callable[[], nn.Module],
    examples: Examples,
    *,
    first_label: int,
    augment: Augment | None = None,
    checkpoints: Checkpoints | None = None,
    quiet: bool = False,
) -> Fitted:
    """Fit what `build` makes to `examples` as `run` says; `augment` changes image, corners and labels of each draw.

    Crowds are left out. Errors as `fit` of a classifier.
    """
    truth = examples.truth if examples.truth.crowd is None else examples.truth.rows(~examples.truth.crowd)
    targets = _targets(truth, examples.count, first_label)
    order = Order(examples.count, run)

    def loss_of(network: nn.Module, step: int) -> Tensor:
        rows = order.rows(step).tolist()
        drawn = [_example(examples.read(row), *targets[row], augment) for row in rows]
        losses = network([image for image, _ in drawn], [target for _, target in drawn])
        return torch.stack(list(losses.values())).sum()

    return fit_network(run, build, loss_of, checkpoints=checkpoints, quiet=quiet)


def as_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 [h, w] or [h, w, 3] as uint8 [c, h, w]."""
    array = torch.from_numpy(np.array(pixels))
    return array[None] if array.ndim == 2 else array.permute(2, 0, 1).contiguous()


def _targets(truth: Boxes, count: int, first_label: int) -> Sequence[tuple[Tensor, Tensor]]:
    order = np.argsort(truth.image, kind="stable")
    cuts = np.cumsum(np.bincount(truth.image, minlength=count))[:-1]
    corners = np.split(truth.corners[order].astype(np.float32), cuts)
    labels = np.split(truth.label[order] + first_label, cuts)
    return [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in zip(corners, labels, strict=True)]


def _example(
    pixels: np.ndarray, boxes: Tensor, labels: Tensor, augment: Augment | None
) -> tuple[Tensor, dict[str, Tensor]]:
    image = as_tensor(pixels)
    if augment is not None:
        image, boxes, labels = augment(image, boxes, labels)
    return image.float().div_(255), {"boxes": boxes, "labels": labels}
