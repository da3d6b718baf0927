"""Which method to use: budgets that hold one another, ties as ties, and nobody first by luck."""

import pytest
from scipy import stats

from bench.core.data_cell import Cost
from bench.pipelines.data_board.board import data_board
from bench.pipelines.data_board.publish import outputs_of
from bench.reports import data_which
from bench.reports.data_advice_words import advice_lines, budget_lines
from tests.data_cells import cell
from tests.toy_track import toy_track

BASE = (0.40, 0.44, 0.43, 0.39)


def made(method, values, *, learning=None, seconds=20.0, shots=4):
    """Cells of a method; `learning`: seconds of lessons, None where nothing is drawn."""
    cells = []
    for trial, one in enumerate(values):
        cost = Cost(learning=learning or 0.0, drawing=0.0, training=seconds, evaluations=0)
        found = cell(method, trial, one, shots=shots, cost=cost)
        recipe = None if learning is None else {"name": "x"}
        cells.append(found.model_copy(update={"settings": found.settings.model_copy(update={"recipe": recipe})}))
    return cells


def above(*points):
    return [base + point for base, point in zip(BASE, points, strict=True)]


def some_cells():
    return [
        *made("standard", BASE),
        *made("cutmix", above(0.02, 0.03, 0.02, 0.01), seconds=10),
        *made("label-prompts-80", above(0.10, 0.11, 0.10, 0.09), learning=0.0, seconds=30),
        *made("label-prompts-single", above(0.11, 0.09, 0.09, 0.10), learning=0.0, seconds=25),
        *made("da-fusion", above(0.20, 0.22, 0.21, 0.21), learning=9.0, seconds=90),
        *made("token-prompts", above(0.02, 0.02, 0.01, 0.03), learning=9.0),
    ]


def test_each_budget_has_its_best_its_ties_and_the_cheapest_of_them(monkeypatch):
    none, drawing, lessons = data_board(toy_track(monkeypatch), some_cells(), None).advice
    assert (none.budget, none.best, none.ties, none.methods) == ("no generator", "cutmix", (), 2)
    assert (drawing.budget, drawing.best, drawing.methods) == ("a generator as it is", "label-prompts-80", 4)
    assert (drawing.ties, drawing.cheapest, drawing.cheapest_seconds) == (
        ("label-prompts-single",), "label-prompts-single", 25
    )  # fmt: skip
    assert (lessons.budget, lessons.best, lessons.ties, lessons.methods) == ("lessons too", "da-fusion", (), 6)
    assert none.more is None
    wanted = stats.ttest_rel(above(0.20, 0.22, 0.21, 0.21), above(0.10, 0.11, 0.10, 0.09)).confidence_interval(0.95)
    assert lessons.more.interval == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_where_the_baseline_ties_it_is_said_and_what_is_below_it_is_no_bargain(monkeypatch):
    cells = [*made("standard", BASE), *made("cutmix", above(0.1, -0.08, 0.1, -0.05), seconds=15)]
    cells += made("mixup", above(-0.05, 0.03, -0.04, 0.03), seconds=1)
    board = data_board(toy_track(monkeypatch), cells, None)
    assert (board.advice[0].best, board.advice[0].ties) == ("cutmix", ("standard", "mixup"))
    assert board.advice[0].cheapest == "cutmix"
    assert "Standard augmentation is among them: nothing here is surely better than that." in budget_lines(board, 4)[0]


def test_the_correction_is_bonferroni_s(monkeypatch):
    cells = some_cells()
    found = data_board(toy_track(monkeypatch), cells, None).advice[-1]
    best, value = "da-fusion", {}
    for one in cells:
        value.setdefault(one.settings.method, []).append(one.last["shift"])
    sure = [
        name
        for name in value
        if name != best and stats.ttest_rel(value[best], value[name]).confidence_interval(1 - 0.05 / 5).low > 0
    ]
    assert found.surely_below == len(sure)
    close = [*made("standard", BASE), *made("cutmix", above(0.01, 0.02, 0.01, 0.03)), *made("mixup", above(0, 0, 0, 0))]
    (advice,) = data_board(toy_track(monkeypatch), close, None).advice
    assert (advice.best, advice.ties, advice.surely_below) == ("cutmix", (), 0)


def test_one_of_fewer_trials_can_tie_but_not_lead(monkeypatch):
    board = data_board(toy_track(monkeypatch), [*some_cells(), *made("mixup", [0.9])], None)
    none = board.advice[0]
    assert (none.best, none.ties) == ("cutmix", ("mixup",))
    assert board.summary.startswith("da-fusion adds most")
    assert {row.method for row in board.rows if row.ties_first} == {"da-fusion", "mixup"}


def test_a_learned_augmentation_needs_lessons(monkeypatch):
    cells = made("gflow", BASE)
    cells = [
        one.model_copy(update={"settings": one.settings.model_copy(update={"augment": {"name": "gflow"}})})
        for one in cells
    ]
    (row,) = data_board(toy_track(monkeypatch), cells, None).rows
    assert row.needs == "lessons too"


def test_nothing_surely_better_is_said_so(monkeypatch):
    cells = [*made("standard", BASE), *made("cutmix", above(0.1, -0.1, 0.1, -0.05))]
    board = data_board(toy_track(monkeypatch), cells, None)
    assert "can't be told from nothing: no method is surely better than standard augmentation" in board.summary
    steady = data_board(toy_track(monkeypatch), [*cells, *made("mixup", above(0.01, 0.012, 0.01, 0.008))], None)
    assert "can't be told from nothing; 2 of the other 2" in steady.summary
    assert steady.summary.endswith("Surely above standard augmentation: mixup.")
    worse = [*made("standard", BASE), *made("cutmix", above(-0.1, -0.1, -0.1, -0.11))]
    assert data_board(toy_track(monkeypatch), worse, None).summary == (
        "No method with all trials has a larger mean than standard augmentation under shift."
        " Surely below standard augmentation: cutmix."
    )


def test_shots_that_few_methods_have_do_not_move_the_others(monkeypatch):
    track = toy_track(monkeypatch)
    more = [*made("cutmix", above(0.4, 0.4, 0.4, 0.4), shots=84), *made("standard", BASE, shots=84)]
    more += made("gflow-shots", BASE, shots=84)
    alone, both = data_board(track, some_cells(), None), data_board(track, [*some_cells(), *more], None)
    assert both.compared_shots == (4,)
    gains = {row.method: row.gain for row in alone.rows}
    assert {row.method: row.gain for row in both.rows if row.method in gains} == gains
    last = both.rows[-1]
    assert (last.method, last.gain, last.ties_first) == ("gflow-shots", None, False)
    assert both.summary == alone.summary
    assert outputs_of(both)["plots/cost.svg"] == outputs_of(alone)["plots/cost.svg"]


def test_the_page_and_its_markdown_say_the_budgets(monkeypatch):
    board = data_board(toy_track(monkeypatch), some_cells(), None)
    page, markdown = data_which.render_page(board), data_which.render_markdown(board)
    for line in budget_lines(board, 4):
        assert line.replace("'", "&#x27;") in page
        assert line in markdown
    assert (
        "| 4 shots (6 methods) | cutmix (+0.7 to +3.3) | label-prompts-80 ≈ 1 more (+8.7 to +11.3) | da-fusion"
        in markdown
    )
    assert advice_lines(board)[0].startswith(
        "4 shots (6 methods): da-fusion, +21.0 points (+19.7 to +22.3) over standard;"
    )
    assert "http" not in page.replace("http-equiv", "")
