"""`doctor` names each fault that is planted in a tree, with what to do, and leaves a whole tree alone."""

from pathlib import Path

import pytest

from bench.core.examination import Examination
from bench.core.record import parse
from bench.core.track import Track
from bench.pipelines.doctor import doctor
from bench.pipelines.track_files import shipped_map
from bench.pipelines.tracks import list_tree_once
from tests.trees import draw, imagenet, plant

FOLDERS = [f"n{number:08d}" for number in range(12)]


def track(**spec) -> Track:
    said = {
        "name": "t",
        "classes": [{"id": one, "name": one} for one in FOLDERS],
        "in_distribution": "a",
        "headline": {"sets": ["a"]},
        "sets": {"a": {"folder": "a", "map": "wnid", **spec}},
    }
    return parse(Track, said, where="t")


def examine(root: Path, **spec) -> Examination:
    list_tree_once.cache_clear()
    (found,) = doctor(track(**spec), data_root=root)
    return found


def faults(root: Path, **spec) -> str:
    found = examine(root, **spec)
    assert found.findings
    assert all(one.what and one.remedy for one in found.findings)
    return str(found)


def test_a_whole_tree_has_no_findings(tmp_path: Path) -> None:
    plant(tmp_path / "a", FOLDERS, per_folder=3)
    found = examine(tmp_path, expect={"images": [36], "per_folder": 3})
    assert (found.ready, found.findings, found.images, found.folders) == (True, (), 36, 12)
    assert (found.per_folder, found.naming, found.endings) == ((3, 3.0, 3), "WordNet ids", {".JPEG": 36})
    assert found.histogram == dict.fromkeys(FOLDERS, 3)
    assert len(found.checksums) == 5
    again = examine(tmp_path, expect={"sha256": found.checksums})
    assert again.ready
    assert not again.findings


def test_absent(tmp_path: Path) -> None:
    assert "unpack or link the set there" in faults(tmp_path)


def test_folders_that_are_numbers(tmp_path: Path) -> None:
    plant(tmp_path / "a", map(str, range(12)))
    text = faults(tmp_path)
    assert "its 12 folders are numbers, the map expects class ids" in text
    assert "write map: index in the track" in text
    assert examine(tmp_path, map="index").ready


def test_half_of_the_folders_are_missing(tmp_path: Path) -> None:
    plant(tmp_path / "a", FOLDERS[:6])
    text = faults(tmp_path)
    assert "NOT READY" in text
    assert f"6 of its 12 folders are missing: {', '.join(FOLDERS[6:11])} and 1 more" in text


def test_images_are_missing_in_some_folders(tmp_path: Path) -> None:
    plant(tmp_path / "a", FOLDERS, per_folder=4)
    for name in FOLDERS[:2]:
        next((tmp_path / "a" / name).iterdir()).unlink()
    assert f"2 images are missing in 2 folders: {FOLDERS[0]}, {FOLDERS[1]}" in faults(
        tmp_path, expect={"images": [48], "per_folder": 4}
    )
    assert "46 images, expected 48 or 50" in faults(tmp_path, expect={"images": [48, 50]})


def test_few_classes_are_mapped_and_all_compete(tmp_path: Path) -> None:
    plant(tmp_path / "a", ["dog", "cat"])
    spec = {"map": {"dog": [1, 2], "cat": 3}}
    assert "the map names 3 classes, but all 12 compete" in faults(tmp_path, **spec)
    assert not examine(tmp_path, **spec, restrict=True).findings


def of_imagenet(name: str, root: Path, **changes) -> Examination:
    """A set of the shipped track, examined; `changes`: what a user's own file says otherwise."""
    list_tree_once.cache_clear()
    said = imagenet().model_dump(mode="json")
    sets = {name: said["sets"][name] | changes | {"x_axis": None}}
    (found,) = doctor(
        parse(Track, said | {"sets": sets, "in_distribution": name, "headline": {"sets": [name]}}, where="t"),
        data_root=root,
    )
    return found


def test_half_of_objectnet_is_missing(tmp_path: Path) -> None:
    folders = sorted(shipped_map("objectnet"))
    plant(tmp_path / "objectnet-1.0" / "images", [*folders[:56], "zipper"], name="{}.png")
    text = str(of_imagenet("objectnet", tmp_path))
    assert f"57 of its 113 folders are missing: {folders[56]}, " in text
    assert "the download or the unpacking stopped halfway" in text
    plant(tmp_path / "objectnet-1.0" / "images", folders[56:], name="{}.png")
    assert of_imagenet("objectnet", tmp_path).ready


@pytest.mark.parametrize("name", ["r", "a"])
def test_two_hundred_classes_are_scored_as_a_thousand(tmp_path: Path, name: str) -> None:
    plant(tmp_path / f"imagenet-{name}", shipped_map(f"imagenet-{name}"))
    found = of_imagenet(name, tmp_path, map="wnid", restrict=False)
    assert not found.ready
    (finding,) = found.findings
    assert finding.what == (f"its 200 folders are the classes of the map imagenet-{name}, all 1,000 would compete")
    assert f"write map: imagenet-{name} and restrict: true" in finding.remedy
    (finding,) = of_imagenet(name, tmp_path, restrict=False).findings
    assert finding.what == "the map names 200 classes, but all 1,000 compete"
    assert not of_imagenet(name, tmp_path).findings


def test_v2_read_as_class_ids(tmp_path: Path) -> None:
    plant(tmp_path / "imagenetv2-matched-frequency-format-val", map(str, range(1000)))
    (finding,) = of_imagenet("v2", tmp_path, map="wnid").findings
    assert finding.what.startswith(
        "its 1000 folders are numbers, the map expects class ids (as text, 10 sorts before 2)"
    )
    assert of_imagenet("v2", tmp_path).ready


def test_an_unmapped_folder(tmp_path: Path) -> None:
    plant(tmp_path / "a", [*FOLDERS, "zebra"])
    assert "1 folders are not in the map: zebra" in faults(tmp_path)
    assert not examine(tmp_path, subset=True).findings


def test_one_image_with_two_endings(tmp_path: Path) -> None:
    plant(tmp_path / "a", FOLDERS)
    draw(tmp_path / "a" / FOLDERS[0] / "image_1.jpg", 1)
    text = faults(tmp_path)
    assert "2 files share a name and differ in their ending (.JPEG, .jpg)" in text


def test_truncated_files(tmp_path: Path) -> None:
    plant(tmp_path / "a", FOLDERS)
    path = tmp_path / "a" / FOLDERS[3] / "image_4.JPEG"
    path.write_bytes(path.read_bytes()[:-200])
    assert f"1 files are cut short or no images: {FOLDERS[3]}/image_4.JPEG" in faults(tmp_path)


def test_files_with_other_contents(tmp_path: Path) -> None:
    plant(tmp_path / "a", FOLDERS)
    known = {f"{FOLDERS[0]}/image_1.JPEG": "0" * 64, "elsewhere.JPEG": "1" * 64}
    assert "1 of 2 known files have other contents" in faults(tmp_path, expect={"sha256": known})


@pytest.mark.parametrize("spec", [{"source": "nowhere"}, {"dataset": "none@1.0.0", "split": "val"}])
def test_other_kinds_of_sets(tmp_path: Path, spec) -> None:
    said = track().model_dump(mode="json") | {"sets": {"a": spec}}
    (found,) = doctor(parse(Track, said, where="t"), data_root=tmp_path)
    assert not found.ready
    assert found.findings
