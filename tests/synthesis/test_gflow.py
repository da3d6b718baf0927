"""It is a GFlowNet: on an enumerable grid each loss samples R / Z and learns log Z; on images, the declared reward."""

import itertools

import pytest
import torch

from bench.core.errors import DataError, UsageError
from bench.core.gflow_settings import GflowSettings
from bench.core.record import parse
from bench.pipelines.learned.trainer import trainer
from bench.synthesis.gflow.evidence import begin
from bench.synthesis.gflow.flows import backwards, from_nothing, logarithms, loss_of, roll_out
from bench.synthesis.gflow.layout import Grid, haar_basis, learn_words
from bench.synthesis.gflow.learn import (
    completed,
    from_tensors,
    learn_policy,
    learn_reward,
    new_policy,
    to_tensors,
)
from bench.synthesis.gflow.losses import trajectory_balance
from bench.synthesis.gflow.policy import Policy, Reader, State
from bench.synthesis.gflow.reward import Reward
from bench.training import resumable
from tests.synthesis.gflow_grid import (
    OFFSET,
    PIXELS,
    WAVELETS,
    Table,
    images,
    log_reward,
    log_rewards,
    sampled_distribution,
)

SMALL = GflowSettings(side=8, patch=4, codes=8, steps=6, batch=4, fraction=1.0)


def balanced(policy, work, loss, *, steps, rate, classes=1, on_policy=False):
    """The policy, trained on the grid by one of the losses, on images of every kind, taken apart in random order."""
    reward, everything = log_reward(policy.words), images(policy.words)

    def step(number, generator):
        labels = torch.randint(classes, (64,), generator=generator)
        codes = everything[torch.randint(len(everything), (64,), generator=generator)]
        paths = backwards(policy, codes, labels, generator)
        if on_policy:
            paths = paths.and_also(from_nothing(policy, labels, generator))
        return loss_of(policy, paths, reward(paths.codes, paths.labels), loss=loss, generator=generator)

    with trainer(work) as fit:
        fit(loss, policy, step, steps=steps, rate=rate, warmup=20, decay_share=0.6, ema=0.0, save_every=10**6)
    return policy


def off_by(policy, label=0):
    """Total variation between what is sampled and R / Z, and the relative error of log Z."""
    log_z = log_rewards(policy.words).logsumexp(0)
    target = (log_rewards(policy.words) - log_z).exp()
    sampled = sampled_distribution(policy, label)
    assert sampled.sum().item() == pytest.approx(1.0, abs=1e-5)
    log_z = log_z.item() + OFFSET * label
    return 0.5 * (sampled - target).abs().sum().item(), abs(policy.log_z[label].item() / log_z - 1)


def table(words, order, *, rate, start=3.0):
    policy = Policy(words, Table(words, classes=1), classes=1, order=order, log_z_rate=0.3 / rate)
    policy.move_log_z(torch.tensor([0]), torch.tensor([start]), share=1.0)
    return policy


LOSSES, ORDERS = ("trajectory", "detailed", "subtrajectory", "flow-matching"), ("uniform", "learned", "informative")
QUICK = {("trajectory", "learned"), ("detailed", "uniform"), ("subtrajectory", "learned"), ("flow-matching", "uniform")}


@pytest.mark.parametrize(
    ("loss", "order"),
    [pytest.param(*one, marks=() if one in QUICK else pytest.mark.slow) for one in itertools.product(LOSSES, ORDERS)],
)
def test_on_a_grid_it_samples_in_proportion_to_the_reward_and_learns_log_z(loss, order, tmp_path):
    policy = balanced(table(PIXELS, order, rate=0.05), tmp_path, loss, steps=350, rate=0.05)
    variation, log_z = off_by(policy)
    assert variation < 0.05
    assert log_z < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_so_do_wavelets_from_coarse_to_fine(loss, tmp_path):
    policy = balanced(table(WAVELETS, "learned", rate=0.05), tmp_path, loss, steps=1500, rate=0.05)
    variation, log_z = off_by(policy)
    assert variation < 0.05
    assert log_z < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_so_does_the_net_for_each_class_on_its_own_trajectories_too(loss, tmp_path):
    torch.manual_seed(1)
    reader = Reader(PIXELS, classes=2, width=8, hidden=64)
    policy = Policy(PIXELS, reader, classes=2, log_z_rate=10.0)
    # Detailed balance hands the reward down one step at a time.
    steps = 700 if loss == "detailed" else 500
    balanced(policy, tmp_path, loss, steps=steps, rate=1e-2, classes=2, on_policy=True)
    for label in (0, 1):
        variation, log_z = off_by(policy, label)
        assert variation < 0.05
        assert log_z < 0.02


