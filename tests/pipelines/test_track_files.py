"""Track files of a user's own: what they may say, and one line with file, line and key for what they may not."""

from pathlib import Path

import pytest
import yaml

from bench.core.errors import DataError, UsageError
from bench.pipelines.track_files import load_track, track_names
from bench.pipelines.tracks import open_training_set
from tests.trees import photo_track, plant


def write(folder: Path, said: dict) -> str:
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    return str(path)


def test_the_example_of_the_contract_is_a_track(tmp_path: Path) -> None:
    track = load_track(write(tmp_path, photo_track()))
    assert (track.title, track.sets["art"].title, len(track.classes)) == ("pets", "art", 1000)
    assert track.classes_of("photo") == {"dog": tuple(range(151, 269)), "guitar": (402, 546)}
    assert (track.shifted, track.x_axis("art")) == (("art",), "photo")


def test_a_map_may_be_a_file_beside_the_track(tmp_path: Path) -> None:
    (tmp_path / "seven.yaml").write_text("folders:\n  dog: {range: [151, 268]}\n  guitar: [402, 546]\n")
    said = photo_track()
    said["sets"]["art"]["map"] = "seven.yaml"
    track = load_track(write(tmp_path, said))
    assert track.classes_of("art") == track.classes_of("photo")


def test_training_images_may_lie_in_folders_of_one_class_each(tmp_path: Path) -> None:
    plant(tmp_path / "photos", ["dog", "guitar"], per_folder=3, name="{}.png")
    real = {"folder": "photos", "map": {"guitar": 402, "dog": 151}}
    images = open_training_set(load_track(write(tmp_path, photo_track(real=real))), "real", data_root=tmp_path)
    assert (images.name, images.labels.tolist()) == ("pets-real", [151] * 3 + [402] * 3)
    track = load_track(write(tmp_path, photo_track(real=real | {"map": {"dog": [151, 152], "guitar": 402}})))
    with pytest.raises(DataError, match=r"pets-real: 'dog/1.png' has 2 right classes; training takes one an image"):
        open_training_set(track, "real", data_root=tmp_path)


def test_every_shipped_track_reads() -> None:
    assert {"digits", "imagenet", "imagenet-100"} <= set(track_names())
    for name in track_names():
        assert load_track(name).name == name


BUDGET = {"arch": "test_vit", "steps": 5, "batch": 8, "learning_rate": 0.002, "seeds": 1}
BAD = [
    (("headline", "sets"), ["atr"], "line 7: headline.sets.0: unknown set 'atr': did you mean art?"),
    (("classes",), "imagenet-2k", "line 2: classes: unknown class list 'imagenet-2k': did you mean imagenet-1k"),
    (("sets", "art", "map"), "wnids", "sets.art.map: unknown map 'wnids': did you mean wnid?"),
    (("sets", "art", "map"), {"dog": [1, 1000]}, "sets.art.map.dog: class 1000 is outside 0..999"),
    (("sets", "art", "map"), {"dog": "n0144076"}, "sets.art.map.dog: unknown class 'n0144076': did you mean n01440764"),
    (("sets", "art", "map"), {"dog": {"range": [9, 3]}}, "{range: [first, last]} with first <= last"),
    (("sets", "art", "map"), {"dog": [1, 2], "cat": [2, 3]}, "sets.art.map.cat: class 2 is right for 'dog' too"),
    (("sets", "art", "map"), {"dog": 1.5}, "expected a class (an id, or its number), a list of classes"),
    (("sets", "art", "map"), {}, "expected wnid, index, the name of a shipped map"),
    (("sets", "art", "restricted"), True, "unknown key 'sets.art.restricted': did you mean restrict?"),
    (("sets", "art", "x_axis"), "phto", "sets.art.x_axis: unknown set 'phto': did you mean photo?"),
    (("sets", "art", "folder"), None, "give exactly one of source, dataset and folder"),
    (("sets", "art", "title"), "a\nb", "expected one line of printable text, got the character U+000A"),
    (("real",), {"folder": "art", "map": {"dog": 1000}}, "real.map.dog: class 1000 is outside 0..999"),
    (
        ("real",),
        {"folder": "art", "boxes": {"layout": "coco", "file": "a", "images": "a"}},
        "real.boxes: boxes are for tracks",
    ),
    (("budget",), BUDGET | {"batch": 0}, "budget.batch: Input should be greater than or equal to 1"),
    (("budget",), BUDGET | {"learning_rate": float("nan")}, "budget.learning_rate: Input should be"),
    (("name",), "../up", "name: "),
    (("in_distribution",), "foto", "line 3: in_distribution: unknown set 'foto': did you mean photo?"),
]


@pytest.mark.parametrize(("place", "value", "message"), BAD, ids=[message[:40] for *_, message in BAD])
def test_what_is_wrong_is_named_by_file_line_and_key(tmp_path: Path, place, value, message) -> None:
    said = photo_track()
    inner = said
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(UsageError) as caught:
        load_track(write(tmp_path, said))
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/own.yaml, line ")
    assert "\n" not in str(caught.value)
