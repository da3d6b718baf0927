"""The noun `Predictions`: what a model answered on one set, keyed by image id; no labels inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.core.errors import DataError
from bench.core.record import Record
from bench.core.score import Declaration


class PredictionHeader(Record):
    """What the answers are about: they are bound to a set and a class list by digest.

    `weights`: digest of the model file that answered; `title` and `declaration` are what the model says of itself.
    """

    format: int = 1
    track: str
    set: str
    dataset_digest: str
    classes_digest: str
    model: str
    preprocessing: dict[str, str | int | float]
    versions: dict[str, str]
    limited: bool = False
    weights: str | None = None
    title: str | None = None
    declaration: Declaration | None = None


@dataclass(frozen=True)
class Predictions:
    """`image_ids` [n]; `topk_class` int [n, k], best first; `topk_probability` float32 [n, k]."""

    header: PredictionHeader
    image_ids: tuple[str, ...]
    topk_class: np.ndarray
    topk_probability: np.ndarray

    def aligned(self, ids: Sequence[str], *, classes: int) -> np.ndarray:
        """`topk_class` [n, k] in the order of `ids`.

        Refuses (DataError, naming the first offender) missing, duplicate or foreign ids, classes
        outside the class list, a class that stands twice in one row, and probabilities that are not
        finite, outside [0, 1] or not sorted.
        """
        where = f"predictions of {self.header.model} on {self.header.set}"
        row = self._rows(ids, where=where)
        self._check_answers(where, classes=classes)
        return self.topk_class[row]

    def _rows(self, ids: Sequence[str], *, where: str) -> list[int]:
        position: dict[str, int] = {}
        for index, image_id in enumerate(self.image_ids):
            if position.setdefault(image_id, index) != index:
                raise DataError(f"{where}: image {image_id!r} is answered twice; keep one row an image")
        known = set(ids)
        for image_id in self.image_ids:
            if image_id not in known:
                raise DataError(f"{where}: image {image_id!r} is not in the set; predict the set of this digest")
        for image_id in ids:
            if image_id not in position:
                raise DataError(
                    f"{where}: image {image_id!r} has no answer ({len(position)} of {len(ids)} images answered)"
                )
        return [position[image_id] for image_id in ids]

    def _check_answers(self, where: str, *, classes: int) -> None:
        answers, odds = self.topk_class, self.topk_probability
        if answers.ndim != 2 or answers.shape != odds.shape or len(answers) != len(self.image_ids):
            raise DataError(f"{where}: expected [n, k] classes and probabilities, got {answers.shape} and {odds.shape}")
        bad = ~np.isfinite(odds).all(axis=1) | (odds < -1e-6).any(axis=1) | (odds > 1 + 1e-5).any(axis=1)
        self._refuse_first(bad, where, "a probability is not a finite number in [0, 1]")
        self._refuse_first((np.diff(odds, axis=1) > 1e-6).any(axis=1), where, "probabilities are not best first")
        self._refuse_first(
            ((answers < 0) | (answers >= classes)).any(axis=1), where, f"a class is outside 0..{classes - 1}"
        )
        ordered = np.sort(answers, axis=1)
        self._refuse_first((np.diff(ordered, axis=1) == 0).any(axis=1), where, "a class stands twice in one row")

    def _refuse_first(self, bad: Any, where: str, what: str) -> None:
        if bad.any():
            raise DataError(f"{where}: image {self.image_ids[int(np.argmax(bad))]!r}: {what}")
