"""The nouns `Score` and `ScoreCard`: all that is published about one model on one track."""

import base64
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from bench.core.record import Record
from bench.core.text import Line, Text
from bench.core.training_run import TrainingRun


class Score(Record):
    """What one model scored on one set, as fractions with n; `interval` is that of top-1 at 95 % (Wilson).

    `nll` in nats; `calibration_error` is debiased (`bench/metrics/calibration.py`). What the predictions do
    not tell is None, and `unavailable` says why. `labels_digest` identifies which classes were right for
    which image and which competed. `correct` holds the correctness bits of top-1 in the order of sorted image
    ids (base64, big-endian bits), from which paired comparisons can be computed without the predictions.
    """

    n: int = Field(ge=1)
    top1: float = Field(ge=0, le=1)
    top5: float | None = Field(ge=0, le=1)
    interval: tuple[float, float]
    mean_per_class: float | None = Field(default=None, ge=0, le=1)
    nll: float | None = Field(default=None, ge=0)
    calibration_error: float | None = Field(default=None, ge=0, le=1)
    unavailable: dict[str, Line] = Field(default_factory=dict)
    dataset_digest: Line
    labels_digest: Line | None = None
    predictions_digest: Line
    correct: str

    @model_validator(mode="after")
    def _bits_are_those_of_top1(self) -> Self:
        try:
            packed = base64.b64decode(self.correct, validate=True)
        except ValueError:
            raise ValueError("correct: expected base64 text") from None
        size = (self.n + 7) // 8
        if len(packed) != size:
            raise ValueError(f"correct: expected {size} bytes of bits for {self.n} images, got {len(packed)}")
        right = (int.from_bytes(packed) >> (8 * size - self.n)).bit_count()  # a board reads thousands of them
        if abs(right / self.n - self.top1) > 1e-9:
            raise ValueError(f"correct: its bits say {right} of {self.n} right, top1 says {self.top1:g}")
        return self

    def bits(self) -> np.ndarray:
        """bool [n]: was image i, in the order of sorted ids, answered right?"""
        return np.unpackbits(np.frombuffer(base64.b64decode(self.correct), dtype=np.uint8))[: self.n].astype(bool)


def pack_bits(correct: np.ndarray) -> str:
    """The base64 text of bool [n], for `Score.correct`."""
    return base64.b64encode(np.packbits(correct.astype(bool)).tobytes()).decode()


class TrainedOn(Record):
    """One ingredient of a model's training data, by name, and by content digest where it has one.

    `generator` names what drew the images; for a dataset version (`NAME@VERSION`, or its digest) that is known.
    """

    name: Line
    digest: Line | None = None
    images: int | None = Field(default=None, ge=1)
    generator: Line | None = None


class Declaration(Record):
    """What a model says of itself: how it was trained and on what, its size, its licence, where it is described.

    `training`: the record of a run of ours; other models list their ingredients in `data`.
    """

    arch: Line = "unknown"
    parameters: int | None = Field(default=None, ge=0)
    training: TrainingRun | None = None
    data: tuple[TrainedOn, ...] = ()
    licence: Line = "unknown"
    paper: Line | None = None

    def completed_by(self, other: "Declaration") -> "Declaration":
        """With what `other` says where this one is silent."""
        silent = [name for name, field in Declaration.model_fields.items() if getattr(self, name) == field.default]
        return self.model_copy(update={name: getattr(other, name) for name in silent})


class Environment(Record):
    """Where a score was made."""

    machine: str
    versions: dict[str, str]
    commit: str | None = None
    dirty: bool | None = None


State = Literal["received", "valid", "scored", "listed", "rejected"]


class Card(Record):
    """What the card of any track says of one model; `role` is `standard` for the robustness fit, `arm`, or `submitted`.

    `state` goes from received to valid, scored, and listed or rejected, with the `reason`; `flags` are the
    caveats that a board shows beside the model.
    """

    format: Literal[1] = 1
    model: Line
    slug: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    title: Line
    track: Line
    role: Literal["standard", "arm", "submitted"]
    declaration: Declaration
    preprocessing: dict[str, str | int | float]
    environment: Environment
    state: State
    reason: Text
    flags: tuple[Text, ...] = ()
    limited: bool = False


class ScoreCard(Card):
    """One classifier on one track."""

    sets: dict[str, Score]

    @property
    def dataset_digests(self) -> dict[str, str]:
        """The digest of each set that was scored."""
        return {name: score.dataset_digest for name, score in self.sets.items()}

    def __str__(self) -> str:
        wide = max(12, *(len(name) + 2 for name in self.sets)) if self.sets else 12
        rows = [
            f"{self.title}: {self.state} ({self.reason})",
            f"  {'set':<{wide}}{'n':>7}  {'top-1':>6}  95 % interval   top-5",
        ]
        for name, score in self.sets.items():
            low, high = (100 * bound for bound in score.interval)
            top5 = "     –" if score.top5 is None else f"{100 * score.top5:6.2f}"
            rows.append(f"  {name:<{wide}}{score.n:>7}  {100 * score.top1:6.2f}  {low:5.2f} to {high:6.2f}  {top5}")
        return "\n".join([*rows, *(f"  note: {flag}" for flag in self.flags), *self._not_available()])

    def _not_available(self) -> list[str]:
        reasons: dict[str, list[str]] = {}
        for name, score in self.sets.items():
            for what, why in score.unavailable.items():
                reasons.setdefault(f"{what}: {why}", []).append(name)
        return [f"  not available on {', '.join(sets)}: {reason}" for reason, sets in reasons.items()]
