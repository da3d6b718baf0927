"""The policy of an image GFlowNet: a small convolutional net that reads a partial image and its mask.

It says which place to fill next (and, going backward, which to empty), with which code, and how much flows through the
state. `order`:
- `uniform`: any allowed place, forward and backward alike;
- `learned`: both learned;
- `informative`: forward in proportion to the perplexity of a place's code, so that what is most in question is settled
  first (the future work of methods.md 17.1); backward learned.
Allowed is every place of the coarsest scale that is not complete; backward, of the finest that is not empty.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from bench.synthesis.gflow.layout import Words

Order = Literal["uniform", "learned", "informative"]


@dataclass(frozen=True)
class State:
    """Partial images: codes int64 [b, T], which of them are filled bool [b, T], and the class of each int64 [b]."""

    codes: Tensor
    filled: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Said:
    """What the policy says of states: log P of places, and of codes at each place, [b, T], [b, T], [b, T, K]; log F."""

    forward: Tensor
    backward: Tensor
    code: Tensor
    log_flow: Tensor


class Reader(nn.Module):
    """A small convolutional net, its first layer a patch wide: states to what `Policy` wants to know of them.

    That is [b, `outputs_of(words)`].
    """

    def __init__(self, words: Words, *, classes: int, width: int = 64, hidden: int = 256) -> None:
        super().__init__()
        self.words, grid = words, words.grid
        self.trunk = nn.Sequential(
            nn.Conv2d(grid.channels + grid.scales, width, grid.patch, grid.patch),
            nn.LeakyReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.LeakyReLU(),
            nn.Flatten(),
        )
        self.inner, self.of_class = nn.Linear(width * grid.patches, hidden), nn.Embedding(classes, hidden)
        outer = nn.Linear(hidden, outputs_of(words))
        self.outer = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), outer)

    def forward(self, state: State) -> Tensor:
        """Nothing of what is not filled is seen."""
        pixels = self.words.shown(state.codes, state.filled)
        return self.outer(self.inner(self.trunk(pixels)) + self.of_class(state.labels))


def outputs_of(words: Words) -> int:
    """How many numbers are said of a state: of each code at each place, of each place in both directions, and log F."""
    return words.grid.places * (words.codes + 2) + 1


class Policy(nn.Module):
    """`log_z` float [classes] is learned with the reader, `log_z_rate` times as fast."""

    def __init__(
        self,
        words: Words,
        reader: nn.Module,
        *,
        classes: int,
        order: Order = "uniform",
        log_z_rate: float = 100.0,
    ) -> None:
        super().__init__()
        self.words, self.reader, self.order, self._scale = words, reader, order, log_z_rate
        self._log_z = nn.Parameter(torch.zeros(classes))
        # So that it does not outweigh the net where gradients are clipped by their norm.
        self._log_z.register_hook(lambda gradient: gradient / log_z_rate)

    @property
    def log_z(self) -> Tensor:
        """The logarithm of the total flow, for each class."""
        return self._scale * self._log_z

    @torch.no_grad()
    def move_log_z(self, labels: Tensor, wanted: Tensor, *, share: float = 0.2) -> None:
        """A share of the way to the mean of what is wanted for each class, labels and `wanted` [b]."""
        for label in labels.unique():
            mean = wanted[labels == label].mean()
            self._log_z[label] += share * (mean / self._scale - self._log_z[label])

    def forward(self, state: State) -> Said:
        """What is said of each state; of a complete or an empty image, some of it is -inf throughout."""
        places = self.words.grid.places
        logits, to_fill, to_empty, flow = self.reader(state).split([places * self.words.codes, places, places, 1], 1)
        logits = logits.unflatten(1, (places, -1)).masked_fill(~self.words.known, -math.inf)
        code = torch.log_softmax(logits, 2)
        ahead, behind = self.allowed(state.filled)
        return Said(
            forward=_log_choice(self._ahead(to_fill, code), ahead),
            backward=_log_choice(torch.zeros_like(to_empty) if self.order == "uniform" else to_empty, behind),
            code=code,
            log_flow=self._log_flow(flow[:, 0], state),
        )

    def allowed(self, filled: Tensor) -> tuple[Tensor, Tensor]:
        """Which places may be filled next, and which may be emptied, bool [b, T] each."""
        of_scale = filled.unflatten(1, (self.words.grid.scales, -1))
        before = of_scale.all(2).long().cumprod(1)
        # Every coarser scale is complete; every finer one is empty.
        coarser = torch.cat([torch.ones_like(before[:, :1]), before[:, :-1]], 1).bool()
        finer_empty = (~of_scale.any(2)).flip(1).long().cumprod(1).flip(1)
        finer = torch.cat([finer_empty[:, 1:], torch.ones_like(before[:, :1])], 1).bool()
        return (
            (~of_scale & coarser[:, :, None]).flatten(1),
            (of_scale & finer[:, :, None]).flatten(1),
        )

    def _ahead(self, to_fill: Tensor, code: Tensor) -> Tensor:
        if self.order == "learned":
            return to_fill
        if self.order == "uniform":
            return torch.zeros_like(to_fill)
        with torch.no_grad():
            return -(code.exp() * code.clamp(min=-1e9)).sum(2)

    def _log_flow(self, flow: Tensor, state: State) -> Tensor:
        """log F of a policy that draws places and codes with equal chances, plus what is learned.

        Such flows balance from the beginning, but for the last step: only what the reward says is left to learn.
        """
        n = self.words.grid.patches
        filled = state.filled.unflatten(1, (self.words.grid.scales, -1)).sum(2)
        ways = math.lgamma(n + 1) - torch.lgamma(filled + 1.0) - torch.lgamma(n - filled + 1.0)
        codes = torch.tensor([len(book) for book in self.words.books])
        even = -(ways + filled * codes.log()).sum(1)
        return self.log_z[state.labels] + torch.where(state.filled.any(1), even + flow, 0.0)


def _log_choice(logits: Tensor, allowed: Tensor) -> Tensor:
    """log P [b, T] of the places, among those allowed; -inf throughout where none is."""
    masked = logits.masked_fill(~allowed, -math.inf)
    none = ~allowed.any(1, keepdim=True)
    return torch.log_softmax(masked.masked_fill(none, 0.0), 1).masked_fill(~allowed, -math.inf)
