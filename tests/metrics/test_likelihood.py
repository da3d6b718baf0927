"""Negative log-likelihood against scikit-learn, and with several right classes by hand."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from bench.core.errors import DataError
from bench.metrics.likelihood import negative_log_likelihood


def test_it_is_the_cross_entropy_where_one_class_is_right():
    random = np.random.default_rng(0)
    logits, labels = random.normal(0, 3, (50, 7)), random.integers(0, 7, 50)
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = negative_log_likelihood(logits, np.eye(7, dtype=bool)[labels])
    assert found == pytest.approx(log_loss(labels, odds, labels=range(7)), rel=1e-12)
    shifted = negative_log_likelihood(logits + random.normal(0, 9, (50, 1)), np.eye(7, dtype=bool)[labels])
    assert shifted == pytest.approx(found, rel=1e-12)


def test_several_right_classes_share_their_probability():
    logits = np.log([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    right = np.array([[True, True, False], [True, False, False]])
    assert negative_log_likelihood(logits, right) == pytest.approx(-(np.log(0.8) + np.log(0.1)) / 2)


def test_what_is_no_likelihood_is_refused():
    right = np.array([[True, False]])
    with pytest.raises(DataError, match="not a finite number"):
        negative_log_likelihood(np.array([[np.nan, 0.0]]), right)
    with pytest.raises(DataError, match="no right class"):
        negative_log_likelihood(np.zeros((1, 2)), ~(right | True))
    with pytest.raises(DataError, match=r"expected logits \[n, C\]"):
        negative_log_likelihood(np.zeros((1, 3)), right)
