"""How far a model's confidence is from its accuracy, without the bias of counting few images."""

import numpy as np

from bench.core.errors import DataError

BINS = 15


def calibration_error(confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> float:
    """Debiased calibration error of the best answers, a fraction: root mean square over bins of equal size.

    `confidence`: float [n], the probability that each best answer was given; `correct`: bool [n]. In each bin
    the squared gap between mean confidence and accuracy is lessened by the accuracy's own sampling
    variance, so that a calibrated model has 0 in expectation of the square; a negative sum is given as 0.
    Kumar, Liang and Ma, "Verified Uncertainty Calibration", 2019, section 4.2 and algorithm 3. DataError
    for fewer than two images a bin, other shapes, and confidences that are not in [0, 1].
    """
    confidence, correct = np.asarray(confidence, dtype=np.float64), np.asarray(correct)
    if confidence.ndim != 1 or correct.shape != confidence.shape or correct.dtype != bool:
        raise DataError(
            f"calibration: expected confidences [n] and bool [n], got {confidence.shape} and {correct.dtype}"
            f" {correct.shape}"
        )
    if len(confidence) < 2 * bins:
        raise DataError(f"calibration: expected at least {2 * bins} images for {bins} bins, got {len(confidence)}")
    if not (np.isfinite(confidence).all() and confidence.min() >= 0 and confidence.max() <= 1 + 1e-5):
        raise DataError("calibration: a confidence is not a finite number in [0, 1]")
    # By confidence, then by correctness: images that tie in both can change places and change nothing.
    order = np.lexsort((correct, confidence))
    total = 0.0
    for rows in np.array_split(order, bins):
        accuracy, n = float(correct[rows].mean()), len(rows)
        gap = float(confidence[rows].mean()) - accuracy
        total += n * (gap**2 - accuracy * (1 - accuracy) / (n - 1))
    return float(np.sqrt(max(0.0, total / len(confidence))))
