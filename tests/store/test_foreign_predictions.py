"""Predictions from elsewhere: keyed CSV, ImageNet-X's columns, WILDS's order; and one line for the rest."""

from pathlib import Path

import pytest

from bench.core.errors import DataError
from bench.store.foreign_predictions import by_file_name, read_csv, wilds_split

IDS = ("a", "b")


def read(tmp_path: Path, text: str):
    path = tmp_path / "answers.csv"
    path.write_bytes(text.encode())
    return read_csv(path, IDS)


def test_keyed_by_image(tmp_path: Path) -> None:
    ids, answers = read(tmp_path, "image_id,predicted_class,probability\nb,3,0.5\na,1,1\n")
    assert ids == ("b", "a")
    assert answers.topk_class.tolist() == [[3], [1]]
    assert answers.topk_probability is not None
    assert answers.topk_probability.tolist() == [[0.5], [1.0]]
    ids, answers = read(tmp_path, "\ufefffile_name,predicted_class,predicted_probability\r\nx.JPEG,3,0.25\r\n")
    assert (ids, answers.topk_class.tolist()) == (("x.JPEG",), [[3]])
    assert read(tmp_path, "image_id,predicted_class\na,3\n")[1].topk_probability is None


def test_a_class_a_line_in_the_order_of_the_set(tmp_path: Path) -> None:
    ids, answers = read(tmp_path, "4\n2\n")
    assert (ids, answers.topk_class.tolist()) == (IDS, [[4], [2]])
    with pytest.raises(DataError, match=r"answers.csv: 3 lines without a header, the set has 2 images"):
        read(tmp_path, "4\n2\n1\n")


def test_file_names_stand_for_images_where_they_are_unique() -> None:
    ids = ("n1/x.jpg", "n1/y.jpg", "n2/y.jpg")
    assert by_file_name(["x.jpg", "y.jpg", "n2/y.jpg", "z"], ids) == ("n1/x.jpg", "y.jpg", "n2/y.jpg", "z")


def test_wilds_names_name_their_split() -> None:
    assert wilds_split(Path("iwildcam_split:id_test_seed:0_epoch:best_pred.csv")) == "id_test"
    assert wilds_split(Path("imagenet_split-r_seed-1_pred.csv")) == "r"
    assert wilds_split(Path("answers.csv")) is None


BAD = {
    "the file is empty": "",
    "expected one column 'predicted_class', found image_id": "image_id\na\n",
    "line 2: expected the number of a class, got 'cat'": "image_id,predicted_class\na,cat\n",
    "line 2: expected the number of a class, got ''": "image_id,predicted_class\na,\n",
    "line 3: expected 2 cells, got 1": "image_id,predicted_class\na,1\nb\n",
    "line 2: expected a probability, got 'high'": "image_id,predicted_class,probability\na,1,high\n",
    "line 2: expected the number of a class, got '1,2'": "1\n1,2\n",
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_csv_is_one_line(tmp_path: Path, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, BAD[message])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
