"""The nouns `DetectionScore` and `DetectionCard`: all that is published about one detector on one track."""

import base64
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from bench.core.record import Record
from bench.core.score import Card
from bench.core.text import Line

Interval = tuple[float, float]
POINTS = 101


class ClassDetection(Record):
    """One class on one set: its truth boxes, and None for figures that a class without a box does not have."""

    boxes: int = Field(ge=0)
    ap50: float | None = Field(ge=0, le=1)
    ap75: float | None = Field(ge=0, le=1)
    ap: float | None = Field(ge=0, le=1)
    f1: float | None = Field(ge=0, le=1)


class DetectionScore(Record):
    """What one detector scored on one set, as fractions with n; intervals at 95 % by a bootstrap over images.

    `n` images with `boxes` truth boxes; `ap` is the mean over the overlaps 0.50, 0.55 … 0.95. `f1` is the best
    over confidences, reached at `confidence`; `f1_fixed` is that at the confidence `fixed`. `accuracy` is
    WILDS' detection accuracy, blind to classes, mean over images. `per_class` goes by class id.
    `precision` at the recalls 0, 0.01 … 1 and `f1_curve` at the confidences 0, 0.01 … 1, for the plots.
    `draws`: AP at 0.5 of each resample (base64, float32, little endian); resamples of one truth are the same
    for every model, so that differences between models have intervals without the predictions.
    """

    n: int = Field(ge=1)
    boxes: int = Field(ge=0)
    detections: int = Field(ge=0)
    ap50: float = Field(ge=0, le=1)
    ap75: float = Field(ge=0, le=1)
    ap: float = Field(ge=0, le=1)
    f1: float = Field(ge=0, le=1)
    confidence: float = Field(ge=0, le=1)
    f1_fixed: float = Field(ge=0, le=1)
    fixed: float = Field(ge=0, le=1)
    accuracy: float = Field(ge=0, le=1)
    intervals: dict[Literal["ap50", "ap75", "ap", "f1", "f1_fixed", "accuracy"], Interval]
    per_class: dict[str, ClassDetection]
    precision: tuple[float, ...] = Field(min_length=POINTS, max_length=POINTS)
    f1_curve: tuple[float, ...] = Field(min_length=POINTS, max_length=POINTS)
    draws: str
    dataset_digest: Line
    labels_digest: Line
    predictions_digest: Line

    @model_validator(mode="after")
    def _draws_can_be_read(self) -> Self:
        try:
            drawn = self.drawn()
        except ValueError:
            raise ValueError("draws: expected base64 text of float32 numbers") from None
        if not np.isfinite(drawn).all():
            raise ValueError("draws: expected finite numbers")
        return self

    def drawn(self) -> np.ndarray:
        """float32 [resamples]: AP at 0.5 of each resample."""
        return np.frombuffer(base64.b64decode(self.draws, validate=True), dtype="<f4")


def pack_draws(drawn: np.ndarray) -> str:
    """The base64 text of float [resamples], for `DetectionScore.draws`."""
    return base64.b64encode(drawn.astype("<f4").tobytes()).decode()


class DetectionCard(Card):
    """One detector on one track."""

    kind: Literal["detection"] = "detection"
    sets: dict[str, DetectionScore]

    @property
    def dataset_digests(self) -> dict[str, str]:
        """The digest of each set that was scored."""
        return {name: score.dataset_digest for name, score in self.sets.items()}

    def __str__(self) -> str:
        wide = max(12, *(len(name) + 2 for name in self.sets)) if self.sets else 12
        head = f"  {'set':<{wide}}{'images':>7}{'boxes':>7}  AP@0.5  95 % interval   AP@0.75  AP@.5:.95  F1 (at)"
        rows = [f"{self.title}: {self.state} ({self.reason})", f"{head}         accuracy"]
        for name, one in self.sets.items():
            low, high = (100 * bound for bound in one.intervals["ap50"])
            rows.append(
                f"  {name:<{wide}}{one.n:>7}{one.boxes:>7}  {100 * one.ap50:6.2f}  {low:5.2f} to {high:6.2f}"
                f"  {100 * one.ap75:8.2f}  {100 * one.ap:9.2f}  {100 * one.f1:5.2f} ({one.confidence:.2f})"
                f"  {100 * one.accuracy:8.2f}"
            )
        return "\n".join([*rows, *(f"  note: {flag}" for flag in self.flags)])
