"""All images of a few places with a declared reward, and what a policy on them samples, to the last digit."""

import itertools
from functools import cache

import torch
from torch import Tensor, nn

from bench.synthesis.gflow.layout import Grid, Words
from bench.synthesis.gflow.policy import Policy, State, outputs_of

PIXELS = Words(Grid(channels=1, height=2, width=3, patch=1), (torch.tensor([[0.0], [1.0]]),))
"""64 binary images of 2 x 3 pixels."""
WAVELETS = Words(
    Grid(channels=1, height=2, width=4, patch=2, haar=True),
    (torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[0.0, 0.5, 0.0], [0.5, 0.0, -0.5]])),
)
"""36 images of 2 x 4 pixels: for each half its brightness, then one of two details."""
OFFSET = 1.3  # of log R, for the second of two classes


def log_reward(words: Words):
    """Pixels that like or dislike each other (an Ising model); the classes differ by a constant factor."""

    def of(codes: Tensor, labels: Tensor) -> Tensor:
        spins = 2 * words.decode(codes).flatten(1) - 1
        coupling = 0.6 * torch.randn(spins.shape[1], spins.shape[1], generator=torch.Generator().manual_seed(0))
        return 0.35 * ((spins @ coupling) * spins).sum(1) + OFFSET * labels

    return of


@cache
def images(words: Words) -> Tensor:
    """Every image, as codes int64 [n, T]."""
    return torch.tensor(list(itertools.product(*(range(int(known.sum())) for known in words.known))))


@cache
def log_rewards(words: Words) -> Tensor:
    """log R of every image of the first class, [n]."""
    return log_reward(words)(images(words), torch.zeros(len(images(words))))


@torch.no_grad()
def sampled_distribution(policy: Policy, label: int) -> Tensor:
    """P(x) [n] of the policy, by passing probability on from each partial image to its children."""
    words, places = policy.words, policy.words.grid.places
    states = torch.tensor(list(itertools.product(*(range(-1, int(known.sum())) for known in words.known))))
    filled = states >= 0
    said = policy(State(states.clamp(min=0), filled, torch.full((len(states),), label)))
    moves = (said.forward[:, :, None] + said.code).exp().double()
    weight = (words.codes + 1) ** torch.arange(places)
    key = (states + 1) @ weight
    probability = torch.zeros((words.codes + 1) ** places, dtype=torch.float64)
    probability[0] = 1
    for count, place in itertools.product(range(places), range(places)):
        rows = ((filled.sum(1) == count) & ~filled[:, place]).nonzero()[:, 0]
        for code in range(int(words.known[place].sum())):
            passed = probability[key[rows]] * moves[rows, place, code]
            probability.index_add_(0, key[rows] + weight[place] * (code + 1), passed)
    return probability[(images(words) + 1) @ weight]


class Table(nn.Module):
    """What is said of each state of the grid, each number free: what a net would be that can learn anything."""

    def __init__(self, words: Words, *, classes: int) -> None:
        super().__init__()
        self.states = (words.codes + 1) ** words.grid.places
        self.weight = (words.codes + 1) ** torch.arange(words.grid.places)
        self.rows = nn.Embedding(classes * self.states, outputs_of(words))
        nn.init.zeros_(self.rows.weight)

    def forward(self, state: State) -> Tensor:
        return self.rows(state.labels * self.states + ((state.codes + 1) * state.filled) @ self.weight)
