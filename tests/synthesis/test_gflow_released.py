"""GFlowAug as released: its likelihood, its teacher forcing and its quirks, by hand."""

import math

import numpy as np
import pytest
import torch

from bench.core.gflow_settings import ReleasedSettings
from bench.pipelines.learned.trainer import trainer
from bench.synthesis.gflow import released
from bench.synthesis.gflow.released import ERASED, MaskedPixels, erased, fill, learn_released, negative_log_likelihood


@pytest.fixture(scope="module")
def model() -> MaskedPixels:
    torch.manual_seed(0)
    return MaskedPixels(3)


class Known(torch.nn.Module):
    """Says one mean and one variance of every pixel, and keeps what it was shown."""

    def __init__(self, means=(0.2, 0.6), variance=0.25) -> None:
        super().__init__()
        self.means, self.variance, self.shown = means, variance, []

    def forward(self, images, visible, take):
        self.shown.append((images, visible, take))
        shape = (len(images), images.shape[1], len(self.means), 8)
        mean = torch.tensor(self.means)[:, None].expand(shape)
        shares = torch.tensor([0.9, 0.1]).log().expand(shape[:3])
        return shares, mean, torch.full(shape, self.variance)


def test_the_network_has_the_released_shape(model):
    shares, mean, variance = model(torch.zeros(2, 3, 32, 32), *torch.zeros(2, 2, 32, 32, dtype=torch.bool))
    assert (shares.shape, mean.shape, variance.shape) == ((2, 3, 8), (2, 3, 8, 8), (2, 3, 8, 8))
    assert torch.allclose(shares.exp().sum(2), torch.ones(2, 3))
    assert (variance > 0).all()
    assert model.net[-1].out_features == 3 * 8 * (64 + 8 + 1)


def test_the_likelihood_is_the_mixtures_and_each_action_sees_what_the_former_revealed():
    known, image = Known(), torch.rand(3, 32, 32)
    visible = torch.ones(32, 32, dtype=torch.bool)
    visible[0, :20] = False  # 20 pixels: two actions of eight, four are left
    generator = torch.Generator().manual_seed(0)
    found = negative_log_likelihood(known, image, visible, as_published=False, generator=generator)
    ((states, seen, take),) = known.shown
    assert (~seen).flatten(1).sum(1).tolist() == [20, 12]
    assert (take.flatten(1).sum(1) == 8).all()
    assert torch.equal(seen[1], seen[0] | take[0])
    assert torch.equal(states[1], torch.where(seen[1], image, torch.tensor(ERASED)))
    expected = 0.0
    for action in take:
        for channel in range(3):
            values = image[channel][action]
            each = [
                math.log(share) + torch.distributions.Normal(mean, 0.5).log_prob(values).sum().item()
                for share, mean in ((0.9, 0.2), (0.1, 0.6))
            ]
            expected -= np.logaddexp(*each) / 3
    assert found.item() == pytest.approx(expected, rel=1e-4)


def test_as_published_every_head_is_fitted_to_channel_zero_and_no_other_is_revealed():
    known, image = Known(), torch.rand(3, 32, 32)
    visible = torch.ones(32, 32, dtype=torch.bool)
    visible[0, :16] = False
    draws = [torch.Generator().manual_seed(0) for _ in range(2)]
    bug = negative_log_likelihood(known, image, visible, as_published=True, generator=draws[0])
    first = negative_log_likelihood(known, image[:1], visible, as_published=False, generator=draws[1])
    assert bug.item() == pytest.approx(first.item(), rel=1e-5)
    states = known.shown[0][0]
    assert (states[1, 1:, 0, :16] == ERASED).all()
    assert (states[1, 0, 0, :16] != ERASED).sum() == 8


def test_drawing_averages_the_components_without_their_weights_and_leaves_a_remainder_erased():
    visible = torch.ones(1, 32, 32, dtype=torch.bool)
    visible[0, 0, :20] = False
    image = torch.rand(1, 3, 32, 32)
    done = fill(Known(variance=0.0), image, visible, torch.Generator().manual_seed(0))
    assert torch.equal(done[:, :, 1:], image[:, :, 1:])
    drawn = done[0, :, 0, :20]
    assert (drawn == ERASED).sum(1).tolist() == [4, 4, 4]
    assert torch.allclose(drawn[drawn != ERASED], torch.tensor(0.4))  # (0.2 + 0.6) / 2, not 0.9 * 0.2 + 0.1 * 0.6


def test_from_a_twentieth_to_all_of_an_image_is_erased():
    shares = (~erased(400, torch.Generator().manual_seed(0))).float().mean((1, 2))
    assert shares.min() < 0.1
    assert shares.max() > 0.95
    assert shares.mean().item() == pytest.approx(0.525, abs=0.04)


def test_it_learns_and_resumes(tmp_path, monkeypatch):
    images, labels = torch.full((6, 8, 8, 8), 0.8), torch.zeros(6, dtype=torch.int64)
    losses: list[float] = []
    some = torch.ones(1, 32, 32, dtype=torch.bool)
    some[:, :3] = False
    monkeypatch.setattr(released, "erased", lambda count, generator: some)
    true = released.negative_log_likelihood

    def noted(*arguments, **options):
        loss = true(*arguments, **options)
        losses.append(loss.item())
        return loss

    monkeypatch.setattr(released, "negative_log_likelihood", noted)
    settings = ReleasedSettings(fraction=1.0, epochs=1, shown=12)
    with trainer(tmp_path) as fit:
        first = learn_released(settings, images, labels, classes=1, fit=fit).state_dict()
        assert losses[-1] < losses[0]
        again = learn_released(settings, images, labels, classes=1, fit=fit).state_dict()
    assert len(losses) == 12
    assert all(torch.equal(first[name], again[name]) for name in first)
