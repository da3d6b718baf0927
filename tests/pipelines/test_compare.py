"""`compare`: difference, interval, p, and where two submissions differ; what cannot be compared."""

import numpy as np
import pytest

from bench.core.errors import DataError, UsageError
from bench.core.score import pack_bits
from bench.pipelines.scoring import compare as module
from bench.pipelines.scoring.compare import compare
from bench.store.cards import write_card
from tests.pipelines.cards import STANDARD, TRACK, N, card

SETS = {"test": 0.9, "a": 0.7, "b": 0.7}


def shifted(one, name, a_only, b_only):
    """`one` but for its answers on set `name`: `a_only` fewer right ones, `b_only` others right."""
    score = one.sets[name]
    bits = score.bits()
    right, wrong = np.flatnonzero(bits), np.flatnonzero(~bits)
    bits[right[:a_only]], bits[wrong[:b_only]] = False, True
    new = score.model_copy(update={"correct": pack_bits(bits), "top1": float(bits.mean())})
    return one.model_copy(update={"slug": f"{one.slug}-2", "title": "other", "sets": one.sets | {name: new}})


@pytest.fixture
def filed(tmp_path, monkeypatch):
    """Files cards and compares the first two; images are those whose class is their id's parity."""

    class Images:
        ids = tuple(f"image/{i:04}" for i in range(N))
        labels = np.arange(N) % 2

        def __init__(self, name):
            self.digest = f"sha256:d-{name}"

    monkeypatch.setattr(module, "open_set", lambda track, name, data_root: Images(name))

    def call(one, other):
        for each in (one, other):
            write_card(tmp_path / TRACK.name / "results", each)
        return compare(one.slug, other.slug, TRACK, data_root=tmp_path, board_dir=tmp_path)

    return call


def test_sixty_to_twenty_is_told_apart_and_where(filed):
    one = card("one", SETS)
    found = filed(one, shifted(one, "a", 60, 20))
    assert found.separable
    assert found.difference == pytest.approx(0.04 / 2)  # the mean over the two headline sets
    row = next(row for row in found.sets if row.set == "a")
    assert (row.a_only, row.b_only, row.n) == (60, 20, 1000)
    assert row.p < row.p_together < 0.001
    assert sum(one.a_only for one in found.classes) == 60
    first = found.classes[0]
    assert (first.set, len(first.a_only_ids)) == ("a", first.a_only)
    assert first.a_only_ids[0] in {"image/0000", "image/0001"}
    assert "A - B = +2.00 points" in str(found)


def test_three_images_in_a_thousand_are_a_tie(filed):
    one = card("one", SETS)
    found = filed(one, shifted(one, "a", 3, 0))
    assert not found.separable
    assert found.interval[0] < 0 < found.interval[1]
    assert "not separable" in str(found)


def test_without_the_images_there_are_no_classes_and_it_is_said(filed, monkeypatch):
    def absent(*_, **__):
        raise DataError("not here")

    monkeypatch.setattr(module, "open_set", absent)
    one = card("one", SETS)
    found = filed(one, shifted(one, "a", 5, 0))
    assert found.classes == ()
    assert found.notes == ("by class not without the images of test, a, b",)


def test_refusals(filed, tmp_path):
    one = card("one", SETS)
    with pytest.raises(DataError, match="score both on the same data"):
        filed(one, card("two", SETS, digest="e"))
    with pytest.raises(UsageError, match="did you mean one"):
        compare("on", "two", TRACK, data_root=tmp_path, board_dir=tmp_path)
    bent = one.sets["a"].model_copy(update={"correct": pack_bits(np.zeros(N, dtype=bool))})
    with pytest.raises(DataError, match="its bits say 0 of 1000 right"):
        filed(one, one.model_copy(update={"slug": "bent", "sets": one.sets | {"a": bent}}))
    (tmp_path / TRACK.name / "results" / "bent.json").unlink()
    same = [each.model_copy(update={"title": "same"}) for each in STANDARD[:2]]
    for each in same:
        write_card(tmp_path / TRACK.name / "results", each)
    with pytest.raises(UsageError, match="'same' names 2 cards"):
        compare("same", "one", TRACK, data_root=tmp_path, board_dir=tmp_path)
