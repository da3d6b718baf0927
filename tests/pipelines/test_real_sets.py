"""Trees laid out as each real ImageNet set is: right ids, right labels, right classes in competition."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from bench.core.errors import DataError
from bench.pipelines.track_files import load_track, shipped_map
from bench.pipelines.tracks import list_tree_once, open_set
from bench.sources.class_lists import class_list
from tests.trees import draw, imagenet, plant, without_counts

WNIDS = [one.id for one in class_list("imagenet-1k")]
METHODS_R = [1, 2, 4, 6, 8, 9, 11, 13, 22, 23]  # the first of methods.md, appendix B


@pytest.fixture(autouse=True)
def _fresh_listing():
    list_tree_once.cache_clear()


def folders_of(name: str) -> dict[str, list[str]]:
    """A shipped map as it stands in its file: folder -> class ids."""
    said = shipped_map(name)
    return {folder: [ids] if isinstance(ids, str) else ids for folder, ids in said.items()}


@pytest.fixture(scope="module")
def val(tmp_path_factory) -> Path:
    """One image of each class, named as ImageNet val is, in no order of classes."""
    root = tmp_path_factory.mktemp("val")
    for number, place in enumerate(np.random.default_rng(0).permutation(1000), start=1):
        draw(root / "imagenet" / "val" / WNIDS[place] / f"ILSVRC2012_val_{number:08d}.JPEG", number)
    return root


def test_val_is_labelled_by_wordnet_id(val: Path) -> None:
    images = open_set(imagenet(), "val", data_root=val)
    assert images.labels.tolist() == [WNIDS.index(image_id.split("/")[0]) for image_id in images.ids]
    assert list(images.ids) == sorted(images.ids)
    assert (len(images), images.kept, images.accepted) == (1000, None, None)
    assert images.read(3).size == (12, 10)
    again = pickle.loads(pickle.dumps(images.pick(np.array([5, 7]))))
    assert np.array_equal(np.asarray(again.read(1)), np.asarray(images.read(7)))
    assert images.digest == open_set(imagenet(), "val", data_root=val).digest


def test_v2_folders_are_numbers_not_places_in_a_sorted_list(tmp_path: Path) -> None:
    plant(tmp_path / "imagenetv2-matched-frequency-format-val", map(str, range(1000)))
    images = open_set(imagenet(), "v2", data_root=tmp_path)
    found = dict(zip((one.split("/")[0] for one in images.ids), images.labels.tolist(), strict=True))
    assert [found[name] for name in ("0", "1", "10", "100", "2", "999")] == [0, 1, 10, 100, 2, 999]
    hundred = without_counts(load_track("imagenet-100"))
    images = open_set(hundred, "v2", data_root=tmp_path)
    for image_id, label in zip(images.ids, images.labels, strict=True):
        assert hundred.class_ids[label] == WNIDS[int(image_id.split("/")[0])]
    assert len(images) == 100


@pytest.mark.parametrize(("name", "count"), [("r", 200), ("a", 200)])
def test_two_hundred_classes_compete_on_r_and_a(tmp_path: Path, val: Path, name: str, count: int) -> None:
    wnids = list(folders_of(f"imagenet-{name}"))
    plant(tmp_path / f"imagenet-{name}", wnids, per_folder=2, name="art_{}.jpg")
    images = open_set(imagenet(), name, data_root=tmp_path)
    assert images.kept == tuple(sorted(WNIDS.index(one) for one in wnids))
    assert (len(wnids), len(images)) == (count, 2 * count)
    matched = open_set(imagenet(), f"val-{name}", data_root=val)
    assert matched.kept == images.kept
    assert {one.split("/")[0] for one in matched.ids} == set(wnids)
    assert matched.origin == open_set(imagenet(), "val", data_root=val).origin


def test_sketch_is_labelled_by_wordnet_id_and_all_classes_compete(tmp_path: Path) -> None:
    plant(tmp_path / "sketch", reversed(WNIDS), name="sketch_{}.JPEG")
    images = open_set(imagenet(), "sketch", data_root=tmp_path)
    assert images.labels.tolist() == list(range(1000))
    assert (images.kept, images.ids[0]) == (None, f"{WNIDS[0]}/sketch_1000.JPEG")


def test_objectnet_by_both_protocols(tmp_path: Path, val: Path) -> None:
    groups, firsts = folders_of("objectnet"), folders_of("objectnet-113")
    root = plant(tmp_path / "objectnet-1.0" / "images", [*groups, "air_freshener", "zipper"], name="{}.png")
    images = open_set(imagenet(), "objectnet", data_root=tmp_path)
    assert (len(images), len(images.kept or ())) == (113, 125)
    right = {image_id.split("/")[0]: images.right(i) for i, image_id in enumerate(images.ids)}
    assert right == {folder: tuple(WNIDS.index(one) for one in ids) for folder, ids in groups.items()}
    assert right["alarm_clock"] == (409, 530)  # methods.md, appendix C
    assert right["chair"] == (423, 559, 765)
    other = open_set(imagenet(), "objectnet-113", data_root=tmp_path)
    assert (other.ids, len(other.kept or ()), other.accepted) == (images.ids, 113, None)
    assert {folder: ids[0] for folder, ids in groups.items()} == {folder: ids[0] for folder, ids in firsts.items()}
    whole, cut = np.asarray(other.read(0)), np.asarray(images.read(0))
    assert np.array_equal(whole[2:-2, 2:-2], cut)
    assert other.digest != images.digest  # the same files, other pictures
    matched = open_set(imagenet(), "val-objectnet", data_root=val)
    assert (len(matched), matched.kept) == (125, images.kept)
    chairs = [matched.right(i) for i, one in enumerate(matched.ids) if one.startswith(WNIDS[765])]
    assert chairs == [(423, 559, 765)]
    (root / "alarm_clock" / "1.png").unlink()
    list_tree_once.cache_clear()
    with pytest.raises(DataError, match=r"1 folders have no images, such as 'alarm_clock'"):
        open_set(imagenet(), "objectnet", data_root=tmp_path)


def test_the_masks_of_the_hundred_classes() -> None:
    track = load_track("imagenet-100")
    assert len(track.classes_of("r")) == 19
    assert len(track.classes_of("objectnet")) == 13
    (chair,) = track.classes_of("objectnet")["chair"]
    assert track.class_ids[chair] == "n04099969"
    assert [WNIDS.index(one) for one in sorted(folders_of("imagenet-r"))][:10] == METHODS_R


def test_real_labels_take_the_place_of_folders(val: Path) -> None:
    images = open_set(imagenet(), "real", data_root=val)
    right = {image_id.split("/")[1]: images.right(i) for i, image_id in enumerate(images.ids)}
    assert "ILSVRC2012_val_00000001.JPEG" not in right  # none is right for it: left out
    assert right["ILSVRC2012_val_00000002.JPEG"] == (970, 795)
    assert images.kept is None


def test_an_incomplete_set_is_refused(tmp_path: Path) -> None:
    plant(tmp_path / "imagenet-r", list(folders_of("imagenet-r"))[:90])
    with pytest.raises(DataError, match=r"110 of 200 folders are missing, such as 'n\d{8}'; complete the copy"):
        open_set(imagenet(), "r", data_root=tmp_path)
    whole = load_track("imagenet")
    plant(tmp_path / "imagenetv2-matched-frequency-format-val", map(str, range(1000)))
    with pytest.raises(DataError, match=r"expected 10,000 images, got 1,000; `doctor imagenet` says where"):
        open_set(whole, "v2", data_root=tmp_path)


def test_an_unmapped_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    plant(tmp_path / "sketch", [*WNIDS, "zebras"])
    with pytest.raises(DataError, match=r"1 folders are not in the map, such as 'zebras'; add them to the map, or"):
        open_set(imagenet(), "sketch", data_root=tmp_path)


def test_endings_are_read_whatever_their_case_and_other_files_are_not(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    said = {"name": "own", "classes": "digits", "in_distribution": "a", "headline": {"sets": ["a"]}}
    file.write_text(yaml.safe_dump(said | {"sets": {"a": {"folder": "a", "map": {"x": "3", "y": [1, "2"]}}}}))
    for name in ("x/1.JPEG", "x/2.jpg", "x/3.Jpeg", "y/4.PNG", "y/b.png"):
        draw(tmp_path / "a" / name)
    for name in ("x/notes.txt", "y/.hidden.png", ".git/5.png"):
        (tmp_path / "a" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "a" / name).write_text("x")
    images = open_set(load_track(str(file)), "a", data_root=tmp_path)
    assert images.ids == ("x/1.JPEG", "x/2.jpg", "x/3.Jpeg", "y/4.PNG", "y/b.png")
    assert images.labels.tolist() == [3, 3, 3, 1, 1]
    assert [images.right(i) for i in (0, 4)] == [(3,), (1, 2)]


def test_damaged_and_enormous_images_are_one_line(tmp_path: Path, monkeypatch) -> None:
    plant(tmp_path / "sketch", WNIDS)
    path = tmp_path / "sketch" / WNIDS[0] / "image_1.JPEG"
    path.write_bytes(path.read_bytes()[:300])
    images = open_set(imagenet(), "sketch", data_root=tmp_path)
    with pytest.raises(DataError, match=r"image_1.JPEG: not a readable image .*; copy it again"):
        images.read(0)
    Image.new("RGB", (400, 400)).save(path)
    monkeypatch.setattr("bench.sources.image_folder.MOST_PIXELS", 1000)
    with pytest.raises(DataError, match="400x400 pixels, at most 1,000 are read"):
        images.read(0)
