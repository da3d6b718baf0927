"""log Z of a policy's reward, as trajectories say it: from the policy, and to images that are drawn by the reward.

Of a trajectory, w = log R(x) + sum log P_B - sum log P_F. Where the policy is right, every w is log Z. Else its mean is
below log Z along the policy's own trajectories and above it along those to draws of the target, by how far the two are
apart in nats (the two directions of the Kullback-Leibler divergence).
"""

import torch
from torch import Tensor

from bench.core.errors import DataError
from bench.synthesis.gflow.flows import Trajectories, backwards, from_nothing, logarithms
from bench.synthesis.gflow.policy import Policy
from bench.synthesis.gflow.reward import Reward

FIRST, LEAST = 64, 4  # trajectories, of all classes together, and of each
HALVINGS = 60


def begin(policy: Policy, reward: Reward) -> None:
    """log Z at what balances the untrained policy on draws of the density; DataError where there is no reward."""
    labels, generator = _labels(policy, FIRST), torch.Generator().manual_seed(0)
    given = backwards(policy, reward.draw(labels, generator), labels, generator)
    log_reward = reward(given.codes, labels)
    if not torch.isfinite(log_reward).all():
        label = labels[~torch.isfinite(log_reward)][0].item()
        raise DataError(f"gflow: the reward of images of class number {label} is zero; raise temperature or bandwidth")
    policy.move_log_z(labels, weights_of(policy, given, log_reward)[0], share=1.0)


def level(policy: Policy, reward: Reward, *, count: int) -> None:
    """log Z at what about `count` trajectories of each kind say together."""
    labels, generator = _labels(policy, count), torch.Generator().manual_seed(1)
    own = from_nothing(policy, labels, generator)
    given = backwards(policy, reward.draw(labels, generator), labels, generator)
    ahead, _ = weights_of(policy, own, reward(own.codes, labels))
    back, order = weights_of(policy, given, reward(given.codes, labels))
    shares = reward.said(given.codes, labels) + order
    found = [bridge(ahead[of], back[of], shares[of]) for of in labels == torch.arange(len(policy.log_z))[:, None]]
    policy.move_log_z(torch.arange(len(found)), torch.tensor(found), share=1.0)


@torch.no_grad()
def weights_of(policy: Policy, paths: Trajectories, log_reward: Tensor) -> tuple[Tensor, Tensor]:
    """w of each trajectory, [b], and its log P_B: how much likelier its order is than a random one's, but for a sum."""
    parts, orders = [], []
    for rows in torch.arange(len(paths.codes)).split(64):
        some = Trajectories(paths.codes[rows], paths.labels[rows], paths.order[rows])
        _, log_pf, log_pb = logarithms(policy, some, log_reward[rows])
        parts.append(log_reward[rows] + (log_pb - log_pf).sum(1))
        orders.append(log_pb.sum(1))
    return torch.cat(parts), torch.cat(orders)


@torch.no_grad()
def imbalance(policy: Policy, paths: Trajectories, log_reward: Tensor) -> float:
    """How far trajectories are from balance, in nats: the root of their trajectory-balance loss."""
    weights, _ = weights_of(policy, paths, log_reward)
    return (policy.log_z[paths.labels] - weights).square().mean().sqrt().item()


def bridge(ahead: Tensor, back: Tensor, log_shares: Tensor | None = None) -> float:
    """log Z by w [n] of the policy's trajectories and w [m] of those to draws of the target (Bennett, 1976).

    `log_shares` [m]: how much likelier than it was drawn each of the latter is under the target, up to a constant.
    """
    ahead, back = ahead.double(), back.double()
    shares = torch.softmax(torch.zeros_like(back) if log_shares is None else log_shares.double(), 0)
    low = min(ahead.min(), back.min()).item() - 1.0
    high = max(ahead.max(), back.max()).item() + 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        excess = torch.sigmoid(ahead - middle).mean() - (shares * torch.sigmoid(middle - back)).sum()
        low, high = (middle, high) if excess > 0 else (low, middle)
    return (low + high) / 2


def _labels(policy: Policy, count: int) -> Tensor:
    classes = len(policy.log_z)
    return torch.arange(classes).repeat(max(LEAST, count // classes))
