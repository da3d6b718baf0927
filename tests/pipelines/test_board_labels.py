"""Labels of a board's images are kept with the digests they belong to, and editions lead to each other."""

import base64
import json

import numpy as np
import pytest

from bench.core.dataset_version import Edition
from bench.core.errors import DataError
from bench.core.images import ImageSet
from bench.pipelines.boards import labels as board_labels
from bench.pipelines.boards.board import leaderboard
from bench.pipelines.boards.editions import edition_folders, other_editions
from bench.pipelines.boards.kept import Beside
from bench.pipelines.boards.labels import FILE, with_labels
from bench.pipelines.boards.publish import publish
from bench.store.cards import write_card
from tests.pipelines.cards import ARMS, STANDARD, TRACK


@pytest.fixture
def board():
    return leaderboard(TRACK, tuple(STANDARD + ARMS), distances=None, version=None)


def images(labels) -> ImageSet:
    """Images whose ids sort in the reverse of their order."""
    ids = tuple(f"{len(labels) - k:04d}" for k in range(len(labels)))
    return ImageSet("a", ids, np.array(labels), read=lambda i: None, sha256=lambda i: f"{i:064d}")


def test_labels_follow_the_order_of_sorted_ids_and_are_kept(board, tmp_path, monkeypatch):
    held = images([0, 0, 1, 300])
    columns = [one.model_copy(update={"digest": held.digest}) if one.name == "a" else one for one in board.columns]
    board = board.model_copy(update={"columns": tuple(columns)})
    monkeypatch.setattr(board_labels, "open_set", lambda track, name, data_root: held)
    first = with_labels(board, TRACK, Beside(tmp_path, tmp_path))
    (text,) = [one.labels for one in first.columns if one.labels]
    assert np.frombuffer(base64.b64decode(text), "<u2").tolist() == [300, 1, 0, 0]

    def gone(track, name, data_root):
        raise DataError("no images here")

    monkeypatch.setattr(board_labels, "open_set", gone)
    assert with_labels(board, TRACK, Beside(tmp_path, tmp_path)) == first


def test_labels_of_another_digest_are_not_used(board, tmp_path, monkeypatch):
    monkeypatch.setattr(board_labels, "open_set", lambda track, name, data_root: images([0, 1]))
    shown = with_labels(board, TRACK, Beside(tmp_path, tmp_path))
    assert [one.labels for one in shown.columns] == [None] * len(board.columns)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("text", ["{", '{"labels": 3}', "[]"])
def test_a_damaged_file_is_one_line(board, tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataError, match="remove the file and publish again"):
        with_labels(board, TRACK, Beside(tmp_path, tmp_path))


def test_editions_are_rendered_and_lead_to_each_other(tmp_path):
    folder = tmp_path / TRACK.name
    for place in (folder, folder / "editions" / "1.0.0"):
        for card in STANDARD + ARMS:
            write_card(place / "results", card)
    (folder / "editions" / "1.0.0" / "version.json").write_text(json.dumps({"no": "reference"}))
    boards = (folder, *edition_folders(folder))
    assert other_editions(boards[0], boards) == (Edition(reference="1.0.0", page="editions/1.0.0/index.html"),)
    assert other_editions(boards[1], boards) == (Edition(reference="t", page="../../index.html"),)
    (boards[1] / "version.json").unlink()
    publish(TRACK, data_root=tmp_path / "data", board_dir=tmp_path)
    assert (boards[1] / "index.html").is_file()
