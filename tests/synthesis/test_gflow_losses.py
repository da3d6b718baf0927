"""The balance losses against torchgfn's, on the same policy and trajectories, and their zero at R / Z."""

import pytest
import torch
from torch import nn

from bench.synthesis.gflow import losses
from bench.synthesis.gflow.flows import Trajectories, logarithms, loss_of
from bench.synthesis.gflow.policy import Policy, State
from tests.synthesis.gflow_grid import PIXELS, Table, log_reward, log_rewards

gfn_gym = pytest.importorskip("gfn.gym", reason="torchgfn, the reference, is not installed")

COUNT = 6
REWARD = log_reward(PIXELS)


@pytest.fixture(scope="module")
def policy() -> Policy:
    torch.manual_seed(0)
    policy = Policy(PIXELS, Table(PIXELS, classes=1), classes=1, order="learned")
    nn.init.normal_(policy.reader.rows.weight)
    policy.move_log_z(torch.tensor([0]), torch.tensor([1.3]), share=1.0)
    return policy


def said(policy: Policy, states):
    """What our policy says of torchgfn's states: pixels -1 (not filled), 0 or 1."""
    return policy(State(states.clamp(min=0).long(), states >= 0, torch.zeros(len(states), dtype=torch.int64)))


class Edges(nn.Module):
    """log P_F of each of torchgfn's actions (pixel i to 0, pixel i to 1, exit), plus log F(s) if asked for."""

    input_dim = COUNT

    def __init__(self, policy: Policy, *, flows: bool = False) -> None:
        super().__init__()
        self.policy, self.flows = policy, flows

    def forward(self, states):
        ours = said(self.policy, states)
        moves = (ours.forward[:, :, None] + ours.code).transpose(1, 2).flatten(1)
        leave = torch.zeros(len(states), 1)
        if self.flows:
            log_flow = state_flow(self.policy, states)
            moves, leave = moves + log_flow, log_flow
        return torch.cat([moves.clamp(min=-1e9), leave], 1)


class Backward(nn.Module):
    input_dim = COUNT

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, states):
        log_pb = said(self.policy, states).backward.clamp(min=-1e9)
        return torch.cat([log_pb, log_pb], 1)


class Flow(nn.Module):
    input_dim = COUNT

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, states):
        return state_flow(self.policy, states)


def state_flow(policy: Policy, states):
    """log F(s) [n, 1], log R at the end."""
    reward = REWARD(states.clamp(min=0).long(), torch.zeros(len(states)))
    return torch.where((states >= 0).all(1), reward, said(policy, states).log_flow)[:, None]


