"""From what a detector found on one set to its `DetectionScore`: joined by image id, nobody's code run."""

import hashlib

import numpy as np

from bench.core.boxes import BoxedImages, Boxes
from bench.core.classes import ClassName
from bench.core.detection_score import POINTS, ClassDetection, DetectionScore, pack_draws
from bench.core.detections import Detections
from bench.core.digests import content_digest, derive_seed
from bench.core.errors import DataError
from bench.metrics.average_precision import average_precision, precision_at_recall
from bench.metrics.box_matches import OVERLAPS, Matches, box_matches
from bench.metrics.detection_accuracy import detection_accuracy
from bench.metrics.f1_confidence import CONFIDENCES, FIXED, best_f1, f1_of_class, mean_f1
from bench.metrics.image_bootstrap import drawn_interval, image_weights

RESAMPLES = 500
DIGITS = 12  # rounding that makes a card the same on machines whose sums differ in the last bit


def score_boxes(predictions: Detections, images: BoxedImages, *, classes: tuple[ClassName, ...]) -> DetectionScore:
    """Everything that a card holds about one set; DataError for detections that are not about these images."""
    images = _answered(predictions, images)
    images = images.pick(np.argsort(np.array(images.ids), kind="stable"))
    found = predictions.aligned(images.ids, sizes=images.sizes, classes=len(classes))
    matches = box_matches(images.truth, found, images=len(images), classes=len(classes))
    # The same resamples for every model that is scored on this truth.
    weights = image_weights(len(images), resamples=RESAMPLES, seed=derive_seed("resamples", images.labels_digest))
    accuracy = accuracy_by_image(images, found)
    whole = np.ones((1, len(images)), dtype=np.int64)
    precision = {overlap: average_precision(matches, overlap=overlap) for overlap in OVERLAPS}
    drawn = {overlap: _mean(average_precision(matches, overlap=overlap, weights=weights)) for overlap in OVERLAPS}
    curve, curves = mean_f1(matches, weights=whole)[0], mean_f1(matches, weights=weights)
    f1, confidence = best_f1(curve)
    fixed = int(np.argmin(np.abs(CONFIDENCES - FIXED)))
    figures = {
        "ap50": (_mean(precision[0.5]), drawn[0.5]),
        "ap75": (_mean(precision[0.75]), drawn[0.75]),
        "ap": (np.mean([_mean(one) for one in precision.values()]), np.mean(list(drawn.values()), axis=0)),
        "f1": (f1, curves.max(axis=1)),
        "f1_fixed": (curve[fixed], curves[:, fixed]),
        "accuracy": (accuracy.mean(), weights @ accuracy / len(images)),
    }
    crowd = images.truth.crowd
    return DetectionScore(
        n=len(images),
        boxes=len(images.truth) - (0 if crowd is None else int(crowd.sum())),
        detections=len(found),
        **{name: _round(value) for name, (value, _) in figures.items()},
        confidence=confidence,
        fixed=FIXED,
        intervals={name: _interval(*figure) for name, figure in figures.items()},
        per_class=_by_class(classes, matches, precision, whole),
        precision=tuple(round(float(one), 6) for one in precision_at_recall(matches, overlap=0.5)),
        f1_curve=tuple(round(float(one), 6) for one in np.interp(np.linspace(0, 1, POINTS), CONFIDENCES, curve)),
        draws=pack_draws(drawn[0.5]),
        dataset_digest=images.digest,
        labels_digest=images.labels_digest,
        predictions_digest=_digest(predictions),
    )


def accuracy_by_image(images: BoxedImages, found: Boxes) -> np.ndarray:
    """float64 [n]: WILDS' detection accuracy of each image, blind to classes; crowds are left out of the truth."""
    crowd = images.truth.crowd
    truth = images.truth if crowd is None else images.truth.rows(~crowd)
    assert found.score is not None
    return np.array(
        [
            detection_accuracy(
                truth.corners[truth.image == row],
                found.corners[found.image == row],
                scores=found.score[found.image == row],
            )
            for row in range(len(images))
        ]
    )


def _by_class(
    classes: tuple[ClassName, ...], matches: Matches, precision: dict[float, np.ndarray], whole: np.ndarray
) -> dict[str, ClassDetection]:
    told = {}
    for label, one in enumerate(classes):
        boxes = int(matches.truth[:, label].sum())
        f1 = best_f1(f1_of_class(matches, label, weights=whole)[0])[0]
        told[one.id] = ClassDetection(
            boxes=boxes,
            ap50=_round(precision[0.5][label]) if boxes else None,
            ap75=_round(precision[0.75][label]) if boxes else None,
            ap=_round(np.mean([values[label] for values in precision.values()])) if boxes else None,
            f1=_round(f1) if boxes else None,
        )
    return told


def _answered(predictions: Detections, images: BoxedImages) -> BoxedImages:
    """The set that the detections are about: the whole one, or for a limited run the part that it answered."""
    header = predictions.header
    where = f"predictions of {header.model} on {header.set}"
    if header.limited:
        asked = set(predictions.image_ids)
        chosen = np.array([i for i, image_id in enumerate(images.ids) if image_id in asked], dtype=int)
        if not len(chosen):
            raise DataError(f"{where}: none of its images is in the set")
        images = images.pick(chosen)
    if images.digest != header.dataset_digest:
        raise DataError(
            f"{where} are about the dataset {header.dataset_digest[:19]}…, the set here is {images.digest[:19]}…;"
            " predict again on this one"
        )
    if not len(images.truth):
        raise DataError(f"{where}: no boxes at all on these {len(images)} images; a precision needs some")
    return images


def _mean(by_class: np.ndarray) -> np.ndarray:
    """The mean over the classes that have a truth box; 0 for a resample in which none has one."""
    has = np.isfinite(by_class)
    return np.where(has, by_class, 0).sum(axis=-1) / np.maximum(has.sum(axis=-1), 1)


def _interval(value: float, drawn: np.ndarray) -> tuple[float, float]:
    low, high = drawn_interval(float(value), drawn)
    return _round(low), _round(high)


def _round(value: float | np.ndarray) -> float:
    return min(1.0, max(0.0, round(float(value), DIGITS)))


def _digest(predictions: Detections) -> str:
    """The identity of what was found, whatever the order of rows and the library that wrote the file."""
    boxes = predictions.boxes.renumbered(np.arange(len(predictions.image_ids)))
    assert boxes.score is not None
    columns = np.column_stack([boxes.corners, boxes.label, boxes.score]).astype("<f4")
    cuts = np.cumsum(np.bincount(boxes.image, minlength=len(predictions.image_ids)))[:-1]
    return content_digest(
        (image_id, hashlib.sha256(rows.tobytes()).hexdigest())
        for image_id, rows in zip(predictions.image_ids, np.split(columns, cuts), strict=True)
    )
