"""From one set's predictions to its `Score`: joined by image id, judged by the set, nobody's code run."""

import hashlib
from collections.abc import Collection

import numpy as np

from bench.core.digests import content_digest, digest_json
from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.core.predictions import TOP, Answers, Predictions
from bench.core.score import Score, pack_bits
from bench.metrics.accuracy import mean_per_class_accuracy, proportion_interval
from bench.metrics.calibration import BINS, calibration_error
from bench.metrics.likelihood import negative_log_likelihood

BLOCK = 4096


def score_set(
    predictions: Predictions, images: ImageSet, *, classes: int, only: Collection[str] | None = None
) -> Score:
    """Everything that a card holds about one set; DataError for predictions that are not about these images.

    `only`: of the images with these ids alone; answers to all others must be there and valid too.
    """
    images = _answered(predictions, images)
    images = images.pick(np.argsort(np.array(images.ids), kind="stable"))
    answers = predictions.aligned(images.ids, classes=classes, kept=images.kept)
    if only is not None:
        chosen = np.flatnonzero([image_id in only for image_id in images.ids])
        answers, images = answers.rows(chosen), images.pick(chosen)
    right = right_answers(answers.topk_class, images, classes=classes)
    top1, n = right[:, 0], len(images)
    measured, unavailable = _what_is_told(answers, images, right, classes=classes)
    return Score(
        n=n,
        top1=int(top1.sum()) / n,
        interval=proportion_interval(int(top1.sum()), n),
        mean_per_class=mean_per_class_accuracy(top1, images.labels),
        **measured,
        unavailable=unavailable,
        dataset_digest=images.digest,
        labels_digest=labels_digest(images),
        predictions_digest=_digest(predictions),
        correct=pack_bits(top1),
    )


def right_answers(topk_class: np.ndarray, images: ImageSet, *, classes: int) -> np.ndarray:
    """bool [n, k]: is the k-th answer to image i one of the classes that are right for it?"""
    if images.accepted is None:
        return np.asarray(topk_class == images.labels[:, None])
    kinds = {accepted: row for row, accepted in enumerate(dict.fromkeys(images.accepted))}
    table = np.zeros((len(kinds), classes), dtype=bool)
    for accepted, row in kinds.items():
        table[row, list(accepted)] = True
    kind = np.array([kinds[accepted] for accepted in images.accepted])
    return np.asarray(table[kind[:, None], topk_class])


def labels_digest(images: ImageSet) -> str:
    """The identity of the judgement: which classes are right for which image, and which compete."""
    rows = sorted((image_id, list(images.right(i))) for i, image_id in enumerate(images.ids))
    return digest_json([rows, images.kept])


def _what_is_told(
    answers: Answers, images: ImageSet, right: np.ndarray, *, classes: int
) -> tuple[dict[str, float | None], dict[str, str]]:
    """The numbers that need more than the best answer, None where the predictions do not tell them, and why."""
    competing, told = classes if images.kept is None else len(images.kept), right.shape[1]
    why: dict[str, str] = {}
    top5 = None
    if told >= min(TOP, competing):
        top5 = float(right[:, :TOP].any(axis=1).mean())
    else:
        why["top5"] = f"{told} answer{'s' if told > 1 else ''} an image that compete here, {TOP} are needed"
    nll = None
    if answers.logits is None:
        why["nll"] = "the predictions hold the best answers, not every class; give logits"
    else:
        nll = _likelihood(answers.logits, images, classes=classes)
    error = None
    if answers.topk_probability is None:
        why["calibration_error"] = "the predictions hold no probabilities among the classes that compete"
    elif len(images) < 2 * BINS:
        why["calibration_error"] = f"{len(images)} images, at least {2 * BINS} are needed"
    else:
        error = calibration_error(np.clip(answers.topk_probability[:, 0], 0, 1), right[:, 0])
    return {"top5": top5, "nll": nll, "calibration_error": error}, why


def _likelihood(logits: np.ndarray, images: ImageSet, *, classes: int) -> float:
    columns = np.arange(classes) if images.kept is None else np.array(images.kept)
    total = 0.0
    # By blocks, because float64 copies of all rows of ImageNet would not fit a small machine.
    for start in range(0, len(images), BLOCK):
        part = images.pick(np.arange(start, min(start + BLOCK, len(images))))
        every = np.broadcast_to(columns, (len(part), len(columns)))
        right = right_answers(every, part, classes=classes)
        total += len(part) * negative_log_likelihood(logits[start : start + BLOCK], right)
    return max(0.0, total / len(images))


def _answered(predictions: Predictions, images: ImageSet) -> ImageSet:
    """The set that the answers are about: the whole one, or for a limited run the part that it answered."""
    header = predictions.header
    if header.limited:
        asked = set(predictions.image_ids)
        images = images.pick(np.array([i for i, image_id in enumerate(images.ids) if image_id in asked], dtype=int))
        if not len(images):
            raise DataError(f"predictions of {header.model} on {header.set}: none of its images is in the set")
    if images.digest != header.dataset_digest:
        raise DataError(
            f"predictions of {header.model} on {header.set} are about the dataset {header.dataset_digest[:19]}…,"
            f" the set here is {images.digest[:19]}…; predict again on this one"
        )
    if header.kept_digest not in (None, images.kept_digest):
        raise DataError(
            f"predictions of {header.model} on {header.set}: other classes competed than on this set; predict again"
        )
    return images


def _digest(predictions: Predictions) -> str:
    """The identity of the answers, whatever the order of rows and the library that wrote the file."""
    answers = predictions.answers
    columns = [answers.topk_class.astype("<i8")]
    columns += [] if answers.topk_probability is None else [answers.topk_probability.astype("<f4")]
    columns += [] if answers.logits is None else [answers.logits.astype("<f4")]
    return content_digest(
        (image_id, hashlib.sha256(b"".join(column[row].tobytes() for column in columns)).hexdigest())
        for row, image_id in enumerate(predictions.image_ids)
    )
