import json

import numpy as np
import pytest

from bench.core.errors import DataError
from bench.core.score import Declaration, Environment, Score, ScoreCard, pack_bits
from bench.store.cards import read_card, read_cards, write_card


def card(slug):
    bits = pack_bits(np.array([True, False]))
    score = Score(n=2, top1=0.5, top5=1, interval=(0.1, 0.9), dataset_digest="d", predictions_digest="p", correct=bits)
    return ScoreCard(
        model=f"run:{slug}",
        slug=slug,
        title=slug,
        track="digits",
        role="arm",
        declaration=Declaration(arch="resnet10t"),
        preprocessing={"size": 32},
        sets={"uci": score},
        environment=Environment(machine="m", versions={"torch": "2"}),
        state="listed",
        reason="",
    )


def test_cards_come_back_sorted_by_slug(tmp_path):
    for slug in ("run-b", "run-a.x", "run-a"):
        write_card(tmp_path, card(slug))
    assert read_cards(tmp_path) == (card("run-a"), card("run-a.x"), card("run-b"))
    assert read_cards(tmp_path / "none") == ()


def test_equal_cards_give_equal_bytes(tmp_path):
    first = write_card(tmp_path, card("a")).read_bytes()
    assert write_card(tmp_path, card("a")).read_bytes() == first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "score card format 2, this software reads 1"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"slug": "b"}, "holds the card 'b'"),
    ],
)
def test_what_is_not_such_a_card_is_refused(tmp_path, change, message):
    path = write_card(tmp_path, card("a"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match=message):
        read_card(path)


def test_a_card_cut_short_is_one_line(tmp_path):
    path = write_card(tmp_path, card("a"))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DataError, match="not JSON") as caught:
        read_card(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="no such score card"):
        read_card(tmp_path / "none.json")
