"""Fitting a timm classifier: the same record on the same machine gives the same weights, bit for bit.

Order, initial weights and whatever a network draws while it trains come from the record's seed; a run
that is stopped and resumed gives the weights of an undisturbed one.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from bench.core.digests import canonical_json, derive_seed
from bench.core.errors import BenchError, DataError, UsageError
from bench.core.registry import unknown
from bench.core.training_run import TrainingRun
from bench.training.consistency import jensen_shannon
from bench.training.mixing import Synthetic
from bench.training.recipe import BETAS, MEAN, STD, rate_at

SAVE_SECONDS = 60.0


@dataclass(frozen=True)
class Checkpoints:
    """Where a run is kept while it trains: `saved` is the last state or None, `save` keeps a new one."""

    saved: bytes | None
    save: Callable[[bytes], None]
    seconds: float = SAVE_SECONDS


class Augment(Protocol):
    """Images uint8 [b, c, h, w] and labels to float32 [v b, c, h, w] in 0..1 and targets, by the global generator.

    With v > 1 views the targets are those of the first, and `consistency` weighs how far the answers are apart.
    """

    consistency: float

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]: ...


Watch = Callable[[nn.Module, int], None]


@dataclass(frozen=True)
class _Step:
    """What a step is: its loss, and who looks at the network after it."""

    loss_of: Callable[[nn.Module, int], Tensor]
    watch: Watch | None


@dataclass(frozen=True)
class Fitted:
    """`state`: name -> tensor; `parameters`: how many numbers were learned; `seconds`: of this process."""

    state: dict[str, Tensor]
    parameters: int
    seconds: float


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


def fit_network(
    run: TrainingRun,
    build: Callable[[], nn.Module],
    loss_of: Callable[[nn.Module, int], Tensor],
    *,
    checkpoints: Checkpoints | None = None,
    watch: Watch | None = None,
    quiet: bool = False,
) -> Fitted:
    """Fit what `build` makes by the run's budget; `loss_of(network, step)` is a step's loss. Else as `fit`."""
    started = time.monotonic()
    with _own_randomness(derive_seed("init", run.arch, run.seed)), one_thread():
        network = build()
        optimizer = _optimizer(network, run)
        done = _resume(network, optimizer, checkpoints)
        _loop(run, network, optimizer, _Step(loss_of, watch), done, checkpoints, quiet)
    state = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    return Fitted(state, sum(p.numel() for p in network.parameters()), time.monotonic() - started)


def pack(state: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """A safetensors file as bytes; the same state and metadata give the same bytes."""
    packed = save_tensors(state, metadata=metadata)
    size = int.from_bytes(packed[:8], "little")
    # The library writes metadata in an order of the moment; a header of sorted keys is as long, and always the same.
    header = canonical_json(json.loads(packed[8 : 8 + size])).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + packed[8 + size :]


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


def _optimizer(network: nn.Module, run: TrainingRun) -> torch.optim.Optimizer:
    """Weight decay on matrices and filters only; biases and norms are left free."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": run.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.0, betas=BETAS)


class Order:
    """Which of `images` go into each batch: epoch after epoch, in an order that depends on seed and epoch alone."""

    def __init__(self, images: int, run: TrainingRun) -> None:
        self._images, self._batch, self._seed = images, run.batch or 1, run.seed
        self._order = (-1, torch.empty(0, dtype=torch.int64))

    def rows(self, step: int) -> Tensor:
        """int64 [batch]."""
        return torch.stack([self._row(place) for place in range(step * self._batch, (step + 1) * self._batch)])

    def _row(self, place: int) -> Tensor:
        epoch, position = divmod(place, self._images)
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(derive_seed("order", self._seed, epoch))
            self._order = (epoch, torch.randperm(self._images, generator=generator))
        return self._order[1][position]


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


def _loop(
    run: TrainingRun,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    one: "_Step",
    done: int,
    checkpoints: Checkpoints | None,
    quiet: bool,
) -> None:
    steps, kept = run.steps or 0, time.monotonic()
    bar = tqdm(total=steps, initial=done, desc=run.id, unit="step", disable=True if quiet else None, leave=False)
    with bar:
        try:
            while done < steps:
                _step(run, network, optimizer, one.loss_of, done)
                done += 1
                if one.watch:
                    one.watch(network, done)
                bar.update()
                if checkpoints and done < steps and time.monotonic() - kept >= checkpoints.seconds:
                    checkpoints.save(_state(network, optimizer, done))
                    kept = time.monotonic()
        except KeyboardInterrupt:
            # An interrupt inside a step may leave half an update behind: only the last kept state is whole.
            if checkpoints:
                bar.write(f"{run.id}: stopped at step {done} of {steps}; the same command goes on from the last save")
            raise


def _step(
    run: TrainingRun, network: nn.Module, optimizer: Any, loss_of: Callable[[nn.Module, int], Tensor], step: int
) -> None:
    # Dropout and stochastic depth draw from the global generator: seeded by step, so that a resumed run draws the same.
    torch.manual_seed(derive_seed("step", run.seed, step))
    for group in optimizer.param_groups:
        group["lr"] = rate_at(step, steps=run.steps or 1, peak=run.learning_rate or 0.0)
    loss = loss_of(network, step)
    if not torch.isfinite(loss):
        raise BenchError(f"{run.id}: the loss is {loss.item()} at step {step}; lower the learning rate")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def _state(network: nn.Module, optimizer: torch.optim.Optimizer, done: int) -> bytes:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for name, parameter in network.named_parameters():
        tensors |= {f"optimizer.{name}/{key}": value for key, value in optimizer.state[parameter].items()}
    return save_tensors({name: tensor.contiguous() for name, tensor in tensors.items()} | {"done": torch.tensor(done)})


def _resume(network: nn.Module, optimizer: torch.optim.Optimizer, checkpoints: Checkpoints | None) -> int:
    """Load the saved state, if there is one; the number of steps that it has behind it."""
    if checkpoints is None or checkpoints.saved is None:
        return 0
    try:
        tensors = load_tensors(checkpoints.saved)
        network.load_state_dict({name: tensors[f"network.{name}"] for name in network.state_dict()})
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise DataError(f"the kept state of this run is damaged ({str(error)[:80]}); remove its folder") from None
    for name, parameter in network.named_parameters():
        prefix = f"optimizer.{name}/"
        for key, value in tensors.items():
            if key.startswith(prefix):
                # The layout of the parameter, so that the update takes the same path and gives the same bits.
                own = torch.empty_like(parameter.data) if value.shape == parameter.shape else torch.empty_like(value)
                optimizer.state[parameter][key.removeprefix(prefix)] = own.copy_(value)
    return int(tensors["done"])


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums are split by thread, so more threads give other bits; several runs at once use the other cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
