"""The nouns `Score` and `ScoreCard`: all that is published about one model on one track."""

import base64
from typing import Literal

import numpy as np
from pydantic import Field

from bench.core.record import Record
from bench.core.text import Line
from bench.core.training_run import TrainingRun


class Score(Record):
    """Accuracy on one set, as fractions with n; `interval` is that of top-1 at 95 %.

    `correct` holds the correctness bits of top-1 in the order of sorted image ids (base64, big-endian
    bits), from which paired comparisons can be computed without the predictions.
    """

    n: int = Field(ge=1)
    top1: float = Field(ge=0, le=1)
    top5: float = Field(ge=0, le=1)
    interval: tuple[float, float]
    dataset_digest: str
    predictions_digest: str
    correct: str

    def bits(self) -> np.ndarray:
        """bool [n]: was image i, in the order of sorted ids, answered right?"""
        return np.unpackbits(np.frombuffer(base64.b64decode(self.correct), dtype=np.uint8))[: self.n].astype(bool)


def pack_bits(correct: np.ndarray) -> str:
    """The base64 text of bool [n], for `Score.correct`."""
    return base64.b64encode(np.packbits(correct.astype(bool)).tobytes()).decode()


class Declaration(Record):
    """What a model says of itself: how it was trained, its size, its licence, where it is described.

    `training`: the record of a run of ours. For other models `data` says in words on what they were
    trained, and `generated` lists the content digests of generated data among it.
    """

    arch: str
    parameters: int | None = None
    training: TrainingRun | None = None
    licence: str = "unknown"
    data: Line | None = None
    generated: tuple[Line, ...] = ()
    paper: Line | None = None


class Environment(Record):
    """Where a score was made."""

    machine: str
    versions: dict[str, str]
    commit: str | None = None
    dirty: bool | None = None


State = Literal["received", "valid", "scored", "listed", "rejected"]


class ScoreCard(Record):
    """One model on one track; `role` is `standard` for the robustness fit, `arm`, or `submitted`."""

    format: Literal[1] = 1
    model: str
    slug: str
    title: str
    track: str
    role: Literal["standard", "arm", "submitted"]
    declaration: Declaration
    preprocessing: dict[str, str | int | float]
    sets: dict[str, Score]
    environment: Environment
    state: State
    reason: str
    limited: bool = False

    @property
    def dataset_digests(self) -> dict[str, str]:
        """The digest of each set that was scored."""
        return {name: score.dataset_digest for name, score in self.sets.items()}

    def __str__(self) -> str:
        rows = [
            f"{self.title}: {self.state} ({self.reason})",
            f"  {'set':<12}{'n':>7}  {'top-1':>6}  95 % interval   top-5",
        ]
        for name, score in self.sets.items():
            low, high = (100 * bound for bound in score.interval)
            rows.append(
                f"  {name:<12}{score.n:>7}  {100 * score.top1:6.2f}  {low:5.2f} to {high:6.2f}  {100 * score.top5:6.2f}"
            )
        return "\n".join(rows)
