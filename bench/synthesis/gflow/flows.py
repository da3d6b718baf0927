"""Trajectories of an image GFlowNet, and the logarithms along them that the balance losses compare."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from bench.synthesis.gflow.losses import detailed_balance, flow_matching, sub_trajectory_balance, trajectory_balance
from bench.synthesis.gflow.policy import Policy, Said, State

Loss = Literal["trajectory", "detailed", "subtrajectory", "flow-matching"]
BALANCES = {
    "trajectory": trajectory_balance,
    "detailed": detailed_balance,
    "subtrajectory": sub_trajectory_balance,
}
LogReward = Callable[[Tensor, Tensor], Tensor]
"""Codes int64 [b, T] of whole images and labels int64 [b] to log R(x) [b]."""


@dataclass(frozen=True)
class Trajectories:
    """Whole images as codes [b, T], their labels [b], and the `order` int64 [b, T] in which places are filled."""

    codes: Tensor
    labels: Tensor
    order: Tensor

    def states(self, upto: int) -> State:
        """The first `upto` states of each trajectory, one trajectory after the other."""
        rank = self.order.argsort(1)
        filled = (rank[:, None] < torch.arange(upto)[None, :, None]).flatten(0, 1)
        return State(self.codes.repeat_interleave(upto, 0), filled, self.labels.repeat_interleave(upto))

    def and_also(self, other: "Trajectories") -> "Trajectories":
        """These and those."""
        pairs = ((self.codes, other.codes), (self.labels, other.labels), (self.order, other.order))
        return Trajectories(*(torch.cat(pair) for pair in pairs))


@torch.no_grad()
def roll_out(policy: Policy, start: State, generator: torch.Generator) -> Trajectories:
    """Partial images completed by the policy. Every one must have as many filled places, which come first."""
    codes, filled, rows = start.codes.clone(), start.filled.clone(), torch.arange(len(start.codes))
    steps = [filled.long().argsort(dim=1, descending=True, stable=True)[:, : int(filled[0].sum())]]
    while not filled.all():
        said = policy(State(codes, filled, start.labels))
        place = _draw(said.forward, generator)
        codes[rows, place] = _draw(said.code[rows, place], generator)
        filled[rows, place] = True
        steps.append(place[:, None])
    return Trajectories(codes, start.labels, torch.cat(steps, 1))


def from_nothing(policy: Policy, labels: Tensor, generator: torch.Generator) -> Trajectories:
    """Whole images of the labels [b]."""
    empty = torch.zeros(len(labels), policy.words.grid.places, dtype=torch.int64)
    return roll_out(policy, State(empty, empty.bool(), labels), generator)


def backwards(policy: Policy, codes: Tensor, labels: Tensor, generator: torch.Generator) -> Trajectories:
    """Trajectories that end in given images, in random order, scale by scale: balance holds off the policy too."""
    keys = torch.rand(codes.shape, generator=generator) + policy.words.grid.scale_of
    return Trajectories(codes, labels, keys.argsort(1))


def loss_of(
    policy: Policy, paths: Trajectories, log_reward: Tensor, *, loss: Loss, generator: torch.Generator
) -> Tensor:
    """The chosen balance loss of trajectories that end at `log_reward` [b], a scalar."""
    if loss == "flow-matching":
        return _flow_matching(policy, paths, log_reward, generator)
    return BALANCES[loss](*logarithms(policy, paths, log_reward))


def unlikelihood_of(policy: Policy, codes: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """-log P_F of trajectories to given images in random order, unbiased: a scalar, in nats.

    Of each image one partial state is asked, and of that all places that may come next (Hoogeboom et al., 2022), so
    that one pass of the net teaches as much as many trajectories would.
    """
    places = codes.shape[1]
    rank = backwards(policy, codes, labels, generator).order.argsort(1)
    filled = rank < torch.randint(places, (len(codes), 1), generator=generator)
    said, (ahead, _) = policy(State(codes, filled, labels)), policy.allowed(filled)
    log_pf = (said.forward + said.code.gather(2, codes[:, :, None])[..., 0]).masked_fill(~ahead, 0.0)
    return -places * (log_pf.sum(1) / ahead.sum(1)).mean()


def settling_of(policy: Policy, paths: Trajectories, log_reward: Tensor, *, loss: Loss) -> Tensor:
    """How far the flows are from balance with the policy as it is, which they follow, and not it them.

    log Z is moved at once to where it balances, since it would be tens of nats behind at its own rate.
    """
    log_flow, log_pf, log_pb = logarithms(policy, paths, log_reward)
    policy.move_log_z(paths.labels, log_reward + (log_pb - log_pf).detach().sum(1))
    # What flow matching learns are state flows, which detailed balance learns too.
    return BALANCES.get(loss, detailed_balance)(log_flow, log_pf.detach(), log_pb)


def logarithms(policy: Policy, paths: Trajectories, log_reward: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(log_flow [b, T + 1], log_pf [b, T], log_pb [b, T]) as the losses want them."""
    b, places = paths.order.shape
    said = policy(paths.states(places + 1))
    each = Said(*(part.unflatten(0, (b, places + 1)) for part in vars(said).values()))
    place = paths.order[:, :, None]
    code = paths.codes.gather(1, paths.order)[:, :, None, None]
    at_place = each.code[:, :-1].gather(2, place[..., None].expand(-1, -1, -1, each.code.shape[3]))
    log_pf = each.forward[:, :-1].gather(2, place)[..., 0] + at_place.gather(3, code)[..., 0, 0]
    log_pb = each.backward[:, 1:].gather(2, place)[..., 0]
    return torch.cat([each.log_flow[:, :-1], log_reward[:, None]], 1), log_pf, log_pb


def _flow_matching(policy: Policy, paths: Trajectories, log_reward: Tensor, generator: torch.Generator) -> Tensor:
    """At one state between and at the end of each trajectory: what flows in from all its parents, and out of it.

    A parent is the state without one of the places that may be emptied. What flows out is F(s), since the policy is
    normalised.
    """
    b, places = paths.order.shape
    at = torch.randint(1, max(places, 2), (b, 1), generator=generator)
    rank = paths.order.argsort(1)
    filled = torch.cat([rank < at, torch.ones_like(rank, dtype=torch.bool)])  # 2b T
    codes, labels = paths.codes.repeat(2, 1), paths.labels.repeat(2)
    row, place = policy.allowed(filled)[1].nonzero(as_tuple=True)
    parents = filled[row].index_put((torch.arange(len(row)), place), torch.tensor(False))
    said = policy(State(codes[row], parents, labels[row]))
    each = torch.arange(len(row))
    flows = said.log_flow + said.forward[each, place] + said.code[each, place, codes[row, place]]
    inflow = torch.full(filled.shape, -math.inf).index_put((row, place), flows).logsumexp(1)
    between = policy(State(codes[:b], filled[:b], labels[:b])).log_flow
    return flow_matching(inflow, torch.cat([between, log_reward]))


def _draw(log_odds: Tensor, generator: torch.Generator) -> Tensor:
    return torch.multinomial(log_odds.exp(), 1, generator=generator)[:, 0]
