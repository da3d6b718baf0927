"""Classifier tuning on synthetic features: the loss by hand, the head's start, and that it learns."""

import numpy as np
import pytest
import torch

from bench.training.head_tuning import HeadTuning, tuned_heads, tuning_loss


def features(n=60, classes=3, width=5):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % classes
    rows = rng.normal(size=(n, width)) + 2 * np.eye(classes, width)[labels]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), labels


def test_the_loss_by_hand():
    """Logits (0, ln 3) and a label 0, a teacher that says (ln 9, 0) at temperature 2, so 3/4 and 1/4."""
    logits, taught = torch.tensor([[0.0, np.log(3)]]), torch.tensor([[np.log(9), 0.0]])
    hard, soft = np.log(4), 0.75 * np.log(4) + 0.25 * np.log(4 / 3)
    found = [float(tuning_loss(logits, torch.tensor([0]), taught, HeadTuning(soft=share))) for share in (0, 1, 0.5)]
    assert found == pytest.approx([hard, soft, (hard + soft) / 2], rel=1e-6)


def test_the_head_begins_at_the_text_embeddings():
    x, y = features()
    first = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32)
    weight, bias = next(tuned_heads(x, y, first=first, tuning=HeadTuning(rate=1e-9)))
    assert weight == pytest.approx(first, abs=1e-6)
    assert bias == pytest.approx(np.zeros(3), abs=1e-6)


def test_one_head_an_epoch_equal_for_equal_seeds_and_better_than_the_first():
    x, y = features()
    first = np.zeros((3, 5), dtype=np.float32)
    fast = HeadTuning(epochs=8, batch=16, rate=0.05)
    heads, again = (list(tuned_heads(x, y, first=first, tuning=fast)) for _ in range(2))
    assert len(heads) == 8
    assert all((one[0] == other[0]).all() for one, other in zip(heads, again, strict=True))
    right = [float(((x @ weight.T + bias).argmax(1) == y).mean()) for weight, bias in heads]
    assert right[-1] > 0.8 > float(((x @ first.T).argmax(1) == y).mean())
    other = list(tuned_heads(x, y, first=first, tuning=HeadTuning(epochs=8, batch=16, rate=0.05, seed=1)))
    assert (other[-1][0] != heads[-1][0]).any()
