"""Publishing: the same cards give the same bytes, and nothing is mixed."""

import pytest

from bench.core.errors import DataError
from bench.pipelines.boards import publish as verb
from bench.pipelines.boards.publish import publish
from bench.store.cards import write_card
from tests.pipelines.cards import ARMS, STANDARD, TRACK, card


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill(folder, cards):
    for one in cards:
        write_card(folder / TRACK.name / "results", one)


def test_publishing_twice_and_from_shuffled_cards_gives_the_same_bytes(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    fill(one, STANDARD + ARMS)
    fill(two, (STANDARD + ARMS)[::-1])
    for boards in (one, two):
        publish(TRACK, data_root=tmp_path / "data", board_dir=boards)
    first = files(one)
    assert {"t/index.html", "t/README.md", "t/table.csv", "t/table.tex"} <= set(first)
    assert first == files(two)
    publish(TRACK, data_root=tmp_path / "data", board_dir=one)
    assert files(one) == first


def test_only_listed_cards_are_published(tmp_path):
    rejected = card("bad", {"test": 0.99, "a": 0.99, "b": 0.99}).model_copy(update={"state": "rejected"})
    fill(tmp_path, [*STANDARD, rejected])
    assert publish(TRACK, data_root=tmp_path / "data", board_dir=tmp_path).models == len(STANDARD)
    assert "bad" not in (tmp_path / "t" / "table.csv").read_text()


def test_a_card_of_other_data_stops_the_press_and_leaves_the_board(tmp_path):
    fill(tmp_path, STANDARD)
    publish(TRACK, data_root=tmp_path / "data", board_dir=tmp_path)
    before = files(tmp_path)
    fill(tmp_path, [card("other", {"test": 0.9, "a": 0.5, "b": 0.5}, digest="e")])
    with pytest.raises(DataError, match="score both on the same data"):
        publish(TRACK, data_root=tmp_path / "data", board_dir=tmp_path)
    after = files(tmp_path)
    assert {path: after[path] for path in before} == before


def test_two_processes_print_what_one_prints(tmp_path, monkeypatch):
    """A second process that draws a share of the figures changes no byte."""
    one, two = tmp_path / "one", tmp_path / "two"
    for boards, many in ((one, 300), (two, 0)):
        monkeypatch.setattr(verb, "MANY", many)
        monkeypatch.setattr(verb, "default_workers", lambda device: 2)
        fill(boards, STANDARD + ARMS)
        publish(TRACK, data_root=tmp_path / "data", board_dir=boards)
    assert files(one) == files(two)
    assert any(path.endswith(".pdf") for path in files(one))
