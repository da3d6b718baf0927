"""COCO, YOLO and VOC folders: the same boxes from each, and one clear line for each thing that can be wrong."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.core.classes import ClassName
from bench.core.errors import DataError
from bench.core.registry import look_up
from bench.core.track import BoxLayout
from bench.sources import LAYOUTS
from bench.sources.boxed_folder import Place
from bench.store.hashes import hash_files

CLASSES = (ClassName(id="cat", name="Cat"), ClassName(id="dog", name="Dog"))
COCO = BoxLayout(layout="coco", file="annotations/instances_val.json", images="val")
YOLO = BoxLayout(layout="yolo", split="valid")
VOC = BoxLayout(layout="voc", split="val")
BOXES = {"a": [(0, 10, 20, 30, 50), (1, 40, 5, 80, 60)], "b": [(1, 0, 0, 100, 50)], "c": []}
SIZES = {"a": (100, 80), "b": (100, 50), "c": (60, 60)}


def opened(root: Path, layout: BoxLayout):
    place = Place("animals", root, CLASSES, partial(hash_files, folder=root / "hashes"), layout.single)
    return look_up(LAYOUTS, layout.layout, kind="layout")(place, layout)


def images(folder: Path, suffix: str) -> None:
    folder.mkdir(parents=True)
    for name, size in SIZES.items():
        Image.new("RGB", size, "grey").save(folder / f"{name}{suffix}")


@pytest.fixture
def coco(tmp_path):
    images(tmp_path / "val", ".png")
    boxes = [(i, box) for i, name in enumerate(BOXES) for box in BOXES[name]]
    document = {
        "images": [
            {"id": 70 + i, "file_name": f"{n}.png", "width": SIZES[n][0], "height": SIZES[n][1]}
            for i, n in enumerate(BOXES)
        ],
        "categories": [{"id": 18, "name": "dog"}, {"id": 17, "name": "cat"}],
        "annotations": [
            {"id": at, "image_id": 70 + i, "category_id": 17 + label, "bbox": [x1, y1, x2 - x1, y2 - y1], "iscrowd": 0}
            for at, (i, (label, x1, y1, x2, y2)) in enumerate(boxes)
        ],
    }
    path = tmp_path / "annotations" / "instances_val.json"
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    return tmp_path, path, document


@pytest.fixture
def yolo(tmp_path):
    images(tmp_path / "valid" / "images", ".jpg")
    (tmp_path / "valid" / "labels").mkdir()
    # As Roboflow writes it: the paths lead out of the folder that they lie in.
    (tmp_path / "data.yaml").write_text("train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\n")
    for name, boxes in BOXES.items():
        width, height = SIZES[name]
        lines = [
            f"{label} {(x1 + x2) / 2 / width} {(y1 + y2) / 2 / height} {(x2 - x1) / width} {(y2 - y1) / height}"
            for label, x1, y1, x2, y2 in boxes
        ]
        if lines:
            (tmp_path / "valid" / "labels" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def voc(tmp_path):
    images(tmp_path / "JPEGImages", ".jpg")
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Main" / "val.txt").write_text("c\na\nb\n")
    for name, boxes in BOXES.items():
        objects = "".join(
            f"<object><name>{('cat', 'dog')[label]}</name><difficult>{int(name == 'b')}</difficult><bndbox>"
            f"<xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
            for label, x1, y1, x2, y2 in boxes
        )
        size = "<size><width>{}</width><height>{}</height></size>".format(*SIZES[name])
        (tmp_path / "Annotations" / f"{name}.xml").write_text(f"<annotation>{size}{objects}</annotation>")
    return tmp_path


def told(found) -> dict[str, list[tuple[int, ...]]]:
    return {
        Path(image_id).stem: [
            (int(label), *(round(float(one)) for one in corners))
            for label, corners in zip(found.truth.on(row).label, found.truth.on(row).corners, strict=True)
        ]
        for row, image_id in enumerate(found.ids)
    }


def test_coco(coco):
    found = opened(coco[0], COCO)
    assert told(found) == BOXES
    assert found.ids == ("val/a.png", "val/b.png", "val/c.png")
    assert (found.coco_numbers, found.categories) == ((70, 71, 72), (17, 18))
    assert found.read(0).size == SIZES["a"]


def test_yolo_as_roboflow_writes_it(yolo):
    found = opened(yolo, YOLO)
    assert told(found) == BOXES
    assert found.truth.corners[0] == pytest.approx([10, 20, 30, 50])


def test_yolo_polygons_become_their_boxes(yolo):
    (yolo / "valid" / "labels" / "c.txt").write_text("1 0.5 0.25 0.75 0.5 0.5 0.75 0.25 0.5\n")
    assert told(opened(yolo, YOLO))["c"] == [(1, 15, 15, 45, 45)]


def test_voc_counts_from_one_and_sets_difficult_ones_apart(voc):
    found = opened(voc, VOC)
    assert told(found) == BOXES
    assert found.ids[0] == "JPEGImages/a.jpg"
    assert found.truth.crowd.tolist() == [False, False, True]


def test_every_class_as_the_only_one(yolo):
    place = Place("animals", yolo, CLASSES[:1], partial(hash_files, folder=yolo / "hashes"), single=True)
    found = look_up(LAYOUTS, "yolo", kind="layout")(place, YOLO)
    assert found.truth.label.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("key", "row", "change", "said"),
    [
        (
            "annotations",
            1,
            {"bbox": [90, 5, 40, 60]},
            r"annotations\[1\] \(id 1\): box \[90, 5, 130, 65\] reaches outside its image of 100x80",
        ),
        ("annotations", 1, {"bbox": [10, 5, -4, 6]}, r"annotations\[1\] \(id 1\): box .* no area, or a negative width"),
        ("annotations", 2, {"bbox": [10, 5, 0, 6]}, r"annotations\[2\].*no area"),
        ("annotations", 0, {"bbox": [10, 5, float("nan"), 6]}, r"annotations\[0\].*not finite"),
        ("annotations", 0, {"bbox": [10, 5, 6]}, r"annotations\[0\].*expected bbox"),
        ("annotations", 0, {"image_id": 9}, r"annotations\[0\] \(id 0\): image id 9 is not among the images"),
        ("annotations", 0, {"category_id": 3}, r"annotations\[0\] \(id 0\): category id 3 is not among"),
        ("categories", 0, {"name": "horse"}, r"categories\[0\]: class 'horse' is not in the track, which has Cat, Dog"),
        ("images", 1, {"id": 70}, r"images\[1\]: id 70 stands twice"),
        ("images", 1, {"width": 7}, r"images\[1\] \(b.png\): says 7x50 pixels, the file has 100x50"),
        ("images", 1, {"file_name": "../../etc/passwd"}, "leads out of the folder"),
        ("images", 1, {"file_name": "z.png"}, "z.png: no such image"),
    ],
)
def test_coco_names_file_and_row(coco, key, row, change, said):
    root, path, document = coco
    document[key][row] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=said) as refused:
        opened(root, COCO)
    assert str(root) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2]", "expected COCO instances"),
        ("{", "not JSON"),
        ('{"images": [], "annotations": [], "categories": []}', "no images"),
    ],
)
def test_coco_that_is_none(coco, text, said):
    coco[1].write_text(text)
    with pytest.raises(DataError, match=said):
        opened(coco[0], COCO)


def test_no_boxes_at_all(coco):
    root, path, document = coco
    path.write_text(json.dumps(document | {"annotations": []}))
    with pytest.raises(DataError, match="no boxes at all on 3 images"):
        opened(root, COCO)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2 0.5 0.5 0.2 0.2", r"a.txt, line 2: class 2 is outside 0..1"),
        ("-1 0.5 0.5 0.2 0.2", r"a.txt, line 2: class -1 is outside"),
        ("0.5 0.5 0.5 0.2 0.2", r"a.txt, line 2: class 0.5 is outside"),
        ("0 0.9 0.5 0.4 0.2", r"a.txt, line 2: the box reaches from 0.7, 0.4 to 1.1, 0.6, outside its image"),
        ("0 50 40 20 20", r"a.txt, line 2: .*are these pixels"),
        ("0 0.5 0.5 -0.2 0.2", r"a.txt, line 2: width and height -0.2 0.2: expected both above 0"),
        ("0 0.5 0.5 0 0.2", r"a.txt, line 2: width and height"),
        ("0 0.5 0.5 0.2", r"a.txt, line 2: expected class x y width height, or a polygon, got 4 numbers"),
        ("0 0.5 nan 0.2 0.2", r"a.txt, line 2: a number is not finite"),
        ("cat 0.5 0.5 0.2 0.2", r"a.txt, line 2: expected numbers"),
    ],
)
def test_yolo_names_file_and_line(yolo, line, said):
    (yolo / "valid" / "labels" / "a.txt").write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n")
    with pytest.raises(DataError, match=said):
        opened(yolo, YOLO)


def test_yolo_labels_without_an_image(yolo):
    labels = yolo / "valid" / "labels"
    (labels / "classes.txt").write_text("cat\ndog\n")
    opened(yolo, YOLO)
    (labels / "gone.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    with pytest.raises(DataError, match=r"gone\.txt: there is no image for this label file"):
        opened(yolo, YOLO)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nc: 3\nnames: [cat, dog]\n", "nc says 3 classes, names has 2"),
        ("names: [cat, cow]\n", r"names\[1\]: class 'cow' is not in the track"),
        ("nc: 2\n", "expected names:"),
        ("names: {0: cat, 2: dog}\n", "expected the numbers 0 to 1"),
        ("[", "not YAML"),
    ],
)
def test_yolo_data_file(yolo, text, said):
    (yolo / "data.yaml").write_text(text)
    with pytest.raises(DataError, match=said):
        opened(yolo, YOLO)


def test_yolo_split_that_is_not_there(yolo):
    with pytest.raises(DataError, match="no folder of images for the split 'test'"):
        opened(yolo, BoxLayout(layout="yolo", split="test"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<xmax>30</xmax>", "<xmax>8</xmax>", r"a.xml, object 1: box .* no area"),
        ("<xmax>30</xmax>", "<xmax>300</xmax>", r"a.xml, object 1: box .* reaches outside its image of 100x80"),
        ("<xmax>30</xmax>", "<xmax>x</xmax>", r"a.xml, object 1: expected a number in bndbox/xmax, got 'x'"),
        ("<name>dog</name>", "<name>cow</name>", r"a.xml, object 2: class 'cow' is not in the track"),
        ("<width>100</width>", "<width>99</width>", r"a.xml: says 99x80 pixels, the image has 100x80"),
        ("</annotation>", "", r"a.xml: not XML"),
        ("<annotation>", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotation>", "document type"),
    ],
)
def test_voc_names_file_and_object(voc, old, new, said):
    path = voc / "Annotations" / "a.xml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=said):
        opened(voc, VOC)


def test_a_box_that_rounding_pushed_over_the_edge_is_cut(coco):
    root, path, document = coco
    document["annotations"][2]["bbox"] = [0, 0, 100.4, 50]
    path.write_text(json.dumps(document))
    assert opened(root, COCO).truth.corners.max() == 100


def test_digests_follow_images_and_boxes(coco):
    root, path, document = coco
    before = opened(root, COCO)
    document["annotations"][0]["bbox"][0] += 1
    path.write_text(json.dumps(document))
    after = opened(root, COCO)
    assert (before.digest == after.digest, before.labels_digest == after.labels_digest) == (True, False)
    turned = before.pick(np.array([2, 0, 1]))
    assert (turned.digest, turned.labels_digest) == (before.digest, before.labels_digest)