class Energy(gfn_gym.discrete_ebm.EnergyFunction):
    def forward(self, states):
        return -REWARD(((states + 1) // 2).long(), torch.zeros(len(states)))


@pytest.fixture(scope="module")
def reference(policy):
    """torchgfn's environment of the same images, and some of its trajectories under our policy, in both forms."""
    from gfn.gflownet import TBGFlowNet
    from gfn.modules import DiscretePolicyEstimator

    env = gfn_gym.DiscreteEBM(ndim=COUNT, energy=Energy())
    forward = DiscretePolicyEstimator(Edges(policy), n_actions=13, preprocessor=env.preprocessor)
    backward = DiscretePolicyEstimator(Backward(policy), n_actions=13, preprocessor=env.preprocessor, is_backward=True)
    balance = TBGFlowNet(forward, backward, logZ=policy.log_z[0].item())
    torch.manual_seed(1)
    theirs = balance.sample_trajectories(env, n_samples=7)
    actions = theirs.actions.tensor[:COUNT, :, 0].T
    whole = theirs.states.tensor[COUNT].long()
    ours = Trajectories(whole, torch.zeros(7, dtype=torch.int64), actions % COUNT)
    return env, forward, backward, balance, theirs, ours


def along(policy, ours):
    with torch.no_grad():
        return logarithms(policy, ours, REWARD(ours.codes, ours.labels))


def test_log_z_of_the_reference_environment_is_the_sum_over_all_images(reference):
    assert reference[0].log_partition == pytest.approx(log_rewards(PIXELS).logsumexp(0).item(), abs=1e-4)


def test_trajectory_balance_is_torchgfns(policy, reference):
    env, _, _, balance, theirs, ours = reference
    expected = balance.loss(env, theirs, recalculate_all_logprobs=True).item()
    assert losses.trajectory_balance(*along(policy, ours)).item() == pytest.approx(expected, rel=1e-4)


def test_detailed_balance_is_torchgfns_less_its_exit_step(policy, reference):
    from gfn.gflownet import DBGFlowNet
    from gfn.modules import ScalarEstimator

    env, forward, backward, _, theirs, ours = reference
    flow = ScalarEstimator(Flow(policy), preprocessor=env.preprocessor)
    balance = DBGFlowNet(forward, backward, flow)
    _, _, scores = balance.get_scores(env, balance.to_training_samples(theirs), recalculate_all_logprobs=True)
    # Its last step, from a complete image to the exit, balances here by definition.
    expected = scores.square().sum().item() / (7 * COUNT)
    assert losses.detailed_balance(*along(policy, ours)).item() == pytest.approx(expected, rel=1e-4)


def test_sub_trajectory_balance_is_torchgfns_scores_with_our_weights(policy, reference):
    from gfn.gflownet import SubTBGFlowNet
    from gfn.modules import ScalarEstimator

    env, forward, backward, _, theirs, ours = reference
    balance = SubTBGFlowNet(forward, backward, ScalarEstimator(Flow(policy), preprocessor=env.preprocessor))
    scores, _ = balance.get_scores(env, theirs)
    total = weights = 0.0
    for length in range(1, COUNT + 1):
        # The last start of each length ends at torchgfn's exit; ours end at the image.
        residuals = scores[length - 1][: COUNT - length + 1]
        total += 0.9**length * residuals.square().sum(0).mean().item()
        weights += 0.9**length * (COUNT - length + 1)
    ours_value = losses.sub_trajectory_balance(*along(policy, ours), decay=0.9).item()
    assert ours_value == pytest.approx(total / weights, rel=1e-4)


def test_flow_matching_is_torchgfns(policy, reference, monkeypatch):
    from gfn.gflownet import FMGFlowNet
    from gfn.modules import DiscretePolicyEstimator

    env, *_, ours = reference
    at = 3
    monkeypatch.setattr(torch, "randint", lambda *args, **kwargs: torch.full((7, 1), at))
    with torch.no_grad():
        log_r = REWARD(ours.codes, ours.labels)
        value = loss_of(policy, ours, log_r, loss="flow-matching", generator=torch.Generator()).item()
    partial = torch.where(ours.order.argsort(1) < at, ours.codes, -1)
    edges = DiscretePolicyEstimator(Edges(policy, flows=True), n_actions=13, preprocessor=env.preprocessor)
    with torch.no_grad():
        expected = FMGFlowNet(edges).flow_matching_loss(env, env.states_from_tensor(torch.cat([partial, ours.codes])))
    assert value == pytest.approx(expected.item(), rel=1e-4)


def test_one_unbalanced_step_is_seen_by_every_loss_and_balance_is_zero():
    flow = torch.tensor([[2.0, 1.0, 0.5]])
    pf, pb = torch.tensor([[-0.7, -0.2]]), torch.tensor([[0.3, 0.3]])
    for loss in (losses.trajectory_balance, losses.detailed_balance, losses.sub_trajectory_balance):
        assert loss(flow, pf, pb).item() == pytest.approx(0.0, abs=1e-12)
    off = pf + torch.tensor([[0.0, 0.5]])
    assert losses.trajectory_balance(flow, off, pb).item() == pytest.approx(0.25)
    assert losses.detailed_balance(flow, off, pb).item() == pytest.approx(0.125)
    # Parts 0-1, 1-2 and 0-2, weights 0.9, 0.9 and 0.81; the last two are off by a half.
    assert losses.sub_trajectory_balance(flow, off, pb).item() == pytest.approx(0.25 * 1.71 / 2.61)
    assert losses.flow_matching(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0])).item() == pytest.approx(0.5)