def test_the_grid_test_can_fail():
    assert off_by(table(PIXELS, "uniform", rate=0.1))[0] > 0.2


@pytest.mark.parametrize(("patch", "haar"), [(2, False), (2, True), (4, True)])
def test_images_are_cut_and_joined_without_loss(patch, haar):
    grid = Grid(channels=8, height=12, width=4, patch=patch, haar=haar)
    given = torch.randn(3, 8, 12, 4)
    values = grid.cut(given)
    assert [part.shape[1:] for part in values] == [(grid.patches, size) for size in grid.sizes]
    assert torch.allclose(grid.join(values), given, atol=1e-5)
    if not haar:
        assert torch.equal(values[0][0, 1], given[0, :, :2, 2:4].flatten())


def test_the_wavelets_are_haars():
    basis = haar_basis(4)
    assert torch.allclose(basis @ basis.T, torch.eye(16), atol=1e-6)
    assert torch.equal(basis[0], torch.full((16,), 0.25))
    assert (basis[1:4].abs() == 0.25).all()
    assert (basis[4:] != 0).sum(1).tolist() == [4] * 12
    flat = Grid(channels=1, height=4, width=4, patch=4, haar=True)
    coarse, *fine = flat.cut(torch.full((1, 1, 4, 4), 0.5))
    assert coarse.item() == pytest.approx(2.0)
    assert all(part.abs().max() < 1e-6 for part in fine)


def test_coarse_scales_are_complete_before_fine_ones_begin():
    policy = table(WAVELETS, "uniform", rate=0.1)
    states = torch.tensor([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 1], [1, 1, 1, 1]]).bool()
    ahead, behind = policy.allowed(states)
    assert ahead.int().tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert behind.int().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1]]


def test_informative_places_come_first():
    policy = table(PIXELS, "informative", rate=0.1)
    with torch.no_grad():
        policy.reader.rows.weight[0, :2] = torch.tensor([0.0, 8.0])  # the first pixel is all but known
    nothing = torch.zeros(1, 6, dtype=torch.int64)
    odds = policy(State(nothing, nothing.bool(), nothing[:, 0])).forward.exp()[0]
    assert odds[0] < 0.6 * odds[1]
    assert odds[1:].tolist() == pytest.approx([odds[1].item()] * 5)


def test_the_net_does_not_see_what_is_not_filled():
    torch.manual_seed(0)
    reader, codes = Reader(PIXELS, classes=2, width=4, hidden=16), torch.tensor([[1, 0, 1, 1, 0, 0]])
    filled = torch.tensor([[True, False, True, True, False, True]])
    other = torch.where(filled, codes, 1 - codes)
    label = torch.tensor([0])
    assert torch.equal(reader(State(codes, filled, label)), reader(State(other, filled, label)))
    assert not torch.equal(reader(State(codes, filled, label)), reader(State(codes, filled, 1 - label)))


