"""Models asked about a set's images: decoded once for all of them, resized once for each preprocessing.

The unit of work is a block of rows, on this machine or another; what is answered about an image depends
on nothing but the image, so that blocks, units, threads and engines change no bit.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench.core.digests import digest_json
from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.model_ref import ModelRef
from bench.core.predictions import Answers, answers_of, joined
from bench.core.track import Track
from bench.engines.threads import in_order
from bench.models.classifier import Classifier, cores
from bench.models.door import open_model
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting
from bench.pipelines.tracks import open_set
from bench.store.kept import KeptArrays

BLOCK = 256
GIB = 2**30
DEEP = ("I", "F")


@dataclass(frozen=True)
class Question:
    """What a worker needs to know to answer blocks: it opens models and images itself.

    `threads`: chunks at work at once, in one process or on a cluster (None: one a core, there or here).
    `kept_gib`: how much of prepared images is kept.
    """

    models: tuple[str, ...]
    setting: Setting
    track: Track
    set: str
    limit: int | None
    threads: int | None
    kept_gib: float = 0.0


Work = tuple[int, tuple[int, ...]]
"""The first row of a block, and which of the models are asked about it."""
Done = tuple[int, dict[int, Answers]]
"""The first row of a block, and the answers of each model that was asked about it."""
Told = dict[int, tuple[str, str | None]]
"""Of each model the backend and what its user should know."""


def answer_task(task: tuple[Question, Work]) -> tuple[Done, Told]:
    """One block, in whatever process."""
    question, work = task
    images = open_set(question.track, question.set, data_root=question.setting.data_root).first(question.limit)
    models = opened(question.models, question.setting)
    (done,) = answered(models, images, [work], question)
    return done, told_by(models, done[1])


def told_by(models: Sequence[Classifier], asked: Iterable[int]) -> Told:
    """What the networks of the models at `asked` say of themselves."""
    return {index: (models[index].network.backend, models[index].network.notice) for index in asked}


class Piece(NamedTuple):
    """The `rows` of the block `start` that are prepared together, for the models at `asked`, `first` of them first."""

    rows: np.ndarray
    asked: tuple[int, ...]
    start: int
    first: int


_opened: dict[tuple[tuple[str, ...], Setting], tuple[Classifier, ...]] = {}


def opened(models: tuple[str, ...], setting: Setting, *, again: bool = False) -> tuple[Classifier, ...]:
    """The classifiers, opened once in a process; `again` where their files may have changed since."""
    key = (models, setting)
    if again or key not in _opened:
        _opened.clear()
        _opened[key] = tuple(open_model(ModelRef.parse(text), setting) for text in models)
    return _opened[key]


def answered(
    models: Sequence[Classifier],
    images: ImageSet,
    work: Sequence[Work],
    question: Question,
    *,
    progress: Callable[[int], Any] = lambda count: None,
) -> Iterator[Done]:
    """The answers to each block of `work`, in its order; rows are those of the sorted ids."""
    rows = np.argsort(np.array(images.ids), kind="stable")
    keep = KeptArrays(question.setting.data_root / "cache" / "prepared", int(question.kept_gib * GIB))
    asked = sorted({index for _, indexes in work for index in indexes})
    unit = max((models[index].chunk for index in asked), default=1)
    pieces = [
        # Each piece begins with another model, so that threads make the networks ready side by side.
        Piece(rows[at : min(at + unit, start + BLOCK)], indexes, start, at // unit % len(indexes))
        for start, indexes in work
        for at in range(start, min(start + BLOCK, len(rows)), unit)
    ]
    with ExitStack() as sessions:
        for index in asked:
            sessions.enter_context(models[index].network.session())
        answer = partial(_answer_piece, models, images, keep)
        found: dict[int, list[Answers]] = {}
        answers = in_order(answer, pieces, threads=question.threads or cores())
        for number, (piece, given) in enumerate(zip(pieces, answers, strict=True)):
            for index, part in given.items():
                found.setdefault(index, []).append(part)
            progress(len(piece.rows) * len(given))
            if number + 1 == len(pieces) or pieces[number + 1].start != piece.start:
                yield piece.start, {index: joined(parts) for index, parts in found.items()}
                found = {}


def _answer_piece(models: Sequence[Classifier], images: ImageSet, keep: KeptArrays, piece: Piece) -> dict[int, Answers]:
    preparations = list(dict.fromkeys(models[index].prepare for index in piece.asked))
    pixels = dict(zip(preparations, _prepared(images, piece.rows, preparations, keep), strict=True))
    order = (*piece.asked[piece.first :], *piece.asked[: piece.first])
    return {index: _answers(models[index], pixels[models[index].prepare], images.kept) for index in order}


def _prepared(
    images: ImageSet, rows: np.ndarray, preparations: Sequence[Preprocessing], keep: KeptArrays
) -> list[np.ndarray]:
    """The pixels of `rows` for each preprocessing; an image is decoded once, and not at all where all is kept."""
    keys = [_key(images, rows, prepare) if keep.limit else "" for prepare in preparations]
    found = [keep.find(key) for key in keys]
    missing = [index for index, pixels in enumerate(found) if pixels is None]
    made: dict[int, list[np.ndarray]] = {index: [] for index in missing}
    for row in rows if missing else ():
        image = _read(images, int(row))
        for index in missing:
            made[index].append(preparations[index].pixels([image]))
    for index in missing:
        found[index] = np.concatenate(made[index])
        keep.put(keys[index], found[index])
    return [pixels for pixels in found if pixels is not None]


def _key(images: ImageSet, rows: np.ndarray, prepare: Preprocessing) -> str:
    about = [images.digest, [images.ids[int(row)] for row in rows], prepare.card]
    return digest_json(about).removeprefix("sha256:")


def _read(images: ImageSet, row: int) -> Any:
    image = images.read(row)
    if image.mode.startswith(DEEP):
        raise DataError(
            f"{images.name}: image {images.ids[row]!r}: expected 8 bits a channel, got mode {image.mode}; convert it"
        )
    return image


def _answers(model: Classifier, pixels: np.ndarray, kept: tuple[int, ...] | None) -> Answers:
    parts = [model.answer(pixels[start : start + model.chunk]) for start in range(0, len(pixels), model.chunk)]
    with np.errstate(divide="ignore"):
        return answers_of(np.log(np.concatenate(parts)), kept=kept)
