"""`score`: from prediction files to score cards. Joins by image id, runs nobody's code, loads no model."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from bench.core.digests import content_digest
from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.model_ref import ModelRef
from bench.core.predictions import PredictionHeader, Predictions
from bench.core.registry import unknown
from bench.core.score import Declaration, Score, ScoreCard, pack_bits
from bench.core.track import Track
from bench.metrics.accuracy import proportion_interval, top_k_correct
from bench.pipelines.environment import environment
from bench.pipelines.tracks import open_set
from bench.store.predictions import read_predictions

Role = Literal["standard", "arm", "submitted"]
Part = tuple[PredictionHeader, Score]


def score(
    files: Sequence[Path | str], *, track: Track, data_root: Path, role: Role = "submitted", title: str | None = None
) -> list[ScoreCard]:
    """One card a model, in the order in which the models first appear among `files`.

    DataError for predictions of another track, dataset or class list, and for ids or answers that
    do not fit the set; UsageError for a set that is answered twice by one model.
    """
    opened: dict[str, ImageSet] = {}
    parts: dict[str, dict[str, Part]] = {}
    for path in map(Path, files):
        predictions = read_predictions(path)
        header = predictions.header
        _check_header(header, track, path)
        known = parts.setdefault(header.model, {})
        if header.set in known:
            raise UsageError(f"{path}: {header.model} answers the set {header.set!r} in another file too; give one")
        if any(other.weights != header.weights for other, _ in known.values()):
            raise DataError(f"{path}: {header.model} has other weights than in its other files; predict again")
        if header.set not in opened:
            opened[header.set] = open_set(track, header.set, data_root=data_root)
        known[header.set] = (header, score_set(predictions, opened[header.set], classes=len(track.classes)))
    return [_card(track, known, role, title) for known in parts.values()]


def score_set(predictions: Predictions, images: ImageSet, *, classes: int) -> Score:
    """Top-1 and top-5 with n, the Wilson interval at 95 %, and the correctness bits in the order of sorted ids."""
    images = _answered(predictions, images)
    rows = np.argsort(np.array(images.ids), kind="stable")
    answers = predictions.aligned([images.ids[row] for row in rows], classes=classes, kept=images.kept).topk_class
    labels = images.labels[rows]
    right = top_k_correct(answers, labels, k=1)
    right5 = top_k_correct(answers, labels, k=min(5, answers.shape[1]))
    n = len(right)
    return Score(
        n=n,
        top1=int(right.sum()) / n,
        top5=int(right5.sum()) / n,
        interval=proportion_interval(int(right.sum()), n),
        dataset_digest=images.digest,
        predictions_digest=_digest(predictions),
        correct=pack_bits(right),
    )


def _answered(predictions: Predictions, images: ImageSet) -> ImageSet:
    """The set that the answers are about: the whole one, or for a limited run the part that it answered."""
    header = predictions.header
    if header.limited:
        asked = set(predictions.image_ids)
        images = images.pick(np.array([i for i, image_id in enumerate(images.ids) if image_id in asked], dtype=int))
    if images.digest != header.dataset_digest:
        raise DataError(
            f"predictions of {header.model} on {header.set} are about the dataset {header.dataset_digest[:19]}…,"
            f" the set here is {images.digest[:19]}…; predict again on this one"
        )
    return images


def _check_header(header: PredictionHeader, track: Track, path: Path) -> None:
    if header.track != track.name:
        raise DataError(f"{path}: predictions for the track {header.track!r}, not {track.name!r}")
    if header.set not in track.sets:
        raise DataError(f"{path}: {unknown(header.set, known=track.sets, kind=f'set of track {track.name}')}")
    if header.classes_digest != track.classes_digest:
        raise DataError(
            f"{path}: answers for the class list {header.classes_digest[:19]}…,"
            f" the track {track.name} has {track.classes_digest[:19]}…; predict again"
        )


def _card(track: Track, parts: dict[str, Part], role: Role, title: str | None) -> ScoreCard:
    ordered = {name: parts[name][1] for name in track.sets if name in parts}
    headers = [header for header, _ in parts.values()]
    first = headers[0]
    return ScoreCard(
        model=first.model,
        slug=ModelRef.parse(first.model).slug,
        title=title or first.title or first.model,
        track=track.name,
        role=role,
        declaration=first.declaration or Declaration(arch="unknown"),
        preprocessing=first.preprocessing,
        sets=ordered,
        environment=environment(first.versions),
        state="scored",
        reason=f"scored on {', '.join(ordered)}",
        limited=any(header.limited for header in headers),
    )


def _digest(predictions: Predictions) -> str:
    """The identity of the answers, whatever the order of rows and the library that wrote the file."""
    rows = zip(
        predictions.image_ids,
        predictions.answers.topk_class.astype("<i8"),
        predictions.answers.topk_probability.astype("<f4"),
        strict=True,
    )
    return content_digest(
        (image_id, hashlib.sha256(classes.tobytes() + odds.tobytes()).hexdigest()) for image_id, classes, odds in rows
    )
