"""Average precision: both COCO libraries' figures, a value by hand, and resamples as copies of images."""

import contextlib
import io

import numpy as np
import pytest

from bench.core.boxes import Boxes
from bench.core.errors import DataError
from bench.metrics.average_precision import RECALLS, average_precision, precision_at_recall
from bench.metrics.box_matches import OVERLAPS, box_matches
from tests.metrics.boxes import distinct, random_boxes

IMAGES, CLASSES = 24, 3


def as_coco(library, truth: Boxes, found: Boxes, images: int, classes: int):
    """Both as objects of a COCO library, through its own loading of results."""

    def rows(boxes: Boxes) -> list[dict]:
        sizes = boxes.corners[:, 2:] - boxes.corners[:, :2]
        crowd = boxes.crowd if boxes.crowd is not None else np.zeros(len(boxes), dtype=bool)
        score = boxes.score if boxes.score is not None else np.ones(len(boxes))
        return [
            {
                "id": row + 1,
                "image_id": int(boxes.image[row]) + 1,
                "category_id": int(boxes.label[row]) + 1,
                "bbox": [*boxes.corners[row, :2].tolist(), *sizes[row].tolist()],
                "area": float(sizes[row].prod()),
                "iscrowd": int(crowd[row]),
                "score": float(score[row]),
            }
            for row in range(len(boxes))
        ]

    told = library()
    told.dataset = {
        "info": {},
        "images": [{"id": i + 1, "width": 100, "height": 100} for i in range(images)],
        "categories": [{"id": c + 1, "name": str(c)} for c in range(classes)],
        "annotations": rows(truth),
    }
    told.createIndex()
    return told, told.loadRes([{k: v for k, v in row.items() if k not in ("id", "iscrowd")} for row in rows(found)])


def theirs(name: str, truth: Boxes, found: Boxes) -> np.ndarray:
    """precision [overlaps, recalls, classes] as a library accumulates it, over all areas, 100 boxes an image."""
    with contextlib.redirect_stdout(io.StringIO()):
        if name == "pycocotools":
            from pycocotools.coco import COCO as Library
            from pycocotools.cocoeval import COCOeval as Evaluation
        else:
            from faster_coco_eval import COCO as Library
            from faster_coco_eval import COCOeval_faster as Evaluation
        told = Evaluation(*as_coco(Library, truth, found, IMAGES, CLASSES), "bbox")
        told.evaluate()
        told.accumulate()
    return told.eval["precision"][:, :, :, 0, -1]


@pytest.mark.parametrize("name", ["pycocotools", "faster_coco_eval"])
@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_coco_libraries(name, seed):
    pytest.importorskip(name)
    truth, found = random_boxes(images=IMAGES, classes=CLASSES, seed=seed, crowds=seed % 2 == 0)
    matches = box_matches(truth, found, images=IMAGES, classes=CLASSES)
    wanted = theirs(name, truth, found)
    ours = np.stack([average_precision(matches, overlap=overlap) for overlap in OVERLAPS])
    assert ours == pytest.approx(wanted.mean(axis=1), abs=1e-12)
    assert 0.05 < ours.mean() < 0.95
    assert precision_at_recall(matches, overlap=0.5) == pytest.approx(wanted[0].mean(axis=1), abs=1e-12)


def scene() -> tuple[Boxes, Boxes]:
    truth = Boxes.of([(0, [0, 0, 10, 10], 0), (1, [0, 0, 10, 10], 0)])
    found = Boxes(
        np.array([0, 0, 1]),
        np.array([[0, 0, 10, 10], [50, 50, 60, 60], [0, 0, 10, 10]], dtype=float),
        np.zeros(3, dtype=np.int64),
        np.array([0.9, 0.8, 0.7], dtype=np.float32),
    )
    return truth, found


def test_a_hit_a_false_one_and_a_hit_by_hand():
    # Recall 1/2 at precision 1, recall 1 at precision 2/3: 51 of the 101 recalls lie at or below 1/2.
    matches = box_matches(*scene(), images=2, classes=2)
    assert average_precision(matches, overlap=0.5).tolist() == [
        pytest.approx((51 + 50 * 2 / 3) / 101),
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert matches.row[matches.hit[0]].tolist() == [0, 2]
    assert matches.target[0].tolist() == [0, -1, 1]


def test_weights_are_copies_of_images():
    truth, found = distinct(*random_boxes(images=IMAGES, classes=CLASSES, seed=7))
    weights = np.random.default_rng(1).multinomial(IMAGES, np.full(IMAGES, 1 / IMAGES), size=3)
    matches = box_matches(truth, found, images=IMAGES, classes=CLASSES)
    drawn = average_precision(matches, overlap=0.5, weights=weights)
    for row, counts in enumerate(weights):
        copies = np.repeat(np.arange(IMAGES), counts)
        parts = [[boxes.on(image) for image in copies] for boxes in (truth, found)]
        again = [
            Boxes(
                np.repeat(np.arange(len(copies)), [len(one) for one in part]),
                *(np.concatenate([getattr(one, name) for one in part]) for name in ("corners", "label")),
                *(
                    None if getattr(part[0], name) is None else np.concatenate([getattr(one, name) for one in part])
                    for name in ("score", "crowd")
                ),
            )
            for part in parts
        ]
        whole = average_precision(box_matches(*again, images=len(copies), classes=CLASSES), overlap=0.5)
        assert drawn[row] == pytest.approx(whole, abs=1e-12)


def test_weights_of_one_are_the_set_itself():
    truth, found = random_boxes(images=IMAGES, classes=CLASSES, seed=8)
    matches = box_matches(truth, found, images=IMAGES, classes=CLASSES)
    ones = np.ones((2, IMAGES), dtype=np.int64)
    assert np.array_equal(
        average_precision(matches, overlap=0.75, weights=ones)[1], average_precision(matches, overlap=0.75)
    )


def test_nothing_found_and_nothing_there():
    truth, found = scene()
    nobody = found.rows(np.zeros(3, dtype=bool))
    assert average_precision(box_matches(truth, nobody, images=2, classes=1), overlap=0.5).tolist() == [0]
    assert precision_at_recall(box_matches(truth, nobody, images=2, classes=1), overlap=0.5).tolist() == [0] * len(
        RECALLS
    )
    empty = truth.rows(np.zeros(2, dtype=bool))
    assert np.isnan(average_precision(box_matches(empty, found, images=2, classes=1), overlap=0.5)).all()


def test_refuses():
    truth, found = scene()
    with pytest.raises(DataError, match="at least one image"):
        box_matches(truth, found, images=0, classes=1)
    with pytest.raises(DataError, match="without scores"):
        box_matches(truth, truth, images=2, classes=1)
