"""A detection track from boxes to board: trained, asked, scored, exported, submitted, published, explained."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.core.boxes import BoxedImages
from bench.core.detection_score import DetectionScore
from bench.core.detections import Detections
from bench.core.errors import DataError, UsageError
from bench.core.predictions import PredictionHeader
from bench.core.record import parse
from bench.core.track import Track
from bench.pipelines.boards.publish import publish
from bench.pipelines.detection import score_boxes as scoring
from bench.pipelines.detection.box_sets import open_boxes
from bench.pipelines.detection.detect import detect
from bench.pipelines.detection.export_boxes import export_boxes
from bench.pipelines.doctor import doctor
from bench.pipelines.scoring.compare import compare
from bench.pipelines.scoring.score import Given, score
from bench.pipelines.scoring.submit import submit
from bench.pipelines.track_files import load_track
from bench.pipelines.tracks import open_set
from bench.pipelines.training.train import train
from bench.pipelines.versions.explain import explain
from bench.sources import scenes
from bench.store.coco_results import write_coco_results
from bench.store.detections import read_detections, write_detections
from tests.toy_boxes import near, toy_boxes

ROOT = Path("/nowhere")
FIGURES = ("n", "boxes", "detections", "ap50", "ap75", "ap", "f1", "confidence", "f1_fixed", "accuracy", "per_class")


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(scoring, "RESAMPLES", 60)


@pytest.fixture
def track(monkeypatch) -> Track:
    return toy_boxes(monkeypatch)


def found_on(track: Track, images: BoxedImages, of_set: str, *, model: str = "lab:one", seed: int = 0) -> Detections:
    header = PredictionHeader(
        kind="boxes",
        track=track.name,
        set=of_set,
        dataset_digest=images.digest,
        classes_digest=track.classes_digest,
        model=model,
        preprocessing={},
        versions={},
    )
    return Detections(header, tuple(images.ids), near(images, seed=seed, noise=1 + seed))


def files_of(track: Track, folder: Path, **how) -> list[Path]:
    paths = []
    for name in track.sets:
        paths.append(folder / f"{how.get('seed', 0)}-{name}.parquet")
        write_detections(paths[-1], found_on(track, open_boxes(track, name, data_root=ROOT), name, **how))
    return paths


def figures(one: DetectionScore) -> dict:
    return {name: getattr(one, name) for name in FIGURES}


@pytest.mark.parametrize("layout", ["coco", "yolo"])
def test_exports_of_the_digits_give_the_same_figures(layout, monkeypatch, tmp_path):
    monkeypatch.setattr(scenes, "TEST", 20)
    track = load_track("digits-detect")
    images = scenes.test(ROOT)
    monkeypatch.setattr("bench.pipelines.detection.export_boxes.open_boxes", lambda *_, **__: images)
    report = export_boxes("digits-detect/test", layout=layout, out=tmp_path / layout, data_root=ROOT)
    assert (report.images, report.boxes) == (20, len(images.truth))
    boxes = {"layout": "coco", "file": "annotations/instances_test.json", "images": "test"}
    said = track.model_dump(mode="json", exclude_none=True) | {
        "sets": {
            "test": {"folder": layout, "boxes": boxes if layout == "coco" else {"layout": "yolo", "split": "test"}}
        },
        "headline": {"metric": "ap50", "sets": ["test"]},
    }
    again = parse(Track, said, where="exported")
    theirs = open_boxes(again, "test", data_root=tmp_path)
    found = found_on(track, images, "test")
    moved = replace(found_on(again, theirs, "test"), boxes=found.boxes)
    ours = figures(scoring.score_boxes(found, images, classes=track.classes))
    assert ours == figures(scoring.score_boxes(moved, theirs, classes=track.classes))
    assert 0.2 < ours["ap50"] < 1
    assert theirs.read(3).tobytes() == images.read(3).tobytes()


def test_a_card_holds_every_figure_with_its_interval(track, tmp_path):
    (card,) = score(files_of(track, tmp_path), track=track, data_root=ROOT)
    one = card.sets["test"]
    assert (one.n, one.boxes) == (14, len(open_boxes(track, "test", data_root=ROOT).truth))
    assert one.ap < one.ap75 < one.ap50 <= one.f1 + 0.3
    assert all(low <= getattr(one, name) <= high for name, (low, high) in one.intervals.items())
    assert one.intervals["ap50"][0] < one.intervals["ap50"][1]
    assert set(one.per_class) == {"square", "flat", "tall"}
    assert one.drawn().shape == (60,)
    assert np.mean([each.ap50 for each in one.per_class.values()]) == pytest.approx(one.ap50)


def test_scores_do_not_depend_on_the_order_of_rows(track, tmp_path):
    images = open_boxes(track, "test", data_root=ROOT)
    found = found_on(track, images, "test")
    turned = np.random.default_rng(0).permutation(len(images))
    places = np.argsort(turned)
    other = Detections(found.header, tuple(images.ids[i] for i in turned), found.boxes.renumbered(places))
    assert scoring.score_boxes(other, images, classes=track.classes) == scoring.score_boxes(
        found, images, classes=track.classes
    )


def test_submit_files_publish_and_explain(track, tmp_path):
    paths = files_of(track, tmp_path) + files_of(track, tmp_path, model="lab:two", seed=3)
    cards = submit(paths, track=track, data_root=ROOT, board_dir=tmp_path / "boards")
    assert [card.state for card in cards] == ["listed", "listed"]
    assert "AP@0.5" in str(cards[0])
    made = publish(track, data_root=tmp_path, board_dir=tmp_path / "boards")
    folder = tmp_path / "boards" / "shapes"
    assert made.files == sum(path.is_file() for path in folder.rglob("*")) - len(cards)
    document = json.loads((folder / "board.json").read_text())
    assert [row["model"] for row in document["rows"]] == ["lab:one", "lab:two"]
    assert (folder / "plots" / "precision-recall-test.svg").is_file()
    assert explain("lab:one", track=track, data_root=tmp_path, board_dir=tmp_path / "boards").state == "listed"


def test_files_that_are_wrong_are_rejected_by_name(track, tmp_path):
    images = open_boxes(track, "shift", data_root=ROOT)
    found = found_on(track, images, "shift")
    found.boxes.label[0] = 7
    write_detections(tmp_path / "bad.parquet", found)
    (card,) = submit([tmp_path / "bad.parquet"], track=track, data_root=ROOT, board_dir=tmp_path)
    assert card.state == "rejected"
    assert "a class is outside 0..2" in card.reason
    (half,) = submit(files_of(track, tmp_path)[:1], track=track, data_root=ROOT, board_dir=tmp_path)
    assert (half.state, half.reason) == ("rejected", "no answers on shift; predict every required set of the track")


def test_coco_results_are_scored_alike(track, tmp_path):
    images = open_boxes(track, "test", data_root=ROOT)
    found = found_on(track, images, "test")
    write_coco_results(tmp_path / "r.json", found, images)
    given = Given(set="test", model="lab:coco")
    (card,) = score([tmp_path / "r.json"], track=track, data_root=ROOT, given=given)
    assert figures(card.sets["test"]) == figures(scoring.score_boxes(found, images, classes=track.classes))
    assert card.flags == ("scored from COCO results, which are not bound to a dataset by their digest",)
    with pytest.raises(UsageError, match=r"add --set \(test, shift\)"):
        score([tmp_path / "r.json"], track=track, data_root=ROOT)


def test_coco_results_of_every_set_are_one_submission(track, tmp_path):
    for name in track.sets:
        images = open_boxes(track, name, data_root=ROOT)
        write_coco_results(tmp_path / f"yolov7-{name}.json", found_on(track, images, name), images)
    (card,) = submit(sorted(tmp_path.glob("*.json")), track=track, data_root=ROOT, board_dir=tmp_path / "boards")
    assert (card.state, card.model, list(card.sets)) == ("listed", "file:yolov7", ["test", "shift"])
    (tmp_path / "yolov7-test.json").write_text("[]x")
    (card,) = submit([tmp_path / "yolov7-test.json"], track=track, data_root=ROOT, board_dir=tmp_path / "boards")
    assert (card.state, card.model) == ("rejected", "file:yolov7")
    assert "yolov7-test.json: not JSON" in card.reason


def test_detections_about_other_images_are_refused(track):
    images = open_boxes(track, "test", data_root=ROOT)
    found = found_on(track, images, "test")
    other = replace(images, sha256=lambda i: f"{i:064x}")
    with pytest.raises(DataError, match="are about the dataset"):
        scoring.score_boxes(found, other, classes=track.classes)


@pytest.mark.parametrize("arm", ["real", "naive", "mixed"])
def test_train_and_ask(arm, track, tmp_path):
    run = train(track, arm, data_root=tmp_path, quiet=True)
    assert [part.images for part in run.run.data] == ([12, 6] if arm == "mixed" else [12])
    assert ("flip, crop, colour" in (run.run.schedule or "")) == (arm == "naive")
    assert train(track, arm, data_root=tmp_path, quiet=True) == run
    (path,) = detect([f"run:{run.id}"], track, sets=["test"], data_root=tmp_path, workers=1, quiet=True)
    whole = read_detections(path)
    (path,) = detect([f"run:{run.id}"], track, sets=["test"], data_root=tmp_path, limit=2, workers=1, quiet=True)
    part = read_detections(path)
    assert part.header.limited
    last = whole.boxes.on(whole.image_ids.index(part.image_ids[1]))
    assert np.array_equal(part.boxes.on(1).corners, last.corners)
    assert np.array_equal(part.boxes.on(1).score, last.score)
    (card,) = score([path], track=track, data_root=tmp_path)
    assert (card.limited, card.declaration.arch, card.title) == (
        True,
        "fcos:test_resnet",
        f"fcos:test_resnet, {arm}, 3 steps",
    )


@pytest.mark.parametrize(
    "arch", ["retinanet:test_resnet", pytest.param("fasterrcnn:test_resnet", marks=pytest.mark.slow)]
)
def test_other_heads(arch, track, tmp_path):
    run = train(track, "real", arch=arch, steps=1, data_root=tmp_path, quiet=True)
    (path,) = detect([f"run:{run.id}"], track, sets=["shift"], data_root=tmp_path, limit=1, workers=1, quiet=True)
    assert set(read_detections(path).boxes.label) <= {0, 1, 2}


@pytest.mark.parametrize(
    ("arm", "how", "said"),
    [
        ("reel", {}, "unknown arm 'reel': did you mean real"),
        ("real", {"arch": "resnet18"}, "expected HEAD:BACKBONE"),
        ("real", {"arch": "fcoss:resnet18"}, "did you mean fcos"),
        ("real", {"arch": "fcos:resnet1x"}, "unknown backbone"),
        ("mixed", {"ratio": 0.5}, "are for classifiers"),
    ],
)
def test_train_refuses(arm, how, said, track, tmp_path):
    with pytest.raises(UsageError, match=said):
        train(track, arm, data_root=tmp_path, quiet=True, **how)


def test_verbs_of_classifiers_say_that_a_track_asks_for_boxes(track):
    with pytest.raises(UsageError, match="asks for boxes"):
        open_set(track, "test", data_root=ROOT)
    with pytest.raises(UsageError, match="not boxes"):
        open_boxes(load_track("digits"), "test", data_root=ROOT)


def test_cards_of_detectors_are_not_compared_as_classifiers(track, tmp_path):
    submit(files_of(track, tmp_path), track=track, data_root=ROOT, board_dir=tmp_path)
    with pytest.raises(DataError, match="is a card of the task detection; this verb or track is about another"):
        compare("lab:one", "lab:one", track, data_root=ROOT, board_dir=tmp_path)


def test_doctor_counts_boxes_or_says_what_is_wrong(track, tmp_path):
    assert [(one.ready, one.images) for one in doctor(track, data_root=ROOT)] == [(True, 14), (True, 10)]
    (val, _) = doctor(load_track("fracture"), data_root=tmp_path)
    assert not val.ready
    assert "data.yaml; put the export's folder there" in val.findings[0].what


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"headline": {"metric": "top1", "sets": ["shift"]}}, "headline.metric: a detection track is headed by ap50"),
        ({"sets": {"test": {"folder": "x", "map": "wnid"}}, "headline": {"metric": "ap50", "sets": ["test"]}}, "boxes"),
        ({"sets": {"test": {"folder": "x", "boxes": {"layout": "coco"}}}}, "the layout coco needs file and images"),
    ],
)
def test_track_files_that_do_not_suit(change, said, monkeypatch):
    with pytest.raises(UsageError, match=said):
        toy_boxes(monkeypatch, **change)


def test_the_published_table_stands_above_ours(monkeypatch, tmp_path):
    table = {
        "source": "Somebody 2023, Table 1",
        "columns": {"train box": "", "test mAP@.5": "shift.ap50", "test F1": "shift.f1"},
        "rows": [{"title": "Baseline", "figures": {"train box": 0.027, "test mAP@.5": 0.699, "test F1": 0.73}}],
    }
    track = toy_boxes(monkeypatch, published=table)
    (card,) = submit(files_of(track, tmp_path), track=track, data_root=ROOT, board_dir=tmp_path)
    publish(track, data_root=tmp_path, board_dir=tmp_path)
    lines = (tmp_path / "shapes" / "README.md").read_text().splitlines()
    assert "| Baseline (quoted) | 0.027 | 0.699 | 0.73 |" in lines
    assert any(line.startswith("| lab:one (submitted) | – | ") for line in lines)
    assert f"{card.sets['shift'].ap50:.4g}" in "\n".join(lines)
