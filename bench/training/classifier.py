"""Fitting a timm classifier on images and labels."""

from typing import Protocol

import numpy as np
import timm
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bench.core.errors import UsageError
from bench.core.registry import unknown
from bench.core.training_run import TrainingRun
from bench.training.consistency import jensen_shannon
from bench.training.fitting import Checkpoints, Fitted, Order, Watch, fit_network
from bench.training.mixing import Synthetic
from bench.training.recipe import MEAN, STD


class Augment(Protocol):
    """Images uint8 [b, c, h, w] and labels to float32 [v b, c, h, w] in 0..1 and targets, by the global generator.

    With v > 1 views the targets are those of the first, and `consistency` weighs how far the answers are apart.
    """

    consistency: float

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]: ...


def fit(
    run: TrainingRun,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    augment: Augment | None = None,
    synthetic: Synthetic | None = None,
    checkpoints: Checkpoints | None = None,
    watch: Watch | None = None,
    quiet: bool = False,
) -> Fitted:
    """Train as `run` says on images uint8 [n, h, w] or [n, h, w, 3] and labels int64 [n].

    `synthetic`: generated images that take the place of some of them, before they are augmented. `watch(network, step)`
    is called after each step, of which the first is 1, and leaves the network as it was.

    UsageError for an unknown architecture, or one that does not take images of this size; BenchError
    when the loss is no longer finite. On an interrupt the state is saved first.
    """
    data = _Data(images, labels, run, augment, synthetic)

    def build() -> nn.Module:
        return _network(run, channels=images.shape[3] if images.ndim == 4 else 1)

    def loss_of(network: nn.Module, step: int) -> Tensor:
        pixels, wanted = data.batch(step)
        answers = _answers(network, pixels, run)
        loss = cross_entropy(answers[: len(wanted)], wanted, label_smoothing=run.label_smoothing or 0.0)
        if data.consistency:
            loss = loss + data.consistency * jensen_shannon(answers, len(pixels) // len(wanted))
        return loss

    return fit_network(run, build, loss_of, checkpoints=checkpoints, watch=watch, quiet=quiet)


def _network(run: TrainingRun, *, channels: int) -> nn.Module:
    known = timm.list_models()
    if run.arch not in known:
        raise UsageError(unknown(run.arch, known=known, kind="architecture"))
    network = timm.create_model(run.arch, in_chans=channels, num_classes=len(run.classes))
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(2, channels, run.image_size, run.image_size))
    except (AssertionError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise UsageError(
            f"architecture {run.arch!r} does not take {run.image_size}x{run.image_size} images: {reason}"
        ) from None
    return network.train().to(memory_format=torch.channels_last)


def _answers(network: nn.Module, pixels: Tensor, run: TrainingRun) -> Tensor:
    try:
        return network(pixels)
    except ValueError:
        # Of a batch norm that gets one number a channel.
        if len(pixels) > 1:
            raise
        raise UsageError(f"{run.arch} cannot be fitted on batches of one image; say a larger budget.batch") from None


class _Data:
    """The batches of a run."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        run: TrainingRun,
        augment: Augment | None,
        synthetic: Synthetic | None,
    ) -> None:
        self._images, self._labels = torch.from_numpy(images), torch.from_numpy(labels)
        self._order, self._augment, self._synthetic = Order(len(labels), run), augment, synthetic
        self.consistency = augment.consistency if augment else 0.0

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Normalised images float32 [b, c, h, w], or as many views of them as the augmentation has, and targets."""
        rows = self._order.rows(step)
        images, targets = self._images[rows], self._labels[rows]
        images = self._synthetic.put_in(images, rows) if self._synthetic else images
        images = images.permute(0, 3, 1, 2) if images.ndim == 4 else images[:, None]
        pixels, targets = self._augment(images, targets) if self._augment else (images.float().div_(255), targets)
        return pixels.sub_(MEAN).div_(STD).contiguous(memory_format=torch.channels_last), targets
