"""How much probability a model gives to what is right."""

import numpy as np

from bench.core.errors import DataError


def negative_log_likelihood(logits: np.ndarray, right: np.ndarray) -> float:
    """Mean over images of -log p(right), in nats; p is the softmax of `logits`, summed over all right classes.

    `logits`: float [n, C]; `right`: bool [n, C], at least one true in each row. With one right class it is
    the usual cross-entropy (scikit-learn's log_loss). DataError for other shapes and for numbers that are not finite.
    """
    logits, right = np.asarray(logits, dtype=np.float64), np.asarray(right)
    if logits.ndim != 2 or right.shape != logits.shape or right.dtype != bool or not len(logits):
        raise DataError(
            f"likelihood: expected logits [n, C] and bool [n, C], got {logits.shape} and {right.dtype} {right.shape}"
        )
    if not np.isfinite(logits).all() or not right.any(axis=1).all():
        raise DataError("likelihood: a logit is not a finite number, or an image has no right class")
    rest = logits - logits.max(axis=1, keepdims=True)
    everything = np.log(np.exp(rest).sum(axis=1))
    ours = np.where(right, rest, -np.inf)
    top = ours.max(axis=1, keepdims=True)
    return float((everything - top[:, 0] - np.log(np.exp(ours - top).sum(axis=1))).mean())
