"""Fitting DAGAN (Antoniou et al., 2017; methods.md 11): WGAN-GP on pairs of images of one class.

The critic reads a pair: two different real images of a class, or one and what the generator draws from it. It takes
five steps for each of the generator's. One thread does the sums, and what a step draws is seeded by (seed, step), so
that a run that was killed ends in the same bits.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from bench.core.digests import derive_seed
from bench.core.errors import DataError
from bench.training.resumable import repeat

BETAS = (0.0, 0.9)
PENALTY = 10.0
SLOPE = 0.2
Norm = Literal["image", "released"]


@dataclass(frozen=True)
class DaganPlan:
    """`steps` of the generator; `norm` of the penalty's gradient over the whole `image`, or, as `released`, down each
    column alone; `rotate`: both images of a pair by the same number of quarter turns."""

    steps: int
    batch: int = 32
    rate: float = 1e-4
    critic_steps: int = 5
    norm: Norm = "image"
    rotate: bool = False
    seed: int = 0
    save_every: int = 50


class Critic(nn.Module):
    """A DenseNet with layer norm on pairs float [b, 2 c, s, s]; one number each, higher for real pairs."""

    def __init__(self, channels: int, size: int, *, widths: tuple[int, ...], inner: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.levels, self.shrink = nn.ModuleList(), nn.ModuleList()
        before = 2 * channels
        for width in widths:
            self.shrink.append(_Normed(before, width, 2))
            self.levels.append(nn.ModuleList(_Normed(width * (1 + place), width, 1) for place in range(inner)))
            before, size = width * (1 + inner), (size + 1) // 2
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(before * size**2, 1)

    def forward(self, pairs: Tensor) -> Tensor:
        """float [b]."""
        found = pairs
        for shrink, growth in zip(self.shrink, self.levels, strict=True):
            found = shrink(found)
            for one in growth:
                found = torch.cat([found, one(found)], 1)
        return self.last(self.dropout(found.flatten(1)))[:, 0]


class _Normed(nn.Module):
    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, width, 3, stride=stride, padding=1)
        self.norm = nn.GroupNorm(1, width)

    def forward(self, images: Tensor) -> Tensor:
        return leaky_relu(self.norm(self.convolution(images)), SLOPE)


class Pairs:
    """Pairs of different images of one class, each class as often as it has images."""

    def __init__(self, labels: np.ndarray) -> None:
        self._labels = torch.from_numpy(labels)
        self._rows = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
        alone = [label for label, rows in self._rows.items() if len(rows) < 2]
        if alone:
            raise DataError(f"dagan: a pair is two images of a class, class {alone[0]} has one; give it more images")

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows int64 [count] of the first images and of their partners, which are never the same images."""
        first = torch.randint(len(self._labels), (count,), generator=generator)
        second = []
        for row in first.tolist():
            rows = self._rows[int(self._labels[row])]
            other = int(torch.randint(len(rows) - 1, (), generator=generator))
            second.append(rows[other + int(other >= np.searchsorted(rows, row))])
        return first, torch.tensor(second)


def critic_loss(critic: nn.Module, given: Tensor, real: Tensor, drawn: Tensor, mix: Tensor, norm: Norm) -> Tensor:
    """E D(x_i, x_g) - E D(x_i, x_j) + 10 E (|grad_u D(x_i, u)| - 1)^2, u between x_j and x_g by `mix` [b, 1, 1, 1]."""
    wasserstein = critic(torch.cat([given, drawn], 1)).mean() - critic(torch.cat([given, real], 1)).mean()
    between = (real + mix * (drawn - real)).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(torch.cat([given, between], 1)).sum(), between, create_graph=True)
    # The released code sums over the first axis of an image alone: its height.
    squares = slope.square().sum(dim=(1, 2, 3) if norm == "image" else 2)
    return wasserstein + PENALTY * ((squares + 1e-12).sqrt() - 1).square().mean()


def fit_dagan(
    generator: nn.Module, critic: nn.Module, images: Tensor, labels: np.ndarray, *, plan: DaganPlan, work: Path
) -> None:
    """Fit `generator(x, z)` in place on images float [n, c, s, s] in -1..1 of the source classes; resumable in `work`.

    The generator says how wide z is (`noise_width`). DataError where a class has one image only, or the loss is not
    finite.
    """
    pairs, noise = Pairs(labels), generator.noise_width
    assert isinstance(noise, int)
    optimizers = [torch.optim.Adam(net.parameters(), lr=plan.rate, betas=BETAS) for net in (generator, critic)]

    def pair(random: torch.Generator) -> tuple[Tensor, Tensor]:
        given, real = (images[rows] for rows in pairs.draw(plan.batch, random))
        turns = int(torch.randint(4, (), generator=random)) if plan.rotate else 0
        return torch.rot90(given, turns, (2, 3)), torch.rot90(real, turns, (2, 3))

    def step_of(step: int) -> float:
        random = torch.Generator().manual_seed(derive_seed("dagan", plan.seed, step))
        torch.manual_seed(derive_seed("dagan dropout", plan.seed, step))
        for _ in range(plan.critic_steps):
            given, real = pair(random)
            with torch.no_grad():
                drawn = generator(given, torch.randn(len(given), noise, generator=random))
            mix = torch.rand(len(given), 1, 1, 1, generator=random)
            loss = critic_loss(critic, given, real, drawn, mix, plan.norm)
            _down(optimizers[1], loss)
        given, _ = pair(random)
        drawn = generator(given, torch.randn(len(given), noise, generator=random))
        _down(optimizers[0], -critic(torch.cat([given, drawn], 1)).mean())
        if not torch.isfinite(loss):
            raise DataError(f"dagan: the critic's loss is {loss.item()} at step {step}; lower the rate")
        return -loss.item()

    parts = {"generator": generator, "critic": critic, "generator-adam": optimizers[0], "critic-adam": optimizers[1]}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            generator.train()
            critic.train()
            repeat("dagan", parts, step_of, steps=plan.steps, work=work, save_every=plan.save_every)
    finally:
        torch.set_num_threads(threads)
        generator.eval()


def _down(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
