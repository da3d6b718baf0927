"""The noun `Predictions`: what a model answered on one set, keyed by image id; no labels inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from bench.core.errors import DataError
from bench.core.record import Grown
from bench.core.score import Declaration
from bench.core.text import Line

TOP = 5


class PredictionHeader(Grown):
    """What the answers are about: they are bound to a set and a class list by digest.

    `bound`: False where a file from elsewhere did not say what it is about. `kept_digest`: that of the
    classes that competed (`ImageSet.kept_digest`), None where all did. `weights`: digest of the model file
    that answered; `title` and `declaration` are what the model says of itself. `kind`: None for classes, `boxes`
    for detections.
    """

    later: ClassVar[tuple[str, ...]] = ("kind",)

    format: int = 1
    kind: Literal["boxes"] | None = None
    track: Line
    set: Line
    dataset_digest: Line
    classes_digest: Line
    kept_digest: Line | None = None
    model: Line
    preprocessing: dict[str, str | int | float]
    versions: dict[str, str]
    limited: bool = False
    bound: bool = True
    weights: Line | None = None
    title: Line | None = None
    declaration: Declaration | None = None


@dataclass(frozen=True)
class Answers:
    """A model's answers, a row an image: `topk_class` int [n, k], best first.

    `topk_probability` float32 [n, k], or None where the model told none. `logits` [n, C], or None:
    scores of all classes that competed (of all classes, or of `kept` in its order); adding a constant
    to a row changes nothing. float16 in files; the order of classes is that of `topk_class`, which is exact.
    """

    topk_class: np.ndarray
    topk_probability: np.ndarray | None = None
    logits: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.topk_class)

    def rows(self, index: Any) -> "Answers":
        """The rows at `index`, in that order."""
        odds, logits = self.topk_probability, self.logits
        return Answers(
            self.topk_class[index],
            None if odds is None else odds[index],
            None if logits is None else logits[index],
        )


def answers_of(scores: np.ndarray, *, kept: tuple[int, ...] | None = None, k: int = TOP) -> Answers:
    """The `Answers` that `scores` [n, C] are (logits or log-probabilities of all classes of the track).

    Only the classes in `kept` compete, and probabilities add up to one over them. A tie goes to the
    lower class. `logits` of the result are log-probabilities, float16 [n, len(kept) or C].
    """
    classes = np.arange(scores.shape[1]) if kept is None else np.array(kept)
    chosen = scores[:, classes].astype(np.float64)
    chosen -= chosen.max(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        chosen -= np.log(np.exp(chosen).sum(axis=1, keepdims=True))
    order = np.argsort(-chosen, axis=1, kind="stable")[:, :k]
    odds = np.exp(np.take_along_axis(chosen, order, axis=1)).astype(np.float32)
    return Answers(classes[order], odds, np.maximum(chosen, np.finfo(np.float16).min).astype(np.float16))


def joined(parts: Sequence[Answers]) -> Answers:
    """The rows of all `parts`, which must tell the same things."""

    def column(name: str) -> Any:
        blocks = [getattr(part, name) for part in parts]
        return None if blocks[0] is None else np.concatenate(blocks)

    return Answers(column("topk_class"), column("topk_probability"), column("logits"))


@dataclass(frozen=True)
class Predictions:
    """`answers` to the images `image_ids` [n]."""

    header: PredictionHeader
    image_ids: tuple[str, ...]
    answers: Answers

    def aligned(self, ids: Sequence[str], *, classes: int, kept: tuple[int, ...] | None = None) -> Answers:
        """The answers in the order of `ids`, each row with only the classes of `kept` (None: all of `classes`).

        Refuses (DataError, naming the first offender) missing, duplicate or foreign ids, classes
        outside the class list, a class that stands twice in one row, and probabilities and logits that
        are not finite, outside [0, 1] or not best first. Answers in which other classes competed are
        restricted where they say enough, else refused.
        """
        where = f"predictions of {self.header.model} on {self.header.set}"
        row = self._rows(ids, where=where)
        competed = None if self.header.kept_digest is None else kept
        self._check_answers(where, classes=classes, kept=competed)
        answers = self.answers.rows(row)
        if kept is None or self.header.kept_digest is not None:
            return answers
        return _restricted(answers, ids, kept=kept, where=where)

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

    def _check_answers(self, where: str, *, classes: int, kept: tuple[int, ...] | None) -> None:
        answers, odds, logits = self.answers.topk_class, self.answers.topk_probability, self.answers.logits
        n, width = len(self.image_ids), classes if kept is None else len(kept)
        if answers.ndim != 2 or len(answers) != n or answers.shape[1] < 1:
            raise DataError(f"{where}: expected classes of [{n}, k], k of 1 or more, got {answers.shape}")
        if odds is not None and odds.shape != answers.shape:
            raise DataError(f"{where}: expected [n, k] classes and probabilities, got {answers.shape} and {odds.shape}")
        if logits is not None and logits.shape != (n, width):
            raise DataError(f"{where}: expected logits of {(n, width)}, a number a class, got {logits.shape}")
        outside = ((answers < 0) | (answers >= classes)).any(axis=1)
        self._refuse_first(outside, where, f"a class is outside 0..{classes - 1}")
        if kept is not None:
            strange = ~np.isin(answers, kept).all(axis=1)
            self._refuse_first(strange, where, f"a class is not one of the {len(kept)} that compete on this set")
        ordered = np.sort(answers, axis=1)
        self._refuse_first((np.diff(ordered, axis=1) == 0).any(axis=1), where, "a class stands twice in one row")
        if odds is not None:
            bad = ~np.isfinite(odds).all(axis=1) | (odds < -1e-6).any(axis=1) | (odds > 1 + 1e-5).any(axis=1)
            self._refuse_first(bad, where, "a probability is not a finite number in [0, 1]")
            self._refuse_first((np.diff(odds, axis=1) > 1e-6).any(axis=1), where, "probabilities are not best first")
        if logits is not None:
            self._refuse_first(~np.isfinite(logits).all(axis=1), where, "a logit is not a finite number")
            self._refuse_first(self._contradicts(kept), where, "its best answer is not that of its highest logit")

    def _contradicts(self, kept: tuple[int, ...] | None) -> np.ndarray:
        """bool [n]: is the best answer clearly not the highest of the logits (which are rounded in files)?"""
        assert self.answers.logits is not None
        best, logits = self.answers.topk_class[:, 0], self.answers.logits.astype(np.float32)
        place = best if kept is None else np.searchsorted(kept, best)
        highest = logits.max(axis=1)
        return np.asarray(logits[np.arange(len(best)), place] < highest - 0.004 * np.abs(highest) - 1e-3)

    def _refuse_first(self, bad: Any, where: str, what: str) -> None:
        if bad.any():
            raise DataError(f"{where}: image {self.image_ids[int(np.argmax(bad))]!r}: {what}")


def _restricted(answers: Answers, ids: Sequence[str], *, kept: tuple[int, ...], where: str) -> Answers:
    """Answers to the question "which of `kept`?" from answers in which all classes competed."""
    if answers.logits is not None:
        return answers_of(answers.logits, kept=kept)
    first = _first_kept(answers.topk_class, kept)
    if (first < 0).any():
        row = int(np.argmax(first < 0))
        raise DataError(
            f"{where}: image {ids[row]!r}: none of its {answers.topk_class.shape[1]} answers is one of the"
            f" {len(kept)} classes that compete on this set; give all logits, or answers among these classes only"
        )
    return Answers(first[:, None])


def _first_kept(topk_class: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """int [n]: the best answer among `kept`, -1 where there is none."""
    inside = np.isin(topk_class, kept)
    first = topk_class[np.arange(len(topk_class)), inside.argmax(axis=1)]
    return np.where(inside.any(axis=1), first, -1)