@pytest.fixture(scope="module")
def bars():
    """Two classes of 8 x 8 images: a bright left or right half, on noise."""
    labels = torch.arange(12) % 2
    pixels = 0.2 * torch.rand(12, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for image, label in zip(pixels, labels.tolist(), strict=True):
        image[:, :, 4 * label : 4 * label + 4] += 0.7
    return pixels, labels


@pytest.fixture(scope="module")
def learned(bars, tmp_path_factory):
    settings = SMALL.model_copy(update={"steps": 150, "batch": 16, "rate": 5e-3})
    with trainer(tmp_path_factory.mktemp("gflow")) as fit:
        reward = learn_reward(settings, *bars, classes=2, fit=fit)
        return settings, reward, learn_policy(settings, *bars, classes=2, fit=fit)


def imbalance(policy, reward):
    generator, labels = torch.Generator().manual_seed(3), torch.arange(40) % 2
    paths = from_nothing(policy, labels, generator)
    with torch.no_grad():
        return trajectory_balance(*logarithms(policy, paths, reward(paths.codes, labels))).item()


def test_images_of_a_class_look_like_it_and_log_z_is_what_the_reward_says(learned):
    settings, reward, policy = learned
    before = new_policy(settings, reward.words, classes=2)
    begin(before, reward)
    assert imbalance(policy, reward) < 0.1 * imbalance(before, reward)
    generator, labels = torch.Generator().manual_seed(0), torch.arange(80) % 2
    drawn = reward.words.decode(from_nothing(policy, labels, generator).codes)
    sides = drawn[:, 0, :, 4:].mean((1, 2)) - drawn[:, 0, :, :4].mean((1, 2))
    assert ((sides > 0) == (labels == 1)).float().mean() > 0.9
    for label in (0, 1):
        assert policy.log_z[label].item() == pytest.approx(reward.log_z(label, draws=500, generator=generator), abs=0.5)


def test_log_z_of_the_reward_is_its_sum_over_all_images(bars):
    settings = SMALL.model_copy(update={"codes": 3, "outliers": 0.3})
    words = learn_words(Grid(1, 8, 8, 4), bars[0], codes=3, seed=0)
    reward = Reward(settings, words, *bars)
    everything = torch.cartesian_prod(*[torch.arange(3)] * 4)
    whole = reward(everything, torch.zeros(len(everything))).logsumexp(0).item()
    assert reward.log_z(0, draws=5, generator=torch.Generator()) == pytest.approx(whole, abs=1e-3)


def test_what_is_kept_stays_bit_for_bit_and_the_rest_is_drawn(bars, learned):
    policy, generator = learned[2], torch.Generator().manual_seed(0)
    done = completed(policy, *bars, keep=3, generator=generator)
    (change,) = policy.words.grid.cut((done - bars[0]).abs())
    assert ((change.amax(2) > 0).sum(1) == 1).all()
    large = bars[0].repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(completed(policy, large, bars[1], keep=4, generator=generator), large)
    assert completed(policy, large, bars[1], keep=0, generator=generator).shape == large.shape


def test_a_state_of_tensors_draws_the_same(learned):
    settings, _, policy = learned
    again, labels = from_tensors(settings, to_tensors(policy)), torch.tensor([0, 1])
    draws = [from_nothing(one, labels, torch.Generator().manual_seed(0)).codes for one in (policy, again)]
    assert torch.equal(*draws)


def test_a_trajectory_begins_with_what_was_given(learned):
    policy = learned[2]
    filled = torch.tensor([[False, True, False, True]] * 3)
    codes, labels = torch.randint(4, (3, 4)), torch.tensor([0, 1, 0])
    paths = roll_out(policy, State(codes, filled, labels), torch.Generator().manual_seed(2))
    assert paths.order[:, :2].tolist() == [[1, 3]] * 3
    assert torch.equal(paths.codes[:, [1, 3]], codes[:, [1, 3]])


@pytest.mark.parametrize("haar", [False, True])
def test_a_killed_training_goes_on_bit_for_bit(bars, tmp_path, monkeypatch, haar):
    settings = SMALL.model_copy(update={"haar": haar, "order": "learned", "loss": "subtrajectory"})
    with trainer(tmp_path / "whole") as fit:
        whole = to_tensors(learn_policy(settings, *bars, classes=2, fit=fit))
    true, left = resumable._follow, iter(range(9))

    def killed(*arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        true(*arguments)

    def stopping(name, *arguments, **schedule):
        return fit(name, *arguments, **schedule | {"save_every": 2})

    monkeypatch.setattr(resumable, "_follow", killed)
    with trainer(tmp_path / "killed") as fit, pytest.raises(KeyboardInterrupt):
        learn_policy(settings, *bars, classes=2, fit=stopping)
    monkeypatch.setattr(resumable, "_follow", true)
    with trainer(tmp_path / "killed") as fit:
        again = to_tensors(learn_policy(settings, *bars, classes=2, fit=stopping))
    assert all(torch.equal(again[name], tensor) for name, tensor in whole.items())


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("count", [1, 2])
def test_one_image_a_class_one_class_and_any_channels_will_do(channels, count, tmp_path):
    given = torch.rand(count, channels, 20, 20)
    with trainer(tmp_path) as fit:
        policy = learn_policy(SMALL, given, torch.arange(count), classes=count, fit=fit)
    done = completed(policy, given[:1], torch.tensor([0]), keep=1, generator=torch.Generator().manual_seed(0))
    assert done.shape == (1, channels, 20, 20)
    assert torch.isfinite(done).all()


def test_bad_input_is_one_line(bars, tmp_path):
    with pytest.raises(DataError, match="no training image of class number 2"), trainer(tmp_path) as fit:
        learn_policy(SMALL, *bars, classes=3, fit=fit)
    unreachable = SMALL.model_copy(update={"temperature": 1e-41})
    with (
        pytest.raises(DataError, match="class number 0 is zero; raise temperature or bandwidth"),
        trainer(tmp_path) as fit,
    ):
        learn_policy(unreachable, *bars, classes=2, fit=fit)
    with pytest.raises(UsageError, match="side 32 is no multiple of patch 5"):
        parse(GflowSettings, {"patch": 5}, where="gflow")
    with pytest.raises(UsageError, match="haar: expected a patch of 2, 4, 8, … pixels, got 1"):
        parse(GflowSettings, {"patch": 1, "haar": True}, where="gflow")
