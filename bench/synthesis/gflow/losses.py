"""The balance losses of GFlowNets (methods.md 17.3), as pure functions of logarithms along trajectories s_0 … s_T.

`log_pf`, `log_pb` float [b, T]: of each step, forward and backward. `log_flow` float [b, T + 1]: of each state, the
first log Z, the last log R(x). Each gives a mean of squares, zero for all trajectories exactly where P(x) = R(x) / Z.
"""

import torch
from torch import Tensor


def trajectory_balance(log_flow: Tensor, log_pf: Tensor, log_pb: Tensor) -> Tensor:
    """(log Z + sum log P_F - log R - sum log P_B)^2 (Malkin et al., 2022)."""
    return (log_flow[:, 0] + (log_pf - log_pb).sum(1) - log_flow[:, -1]).square().mean()


def detailed_balance(log_flow: Tensor, log_pf: Tensor, log_pb: Tensor) -> Tensor:
    """(log F(s) + log P_F - log F(s') - log P_B)^2 over all steps (Bengio et al., 2023)."""
    return (log_flow[:, :-1] + log_pf - log_flow[:, 1:] - log_pb).square().mean()


def sub_trajectory_balance(log_flow: Tensor, log_pf: Tensor, log_pb: Tensor, *, decay: float = 0.9) -> Tensor:
    """Balance of every part s_i … s_j of a trajectory, weighted by decay^(j - i) (Madan et al., 2023)."""
    steps = log_pf.shape[1]
    # Up to state i: what a part gains is a difference of two of these.
    gained = torch.cat([torch.zeros_like(log_pf[:, :1]), (log_pf - log_pb).cumsum(1)], dim=1) - log_flow
    residual = gained[:, None, :] - gained[:, :, None]
    place = torch.arange(steps + 1)
    length = place[None, :] - place[:, None]
    weight = torch.where(length > 0, decay ** length.clamp(min=0).double(), 0.0).to(log_pf.dtype)
    return (residual.square() * weight).sum((1, 2)).mean() / weight.sum()


def flow_matching(log_inflow: Tensor, log_flow: Tensor) -> Tensor:
    """(log of what flows into a state - log of what flows out)^2, both float [n]; R(x) flows out of an image x."""
    return (log_inflow - log_flow).square().mean()
