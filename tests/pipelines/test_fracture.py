"""The track `fracture` on a folder as Roboflow exports it, and the study's table with our row under it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.core.errors import DataError
from bench.pipelines.boards.publish import publish
from bench.pipelines.detection import score_boxes as scoring
from bench.pipelines.detection.box_sets import open_boxes, open_training_boxes
from bench.pipelines.doctor import doctor
from bench.pipelines.scoring.submit import submit
from bench.pipelines.track_files import load_track
from bench.store.coco_results import write_coco_results
from tests.pipelines.test_detection import found_on

COUNTS = {"train": 6, "valid": 50, "test": 200}


@pytest.fixture
def root(tmp_path) -> Path:
    folder, random = tmp_path / "bone-fracture-detection", np.random.default_rng(0)
    folder.mkdir()
    paths = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
    (folder / "data.yaml").write_text(f"{paths}nc: 2\nnames: ['line', 'angle']\n")
    for split, count in COUNTS.items():
        (folder / split / "images").mkdir(parents=True)
        (folder / split / "labels").mkdir()
        for row in range(count):
            Image.new("L", (40, 30)).save(folder / split / "images" / f"x{row:03d}_jpg.rf.jpg")
            x, y = random.uniform(0.3, 0.7, 2)
            (folder / split / "labels" / f"x{row:03d}_jpg.rf.txt").write_text(f"{row % 2} {x} {y} 0.4 0.3\n")
    return tmp_path


def test_every_split_is_read_and_every_class_is_a_fracture(root):
    track = load_track("fracture")
    assert [(one.name, one.ready, one.images, one.boxes) for one in doctor(track, data_root=root)] == [
        ("val", True, 50, {"fracture": 50}),
        ("test", True, 200, {"fracture": 200}),
    ]
    assert len(open_training_boxes(track, "real", data_root=root)) == 6
    with pytest.raises(DataError, match=r"bone-fracture-synthetic/data.yaml; put the export's folder there"):
        open_training_boxes(track, "synthetic", data_root=root)


def test_a_copy_that_is_not_whole_is_refused(root):
    folder = root / "bone-fracture-detection" / "test"
    (folder / "images" / "x007_jpg.rf.jpg").unlink()
    with pytest.raises(DataError, match="there is no image for this label file"):
        open_boxes(load_track("fracture"), "test", data_root=root)
    (folder / "labels" / "x007_jpg.rf.txt").unlink()
    with pytest.raises(DataError, match="expected 200 images, got 199"):
        open_boxes(load_track("fracture"), "test", data_root=root)


def test_the_studys_table_is_quoted_above_our_row(root, monkeypatch):
    monkeypatch.setattr(scoring, "RESAMPLES", 20)
    track = load_track("fracture")
    for name in track.sets:
        images = open_boxes(track, name, data_root=root)
        found = found_on(track, images, name)
        found.boxes.label[:] = 0
        write_coco_results(root / f"ours-{name}.json", found, images)
    (card,) = submit(sorted(root.glob("ours-*.json")), track=track, data_root=root, board_dir=root)
    publish(track, data_root=root, board_dir=root)
    lines = (root / "fracture" / "README.md").read_text().splitlines()
    assert "| PSLD (quoted) | 0.0254 | 0.003194 | 0.7349 | 0.77 | 0.782 | 0.82 |" in lines
    val, test = card.sets["val"], card.sets["test"]
    figures = (f"{one:.4g}" for one in (val.ap50, val.f1, test.ap50, test.f1))
    assert f"| file:ours (submitted) | – | – | {' | '.join(figures)} |" in lines
    assert "Table 1" in (root / "fracture" / "table.tex").read_text()
