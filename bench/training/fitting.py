"""Fitting any network by a run's budget: the same record on the same machine gives the same weights, bit for bit.

Order, initial weights and whatever a network draws while it trains come from the record's seed; a run
that is stopped and resumed gives the weights of an undisturbed one.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from tqdm import tqdm

from bench.core.digests import canonical_json, derive_seed
from bench.core.errors import BenchError, DataError
from bench.core.training_run import TrainingRun
from bench.training.recipe import BETAS, rate_at

SAVE_SECONDS = 60.0


@dataclass(frozen=True)
class Checkpoints:
    """Where a run is kept while it trains: `saved` is the last state or None, `save` keeps a new one."""

    saved: bytes | None
    save: Callable[[bytes], None]
    seconds: float = SAVE_SECONDS


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


def _optimizer(network: nn.Module, run: TrainingRun) -> torch.optim.Optimizer:
    """Weight decay on matrices and filters only; biases and norms are left free."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": run.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.0, betas=BETAS)


def _loop(
    run: TrainingRun,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    one: _Step,
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
