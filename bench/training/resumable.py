"""One training loop that can be killed: the same weights come out as without the kill.

Everything random in a step is drawn from a generator seeded by (seed, step), so that no generator's state has to be
kept."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from bench.core.errors import DataError, DiskError

StepLoss = Callable[[int, torch.Generator], Tensor]
_SILENT: ContextVar[bool] = ContextVar("silent", default=False)


@dataclass(frozen=True)
class Schedule:
    """AdamW for `steps` steps: linear warm-up, constant rate, then a cosine to zero over the last `decay_share`.

    With `restart`, a first cycle of that many steps is run to its end before (Loshchilov & Hutter, 2017). `steps` may
    be changed between two runs of one work folder as long as the last decay has not begun.
    """

    steps: int
    rate: float
    warmup: int = 200
    decay_share: float = 0.4
    weight_decay: float = 1e-4
    clip: float = 1.0
    ema: float = 0.999  # largest decay of the moving average; it starts small: min(ema, (1 + step) / (10 + step))
    seed: int = 0
    save_every: int = 500
    restart: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step counted from 0."""
        if step < self.restart:
            return replace(self, steps=self.restart, restart=0).rate_at(step)
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        first = self.steps - (self.steps - self.restart) * self.decay_share
        if step < first:
            return self.rate
        return self.rate * 0.5 * (1 + math.cos(math.pi * (step - first) / max(self.steps - first, 1)))


def fit(name: str, model: nn.Module, loss_of: StepLoss, schedule: Schedule, work: Path) -> dict[str, Tensor]:
    """Trains `model` in place and returns the moving average of its weights (a state dict).

    `loss_of(step, generator)` gives a step's scalar loss. The state lies in `work/<name>.pt`, written every
    `save_every` steps and at the end; a run that finds it goes on from there. DataError where it is damaged, or another
    run's.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay, betas=(0.9, 0.99)
    )
    average = {key: value.detach().clone() for key, value in model.state_dict().items()}
    checkpoint = work / f"{name}.pt"
    done = _resume(checkpoint, model, average, optimizer, schedule)
    progress = _Progress(name, done, schedule.steps)
    for step in range(done, schedule.steps):
        generator = torch.Generator().manual_seed(schedule.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate_at(step)
        loss = loss_of(step, generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
        optimizer.step()
        _follow(average, model, min(schedule.ema, (1 + step) / (10 + step)))
        progress.tell(step + 1, loss.item())
        if (step + 1) % schedule.save_every == 0 or step + 1 == schedule.steps:
            _save(checkpoint, model, average, optimizer, step + 1)
    return average


@contextmanager
def silent(wanted: bool = True) -> Iterator[None]:
    """Where `wanted`, nothing in the block tells how far its training is."""
    before = _SILENT.set(wanted or _SILENT.get())
    try:
        yield
    finally:
        _SILENT.reset(before)


class Kept(Protocol):
    """A network or an optimizer: what a stopped run needs of it."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state: Any) -> Any: ...


def repeat(
    name: str,
    parts: Mapping[str, Kept],
    step_of: Callable[[int], float],
    *,
    steps: int,
    work: Path,
    save_every: int = 100,
) -> None:
    """Does the steps that are left of `steps`; `step_of(step)` changes `parts` and gives a loss to tell of.

    For what has several networks or optimizers. `parts` lie in `work/<name>.pt` with the number of steps behind them;
    DataError where that file is damaged or another run's.
    """
    path = work / f"{name}.pt"
    done = _found(path, parts, steps) if path.exists() else 0
    progress = _Progress(name, done, steps)
    for step in range(done, steps):
        progress.tell(step + 1, step_of(step))
        if (step + 1) % save_every == 0 or step + 1 == steps:
            _keep(path, {key: part.state_dict() for key, part in parts.items()} | {"step": step + 1})


def _found(path: Path, parts: Mapping[str, Kept], steps: int) -> int:
    with _reading(path):
        state = torch.load(path, weights_only=True)
        for key, part in parts.items():
            part.load_state_dict(state[key])
        done = int(state["step"])
    return _at_most(steps, done, path)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # torch raises whatever a damaged file provokes
        what = (str(error).splitlines() or ["no reason given"])[0][:80]
        raise DataError(f"{path}: damaged, or of another run ({what}); remove it to start again") from None


def _at_most(steps: int, done: int, path: Path) -> int:
    if done > steps:
        raise DataError(f"{path}: holds {done} steps, more than the {steps} asked for; remove it to start again")
    return done


def average_of(name: str, work: Path) -> tuple[dict[str, Tensor], int]:
    """The moving average in a work folder and the number of steps behind it, for a look at a run in progress."""
    state = torch.load(work / f"{name}.pt", weights_only=True)
    return state["average"], state["step"]


@torch.no_grad()
def _follow(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    for key, value in model.state_dict().items():
        if value.dtype.is_floating_point:
            average[key].lerp_(value, 1 - decay)
        else:
            average[key].copy_(value)


def _save(
    path: Path, model: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, step: int
) -> None:
    _keep(path, {"model": model.state_dict(), "average": average, "optimizer": optimizer.state_dict(), "step": step})


def _keep(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file, or, where the disk refuses, leave it as it was: a DiskError."""
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, temporary)
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:  # the second is torch's word for a full disk
        with suppress(OSError):
            temporary.unlink()
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0][:120]
        raise DiskError(
            f"cannot write {path}: {reason}; make room or permission and run the same command again"
        ) from error


def _resume(
    path: Path, model: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, schedule: Schedule
) -> int:
    if not path.exists():
        return 0
    with _reading(path):
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        for key, value in state["average"].items():
            average[key].copy_(value)
        done = int(state["step"])
    return _at_most(schedule.steps, done, path)


class _Progress:
    """A line on stderr every few seconds: step, loss (running mean), steps a second, time left."""

    def __init__(self, name: str, done: int, steps: int) -> None:
        self.name, self.first, self.steps = name, done, steps
        self.started = self.told = time.monotonic()
        self.loss: float | None = None

    def tell(self, step: int, loss: float) -> None:
        self.loss = loss if self.loss is None else 0.98 * self.loss + 0.02 * loss
        now = time.monotonic()
        if _SILENT.get() or (now - self.told < 10 and step < self.steps):
            return
        self.told = now
        pace = (step - self.first) / max(now - self.started, 1e-9)
        left = (self.steps - step) / pace / 60
        line = f"{self.name}: step {step}/{self.steps}, loss {self.loss:.4f}, {pace:.2f} steps/s, {left:.1f} min left"
        print(line, file=sys.stderr, flush=True)
