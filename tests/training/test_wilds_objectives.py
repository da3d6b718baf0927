"""The four algorithms of WILDS on one batch: values worked by hand, and the laws that they keep."""

import numpy as np
import pytest
import torch

from bench.training.wilds_batches import by_domain, shuffled, uniform_over_domains
from bench.training.wilds_objectives import coral_penalty, group_losses, group_weights, irm_objective, losses

OUTPUTS = torch.tensor([[1.0], [2.0], [3.0], [5.0]])
TRUTH = torch.tensor([0.0, 0.0, 1.0, 1.0])
DOMAINS = torch.tensor([0, 0, 1, 1])


def test_coral_is_how_far_means_and_covariances_are_apart():
    a, b = torch.tensor([[0.0, 0], [2, 0]]), torch.tensor([[1.0, 3], [1, 5]])
    # Means (1, 0) and (1, 4): (0 + 16) / 2. Covariances diag(2, 0) and diag(0, 2): (4 + 0 + 0 + 4) / 4.
    assert coral_penalty(torch.cat([a, b]), DOMAINS) == pytest.approx(8 + 2)
    assert coral_penalty(torch.cat([a, a]), DOMAINS) == 0
    assert coral_penalty(torch.cat([a, b]), torch.zeros(4, dtype=torch.int64)) == 0


def test_coral_is_the_mean_over_pairs_of_domains():
    parts = [torch.randn(3, 2, generator=torch.Generator().manual_seed(k)) for k in range(3)]
    pairs = [
        coral_penalty(torch.cat([parts[i], parts[j]]), torch.tensor([0] * 3 + [1] * 3))
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    every = coral_penalty(torch.cat(parts), torch.tensor([0] * 3 + [4] * 3 + [7] * 3))
    assert every == pytest.approx(torch.stack(pairs).mean().item())


def test_irm_is_the_risk_and_the_product_of_two_halves_gradients():
    # d/dw (w x - y)^2 at w = 1 is 2 x (x - y): for the halves of a domain 2 and 8, then 12 and 40.
    risk = np.mean([(1 + 4) / 2, (4 + 16) / 2])
    penalty = np.mean([2 * 8, 12 * 40])
    found = irm_objective(OUTPUTS, TRUTH, DOMAINS, kind="mse", weight=0.5)
    assert found.item() == pytest.approx(risk + 0.5 * penalty)
    assert irm_objective(OUTPUTS, TRUTH, DOMAINS, kind="mse", weight=0.0).item() == pytest.approx(risk)


def test_irm_reaches_the_weights_of_the_network():
    layer = torch.nn.Linear(2, 3)
    labels = torch.tensor([0, 1, 2, 0])
    irm_objective(layer(torch.randn(4, 2)), labels, DOMAINS, kind="cross_entropy", weight=1.0).backward()
    assert layer.weight.grad.abs().sum() > 0


def test_group_dro_moves_weight_to_the_worst_domain():
    each = losses(OUTPUTS, TRUTH, "mse")
    found = group_losses(each, DOMAINS, 3)
    assert found.tolist() == [2.5, 10.0, 0.0]
    weights = group_weights(torch.full((3,), 1 / 3), found, 0.1)
    raw = np.exp([0.25, 1.0, 0.0])
    assert weights.tolist() == pytest.approx((raw / raw.sum()).tolist())


def test_a_batch_of_erm_has_every_example_once_in_an_order_of_its_epoch():
    first = np.concatenate(list(shuffled(10, 3, seed=0, epoch=0)))
    assert sorted(first) == list(range(10))
    assert list(first) == list(np.concatenate(list(shuffled(10, 3, seed=0, epoch=0))))
    assert list(first) != list(np.concatenate(list(shuffled(10, 3, seed=0, epoch=1))))


def test_group_dro_draws_every_domain_alike_often():
    domains = np.array([0] * 900 + [1] * 100)
    drawn = np.concatenate(list(uniform_over_domains(domains, 16, seed=0, epoch=0)))
    assert len(drawn) == 1000
    assert (domains[drawn] == 1).mean() == pytest.approx(0.5, abs=0.06)


def test_a_batch_by_domain_has_equal_parts_of_few_domains():
    domains = np.array([0] * 50 + [1] * 30 + [2] * 3)
    batches = list(by_domain(domains, 8, domains_per_batch=2, seed=0, epoch=0))
    assert len(batches) == len(domains) // 8
    for rows in batches:
        assert np.unique(domains[rows], return_counts=True)[1].tolist() == [4, 4]
    assert len(set(np.concatenate([rows for rows in batches if 2 in domains[rows]]))) > 3
    assert all(len(rows) == 8 for rows in by_domain(domains[:80], 8, domains_per_batch=8, seed=0, epoch=0))
