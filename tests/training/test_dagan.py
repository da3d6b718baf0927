"""DAGAN against the facts sheet (methods.md 11): pairs, the critic's loss and its penalty, its steps, and resuming."""

import numpy as np
import pytest
import torch
from torch import nn

from bench.core.errors import DataError
from bench.synthesis.dagan_network import Generator
from bench.training import dagan
from bench.training.dagan import Critic, DaganPlan, Pairs, critic_loss, fit_dagan

WIDTHS = (2, 2, 4, 4)
LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2])
PLAN = DaganPlan(steps=4, batch=4, rate=1e-3, critic_steps=2, rotate=True, save_every=1)


def nets():
    torch.manual_seed(0)
    return Generator(1, 16, widths=WIDTHS, inner=1), Critic(1, 16, widths=WIDTHS, inner=1)


def images():
    return torch.rand(len(LABELS), 1, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_a_pair_is_two_different_images_of_one_class_and_every_partner_has_its_turn():
    seen = set()
    for seed in range(40):
        first, second = Pairs(LABELS).draw(16, torch.Generator().manual_seed(seed))
        assert (LABELS[first] == LABELS[second]).all()
        assert (first != second).all()
        seen |= set(zip(first.tolist(), second.tolist(), strict=True))
    assert len(seen) == 3 * 2 + 2 * 1 + 3 * 2
    with pytest.raises(DataError, match="a pair is two images of a class, class 1 has one; give it more images"):
        Pairs(np.array([0, 0, 1]))


class Plane(nn.Module):
    """A critic w . u over the second image of a pair: its slope is w, wherever it is asked."""

    def __init__(self, slope):
        super().__init__()
        self.slope = slope

    def forward(self, pairs):
        return (pairs[:, 1:] * self.slope).sum((1, 2, 3))


@pytest.mark.parametrize("norm", ["image", "released"])
def test_the_critics_loss_is_the_published_one(norm):
    slope = torch.rand(1, 4, 5)
    given, real, drawn = torch.rand(3, 6, 1, 4, 5)
    found = critic_loss(Plane(slope), given, real, drawn, torch.rand(6, 1, 1, 1), norm)
    wasserstein = ((drawn - real) * slope).sum((1, 2, 3)).mean()
    # The released code sums over an image's height alone: a norm for each of its columns.
    norms = slope.square().sum().sqrt() if norm == "image" else slope.square().sum(1).sqrt()
    assert found.item() == pytest.approx((wasserstein + 10 * ((norms - 1) ** 2).mean()).item(), rel=1e-4)


def test_the_penalty_is_taken_between_the_real_partner_and_the_drawn_one():
    class Square(nn.Module):
        def forward(self, pairs):
            return pairs[:, 1:].square().sum((1, 2, 3)) / 2  # its slope at u is u

    given, real, drawn = torch.zeros(3, 1, 1, 1, 1)
    real, drawn = real + 1, drawn + 3
    for share, slope in ((0.0, 1.0), (0.5, 2.0), (1.0, 3.0)):
        found = critic_loss(Square(), given, real, drawn, torch.full((1, 1, 1, 1), share), "image")
        assert found.item() == pytest.approx(4.5 - 0.5 + 10 * (slope - 1) ** 2, rel=1e-4)


def test_the_networks_have_the_published_parts():
    generator, critic = nets()
    assert generator.noise_width == 100
    wide = Generator(3, 32, widths=(64, 64, 128, 128), inner=3)
    assert [level.first[0].out_channels for level in wide.down] == [64, 64, 128, 128]
    assert len(wide.noise) == 3
    assert all(one.momentum == 0.01 for one in wide.modules() if isinstance(one, nn.BatchNorm2d))
    deep = Critic(3, 32, widths=(64, 64, 128, 128), inner=5)
    assert [len(level) for level in deep.levels] == [5] * 4
    assert deep.dropout.p == 0.5
    assert deep(torch.zeros(2, 6, 32, 32)).shape == (2,)
    assert not any(isinstance(one, nn.BatchNorm2d) for one in critic.modules())
    x, z = torch.rand(2, 1, 16, 16), torch.randn(2, 100)
    generator.eval()
    drawn = generator(x, z)
    assert drawn.shape == x.shape
    assert drawn.abs().max() <= 1
    assert not torch.equal(drawn, generator(x, -z))
    assert torch.allclose(generator(x[:1], z[:1]), drawn[:1], atol=1e-6)


def test_the_critic_steps_more_often_and_adam_is_as_published(monkeypatch, tmp_path):
    generator, critic = nets()
    steps = []
    monkeypatch.setattr(dagan, "_down", lambda optimizer, loss: steps.append(optimizer))
    fit_dagan(generator, critic, images(), LABELS, plan=DaganPlan(steps=2, batch=4), work=tmp_path)
    owners = [
        "generator" if one.param_groups[0]["params"][0] is next(generator.parameters()) else "critic" for one in steps
    ]
    assert owners == (["critic"] * 5 + ["generator"]) * 2
    assert all((g["lr"], g["betas"]) == (1e-4, (0.0, 0.9)) for one in steps for g in one.param_groups)


def test_a_killed_run_ends_in_the_same_bits(monkeypatch, tmp_path):
    def run(folder, plan=PLAN):
        generator, critic = nets()
        fit_dagan(generator, critic, images(), LABELS, plan=plan, work=folder)
        return generator.state_dict()

    whole = run(tmp_path / "whole")
    intact, calls = dagan.critic_loss, []

    def dying(*arguments):
        calls.append(1)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return intact(*arguments)

    monkeypatch.setattr(dagan, "critic_loss", dying)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed")
    monkeypatch.setattr(dagan, "critic_loss", intact)
    resumed = run(tmp_path / "killed")
    assert all(torch.equal(resumed[name], one) for name, one in whole.items())
    assert any(not torch.equal(one, nets()[0].state_dict()[name]) for name, one in whole.items())
    (tmp_path / "killed" / "dagan.pt").write_bytes(b"half")
    with pytest.raises(DataError, match="remove it to start again") as caught:
        run(tmp_path / "killed")
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="holds 4 steps, more than the 2 asked for"):
        run(tmp_path / "whole", DaganPlan(steps=2, batch=4, critic_steps=2))
