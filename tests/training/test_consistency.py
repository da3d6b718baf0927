"""The consistency loss is the Jensen-Shannon divergence of the views' answers."""

import math

import torch
from scipy.stats import entropy

from bench.training.consistency import jensen_shannon


def test_it_is_the_entropy_of_the_mean_less_the_mean_entropy():
    logits = torch.randn(15, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2
    answers = torch.softmax(logits, 1).reshape(3, 5, 7).numpy()
    expected = (entropy(answers.mean(0), axis=1) - entropy(answers, axis=2).mean(0)).mean()
    assert torch.isclose(jensen_shannon(logits, 3), torch.tensor(expected))


def test_equal_answers_cost_nothing_and_sure_contradictions_at_most_log_of_the_views():
    same = torch.randn(4, 5).repeat(3, 1)
    assert jensen_shannon(same, 3).abs() < 1e-6
    sure = 100 * torch.eye(3)
    assert torch.isclose(jensen_shannon(sure, 3), torch.tensor(3.0).log())


def test_what_no_view_believes_counts_as_a_ten_millionth():
    logits = torch.tensor([0.0, math.log(1e-9)], dtype=torch.float64).repeat(3, 1)
    # p (log p - log 1e-7) with p = 1e-9, for each view; the likely class is at its mean.
    assert math.isclose(jensen_shannon(logits, 3).item(), 1e-9 * math.log(1e-2), rel_tol=1e-3)
    assert torch.isfinite(jensen_shannon(torch.tensor([[0.0, -500.0]]).repeat(3, 1), 3))
