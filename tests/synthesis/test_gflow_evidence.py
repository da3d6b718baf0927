"""log Z by trajectories: from both sides it is found where the policy is far off; and likelihood by partial states."""

import pytest
import torch

from bench.synthesis.gflow.evidence import bridge, imbalance, weights_of
from bench.synthesis.gflow.flows import backwards, from_nothing, logarithms, unlikelihood_of
from bench.synthesis.gflow.losses import trajectory_balance
from bench.synthesis.gflow.policy import Policy
from tests.synthesis.gflow_grid import PIXELS, WAVELETS, Table, images, log_reward, log_rewards


def random_policy(words, spread=1.0, order="learned"):
    torch.manual_seed(0)
    policy = Policy(words, Table(words, classes=1), classes=1, order=order)
    torch.nn.init.normal_(policy.reader.rows.weight, std=spread)
    return policy


@pytest.mark.parametrize("order", ["uniform", "learned"])
def test_a_policy_that_is_far_off_still_tells_log_z_from_both_sides(order):
    policy, generator, n = random_policy(PIXELS, order=order), torch.Generator().manual_seed(0), 4000
    labels, true = torch.zeros(n, dtype=torch.int64), log_rewards(PIXELS).logsumexp(0).item()

    def back(log_odds):
        rows = torch.multinomial(torch.softmax(log_odds, 0), n, replacement=True, generator=generator)
        paths = backwards(policy, images(PIXELS)[rows], labels, generator)
        weights, log_pb = weights_of(policy, paths, log_rewards(PIXELS)[rows])
        return weights, log_pb + (log_rewards(PIXELS) - log_odds)[rows]

    own = from_nothing(policy, labels, generator)
    ahead, _ = weights_of(policy, own, log_reward(PIXELS)(own.codes, labels))
    assert ahead.mean() < true - 1
    assert bridge(ahead, *back(log_rewards(PIXELS))) == pytest.approx(true, abs=0.2)
    # Draws of another law will do where it is known by how much it differs.
    assert bridge(ahead, *back(torch.zeros(64))) == pytest.approx(true, abs=0.2)
    if order == "uniform":
        assert back(log_rewards(PIXELS))[0].mean() > true + 1


def test_equal_weights_are_log_z_themselves():
    assert bridge(torch.full((3,), -7.5), torch.full((2,), -7.5)) == pytest.approx(-7.5, abs=1e-6)


@pytest.mark.parametrize("words", [PIXELS, WAVELETS])
def test_partial_states_say_how_likely_whole_trajectories_are(words):
    policy, generator, n = random_policy(words, 0.3), torch.Generator().manual_seed(1), 20_000
    labels = torch.zeros(n, dtype=torch.int64)
    codes = images(words)[torch.randint(len(images(words)), (n,), generator=generator)]
    with torch.no_grad():
        found = unlikelihood_of(policy, codes, labels, generator).item()
        _, log_pf, _ = logarithms(policy, backwards(policy, codes, labels, generator), torch.zeros(n))
    assert found == pytest.approx(-log_pf.sum(1).mean().item(), rel=0.01)


def test_imbalance_is_the_root_of_the_trajectory_balance_loss():
    policy, generator = random_policy(PIXELS), torch.Generator().manual_seed(2)
    policy.move_log_z(torch.tensor([0]), torch.tensor([3.0]), share=1.0)
    paths = from_nothing(policy, torch.zeros(70, dtype=torch.int64), generator)
    reward = log_reward(PIXELS)(paths.codes, paths.labels)
    with torch.no_grad():
        expected = trajectory_balance(*logarithms(policy, paths, reward)).item()
    assert imbalance(policy, paths, reward) == pytest.approx(expected**0.5, rel=1e-5)
