"""Detections on the disk and as COCO results: what is written is what is read, and what is wrong is named."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.core.boxes import Boxes
from bench.core.detections import Detections
from bench.core.errors import DataError
from bench.core.predictions import PredictionHeader
from bench.store.coco_results import coco_results, read_coco_results, write_coco_results
from bench.store.detections import read_detections, write_detections
from bench.store.predictions import read_predictions
from tests.toy_boxes import near, shapes

IMAGES = shapes("shapes-test", 6, 3)


def detections(boxes: Boxes | None = None, **changes) -> Detections:
    header = PredictionHeader(
        kind="boxes",
        track="shapes",
        set="test",
        dataset_digest=IMAGES.digest,
        classes_digest="sha256:0",
        model="lab:one",
        preprocessing={},
        versions={},
    )
    return Detections(
        header, changes.get("image_ids", tuple(IMAGES.ids)), boxes if boxes is not None else near(IMAGES, seed=0)
    )


def aligned(found: Detections) -> Boxes:
    return found.aligned(IMAGES.ids, sizes=IMAGES.sizes, classes=3)


def test_what_is_written_is_read(tmp_path):
    found = detections()
    write_detections(tmp_path / "a.parquet", found)
    again = read_detections(tmp_path / "a.parquet")
    assert (again.header, again.image_ids) == (found.header, found.image_ids)
    ours, theirs = aligned(found), aligned(again)
    assert theirs.corners == pytest.approx(ours.corners, abs=1e-5)
    assert np.array_equal(theirs.label, ours.label)
    assert np.array_equal(theirs.score, ours.score)
    assert np.array_equal(theirs.image, ours.image)


def test_nothing_found_at_all(tmp_path):
    nobody = near(IMAGES, seed=0).rows(np.zeros(0, dtype=np.int64))
    write_detections(tmp_path / "a.parquet", detections(nobody))
    assert len(aligned(read_detections(tmp_path / "a.parquet"))) == 0


def test_a_file_of_boxes_is_no_file_of_classes(tmp_path):
    write_detections(tmp_path / "a.parquet", detections())
    with pytest.raises(DataError, match="holds boxes, not classes of images"):
        read_predictions(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("score", [[0.5]] * 6, r"image 'shapes-test/00\d': \d boxes and 1 values in 'score'"),
        ("label", [["a"]] * 6, "must hold|whole numbers|values in 'label'"),
        ("box", [None] * 6, "column 'box'"),
        ("box", [[1.0]] * 6, "values in|4 numbers"),
        ("score", [1.0] * 6, "column 'score' must hold a list for each image"),
    ],
)
def test_damaged_columns(tmp_path, column, values, said):
    path = tmp_path / "a.parquet"
    write_detections(path, detections())
    table = pq.read_table(path)
    table = table.set_column(table.column_names.index(column), column, pa.array(values))
    pq.write_table(table, path)
    with pytest.raises(DataError, match=said):
        read_detections(path)


@pytest.mark.parametrize("kept", [0, 10, 400])
def test_a_file_that_is_cut_short(tmp_path, kept):
    path = tmp_path / "a.parquet"
    write_detections(path, detections())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_detections(path)


def changed(row: int, **values) -> Boxes:
    boxes = near(IMAGES, seed=0)
    for name, value in values.items():
        getattr(boxes, name)[row] = value
    return boxes


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        (changed(1, corners=[5, 5, 5, 9]), r"image 'shapes-test/00\d', box \d \[5, 5, 5, 9\]: a box has no area"),
        (changed(1, corners=[9, 5, 2, 9]), "no area"),
        (changed(1, corners=[70, 5, 90, 9]), r"box \[70, 5, 90, 9\] lies outside its 64x64 pixels"),
        (changed(1, corners=[np.nan, 5, 90, 9]), "a corner is not a finite number"),
        (changed(1, score=1.5), "a score is not a finite number in"),
        (changed(1, score=np.nan), "a score is not a finite number in"),
        (changed(1, label=3), r"a class is outside 0\.\.2"),
        (changed(1, label=-1), "a class is outside"),
    ],
)
def test_boxes_that_are_wrong_are_named(boxes, said):
    with pytest.raises(DataError, match=said):
        aligned(detections(boxes))


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ((*IMAGES.ids[:-1], IMAGES.ids[0]), "answered twice"),
        ((*IMAGES.ids[:-1], "elsewhere/1"), "'elsewhere/1' is not in the set"),
    ],
)
def test_ids_that_are_wrong_are_named(ids, said):
    with pytest.raises(DataError, match=said):
        aligned(detections(image_ids=ids))


def test_an_image_without_an_answer_is_named():
    boxes = near(IMAGES, seed=0)
    with pytest.raises(DataError, match=r"'shapes-test/005' has no answer \(5 of 6 images answered\)"):
        aligned(detections(boxes.rows(boxes.image < 5), image_ids=tuple(IMAGES.ids[:-1])))


def test_a_box_over_the_edge_is_cut():
    boxes = aligned(detections(changed(0, corners=[-3, 2, 70, 9])))
    assert boxes.corners.min() == 0
    assert boxes.corners[:, 2].max() == 64


def test_coco_results_there_and_back(tmp_path):
    found = detections()
    write_coco_results(tmp_path / "r.json", found, IMAGES)
    again = Detections(found.header, tuple(IMAGES.ids), read_coco_results(tmp_path / "r.json", IMAGES, classes=3))
    ours, theirs = aligned(found), aligned(again)
    order = [np.lexsort((-boxes.score, boxes.image)) for boxes in (ours, theirs)]
    assert theirs.corners[order[1]] == pytest.approx(ours.corners[order[0]])
    assert np.array_equal(theirs.label[order[1]], ours.label[order[0]])
    first = coco_results(found, IMAGES)[0]
    assert (set(first), first["image_id"], first["category_id"] in (1, 2, 3)) == (
        {"image_id", "category_id", "bbox", "score"},
        1,
        True,
    )


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"image_id": 99}, r"\[1\]: image id 99 is not in the set shapes-test"),
        ({"category_id": 0}, r"\[1\]: category id 0 is not one of 1, 2, 3"),
        ({"bbox": [1, 2, 3]}, r"\[1\]: expected bbox"),
        ({"bbox": [1, 2, -3, 4]}, r"\[1\]: box .* no area, or a negative width"),
        ({"bbox": [1, 2, float("nan"), 4]}, r"\[1\]: box .* not finite"),
        ({"bbox": [64, 2, 3, 4]}, r"\[1\]: box .* lies outside its image of 64x64 pixels"),
        ({"score": "high"}, r"\[1\]: expected a number from 0 to 1 in score"),
        ({"score": 1.5}, r"\[1\]: expected a number from 0 to 1 in score, got 1.5"),
    ],
)
def test_coco_results_that_are_wrong(tmp_path, one, said):
    whole = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    (tmp_path / "r.json").write_text(json.dumps([whole, whole | one]))
    with pytest.raises(DataError, match=said):
        read_coco_results(tmp_path / "r.json", IMAGES, classes=3)


@pytest.mark.parametrize(
    ("text", "said"), [("{}", "expected COCO results"), ("[1]", "expected a result"), ("[", "not JSON")]
)
def test_coco_results_that_are_none(tmp_path, text, said):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(DataError, match=said):
        read_coco_results(tmp_path / "r.json", IMAGES, classes=3)
