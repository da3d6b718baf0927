"""Online mixing: an image gives its place to one of its own, as often as was asked, and nothing else changes."""

import numpy as np
import torch

from bench.training.answers import logits_on
from bench.training.classifier import _network, fit
from bench.training.fitting import pack
from bench.training.mixing import Synthetic
from tests.training.test_classifier import record


def batch_of(probability, draws=4000):
    """Rows 0, 1 and 2 drawn often; their pixels are 0, 1 and 2, and those made from them 10.. and 20..; none from 2."""
    real = torch.arange(3, dtype=torch.uint8)[:, None, None].expand(3, 2, 2)
    made = np.array([10, 11, 20], dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    synthetic = Synthetic(made, [np.array([0, 1]), np.array([2]), np.array([], dtype=int)], probability)
    rows = torch.arange(draws) % 3
    torch.manual_seed(0)
    mixed = synthetic.put_in(real[rows], rows)
    assert bool((mixed == mixed[:, :1, :1]).all())
    return rows.numpy(), mixed[:, 0, 0].numpy()


def test_an_image_gives_its_place_only_to_what_was_made_from_it():
    rows, mixed = batch_of(0.5)
    allowed = {0: {0, 10, 11}, 1: {1, 20}, 2: {2}}
    assert {row: set(mixed[rows == row].tolist()) for row in range(3)} == allowed


def test_it_does_so_as_often_as_asked_and_each_of_them_equally():
    rows, mixed = batch_of(0.3)
    taken = mixed[rows == 0] != 0
    assert abs(taken.mean() - 0.3) < 0.05
    assert abs((mixed[rows == 0][taken] == 10).mean() - 0.5) < 0.06
    for probability, wanted in ((0.0, 0.0), (1.0, 1.0)):
        rows, mixed = batch_of(probability)
        assert (mixed[rows < 2] >= 10).mean() == wanted


def test_mixing_changes_the_weights_and_a_mix_of_nothing_does_not():
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (20, 32, 32), dtype=np.uint8), np.arange(20) % 10
    own = [np.array([row]) for row in range(20)]

    def weights(synthetic):
        return pack(fit(record(steps=2), images, labels, synthetic=synthetic, quiet=True).state, {})

    plain = weights(None)
    assert weights(Synthetic(images, own, 0.5)) == plain  # each is replaced by itself
    assert weights(Synthetic(255 - images, own, 0.5)) != plain


def test_who_watches_sees_every_step_and_disturbs_nothing():
    random = np.random.default_rng(1)
    images, labels = random.integers(0, 256, (20, 32, 32), dtype=np.uint8), np.arange(20) % 10
    seen = {}

    def watch(network, step):
        seen[step] = logits_on(network, images)
        assert network.training

    run = record(steps=3)
    watched = fit(run, images, labels, watch=watch, quiet=True).state
    alone = fit(run, images, labels, quiet=True).state
    assert list(seen) == [1, 2, 3]
    assert all(torch.equal(alone[name], watched[name]) for name in alone)
    network = _network(run, channels=1)
    network.load_state_dict(watched)
    assert np.array_equal(logits_on(network, images), seen[3])
    assert not np.array_equal(seen[2], seen[3])
