"""From cards to a board: order, lines, arms, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import DataError
from bench.pipelines.boards.board import leaderboard, tie_sentence
from bench.pipelines.boards.ranks import Ranks
from tests.pipelines.cards import ARMS, STANDARD, TRACK, card


def board(cards):
    return leaderboard(TRACK, tuple(cards), distances=None, version=None)


def test_rows_are_sorted_by_mean_shifted_accuracy_whatever_the_order_of_cards():
    one = board(STANDARD + ARMS)
    assert one == board((STANDARD + ARMS)[::-1])
    assert [row.rank for row in one.rows] == list(range(1, 12))
    assert one.rows[0].slug == "mixed-steps-2"
    assert one.rows[0].shifted == pytest.approx((0.82 + 0.7) / 2)
    assert [column.name for column in one.columns] == ["test", "a", "b"]


def test_the_line_is_that_of_the_standard_models_alone():
    fit = next(fit for fit in board(STANDARD + ARMS).fits if (fit.set, fit.transform) == ("a", "linear"))
    x, y = zip(*[(c.sets["test"].top1, c.sets["a"].top1) for c in STANDARD], strict=True)
    line = stats.linregress(x, y)
    assert (fit.slope, fit.intercept, fit.r) == pytest.approx((line.slope, line.intercept, line.rvalue))
    assert (fit.n, fit.x_range) == (5, (0.6, 0.95))
    row = next(row for row in board(STANDARD + ARMS).rows if row.slug == "mixed-steps-0")
    assert row.robustness["a"]["linear"].value == pytest.approx(0.8 - (line.slope * 0.9 + line.intercept))


def test_a_standard_model_is_judged_by_the_line_of_the_others():
    row = next(row for row in board(STANDARD).rows if row.slug == "standard-4")
    x, y = zip(*[(c.sets["test"].top1, c.sets["a"].top1) for c in STANDARD[:4]], strict=True)
    line = stats.linregress(x, y)
    found = row.robustness["a"]["linear"]
    assert found.value == pytest.approx(0.5 - (line.slope * 0.95 + line.intercept))
    assert found.extrapolated
    assert any("extrapolation" in note for note in board(STANDARD).notes)


def test_arms_are_means_over_seeds_and_gains_are_paired():
    found = board(STANDARD + ARMS)
    assert [arm.label for arm in found.arms] == ["real", "mixed, equal steps"]
    assert found.arms[0].sets["a"].mean == pytest.approx(0.41)
    assert found.arms[0].sets["a"].n == 3
    gain = found.gains[0]
    assert (gain.label, gain.baseline) == ("mixed, equal steps", "real")
    assert gain.sets["a"].mean == pytest.approx(0.4)
    assert gain.sets["a"].interval == pytest.approx((0.4, 0.4))
    assert "lifts mean shifted accuracy from 45.5 to 75.5 %" in found.summary


def test_one_seed_is_said_and_has_no_interval():
    found = board(STANDARD + ARMS[::3])
    assert found.gains[0].shifted.interval is None
    assert any("one seed" in note for note in found.notes)


def test_cards_of_other_data_are_refused():
    with pytest.raises(DataError, match="score both on the same data"):
        board([*STANDARD, card("other", {"test": 0.9, "a": 0.5, "b": 0.5}, digest="e")])


def test_a_card_without_a_headline_set_is_refused():
    with pytest.raises(DataError, match="part: no score on b"):
        board([*STANDARD, card("part", {"test": 0.9, "a": 0.5})])


def test_no_cards_and_few_standard_models():
    with pytest.raises(DataError, match="no listed score card"):
        board([])
    few = board(STANDARD[:2])
    assert few.fits == ()
    assert few.rows[0].robustness == {}
    assert any("no robustness line" in note for note in few.notes)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ([], "cannot tell any of the 3 models from the first"),
        ([2], "cannot tell 1 other model from the first"),
        ([1, 2], "separable from every other one"),
    ],
)
def test_the_tie_sentence_counts_those_beside_the_first(ahead, words):
    better = np.zeros((3, 3), dtype=bool)
    better[0, ahead] = True
    assert words in tie_sentence(Ranks.of(better, paired=True))
