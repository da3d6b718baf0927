"""The documents' comparisons: real rows, paired differences, what is missing with a command that can be typed."""

import csv
import shlex

import numpy as np
import pytest
from scipy import stats

from bench.core.errors import UsageError
from bench.pipelines.catalogue import catalogue
from bench.pipelines.data_board.board import data_board
from bench.pipelines.data_board.comparisons import COMPARISONS
from bench.pipelines.data_board.plan import asked_for
from bench.pipelines.data_board.publish import outputs_of
from bench.pipelines.data_board.registry import METHOD_ROWS
from bench.pipelines.data_board.verb import MethodsReport
from bench.reports.data_comparison_words import missing_lines, verdicts
from tests.data_cells import cell
from tests.toy_track import toy_track

ACCURACIES = {
    "standard": (0.40, 0.44, 0.43, 0.39),
    "da-fusion": (0.52, 0.50, 0.55, 0.50),
    "randaugment": (0.51, 0.52, 0.50, 0.51),
    "cutmix": (0.60, 0.61, 0.63, 0.62),
}


def board_of(monkeypatch, accuracies=ACCURACIES, **changes):
    cells = [
        cell(method, trial, one, drawn=method == "da-fusion", **changes)
        for method, values in accuracies.items()
        for trial, one in enumerate(values)
    ]
    return data_board(toy_track(monkeypatch), cells, None)


def named(board, name):
    return next(one for one in board.comparisons if one.name == name)


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_is_of_rows_that_there_are(name):
    one = COMPARISONS[name]
    assert set(one.rows) <= METHOD_ROWS.keys()
    assert all(first != second for first, second in one.pairs)
    assert len(set(one.pairs)) == len(one.pairs)
    assert asked_for(None, None, {"trials": 1}, comparison=name).methods == one.rows


def test_differences_are_paired_by_trial_and_their_interval_is_scipy_s(monkeypatch):
    pairs = {(one.first, one.second): one for one in named(board_of(monkeypatch), "da-fusion").differences}
    assert list(pairs) == [("da-fusion", "standard"), ("da-fusion", "randaugment"), ("da-fusion", "cutmix")]
    for (first, second), one in pairs.items():
        a, b = ACCURACIES[first], ACCURACIES[second]
        wanted = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert one.shifted.interval == pytest.approx((wanted.low, wanted.high), abs=1e-12)
        assert one.shifted.mean == pytest.approx(np.mean(np.subtract(a, b)))
        assert (one.shots, one.shifted.n, one.inside.mean) == (4, 4, 0.0)


def test_verdicts_say_above_below_and_ties_as_ties(monkeypatch):
    (said,) = verdicts(named(board_of(monkeypatch), "da-fusion"))
    assert said.startswith("4 shots, shifted: da-fusion is surely above standard (+10.3, ")
    assert "; is surely below cutmix (−9.7, " in said
    assert "; can't be told from randaugment (+0.8, " in said
    one_trial = board_of(monkeypatch, {name: values[:1] for name, values in ACCURACIES.items()})
    assert "has one trial with standard (+12.0)" in verdicts(named(one_trial, "da-fusion"))[0]


def test_what_is_missing_is_said_with_a_command_that_can_be_typed(monkeypatch):
    one = named(board_of(monkeypatch), "da-fusion")
    assert missing_lines(one) == [
        "Not yet run, 1 shot, 16 shots: da-fusion, standard, randaugment, cutmix.",
        "Not yet run, 1 shot, 4 shots, 16 shots: real-guidance, da-fusion-single, real-guidance-nameless.",
    ]
    words = shlex.split(one.command)
    assert words[:7] == ["python", "run_bench.py", "methods", "--track", "toy", "--comparison", "da-fusion"]
    assert one.command.endswith("--trials 4 --batch 16 --epochs 3 --per-image 5")


def test_the_command_line_prints_verdicts_and_the_figure(monkeypatch):
    one = named(board_of(monkeypatch), "da-fusion")
    said = {"track": "toy", "made": 0, "cells": 16, "failed": {}, "left_out": {}, "summary": "no"}
    text = str(MethodsReport(page="/b/index.html", comparison=one, **said)).splitlines()
    assert text[:3] == ["toy: 16 cells, 0 made now", one.title, *verdicts(one)]
    assert text[-2:] == [
        "figure: /b/plots/comparison-da-fusion.svg (.pdf, .csv)",
        "page: /b/index.html#comparison-da-fusion",
    ]


def test_a_board_shows_those_that_it_holds_and_names_the_others(monkeypatch):
    board = board_of(monkeypatch)
    found = outputs_of(board)
    assert {path for path in found if "comparison-" in path} >= {
        f"plots/comparison-da-fusion.{kind}" for kind in ("svg", "pdf", "csv")
    }
    assert "plots/comparison-gflow.svg" not in found
    lines = list(csv.DictReader(found["plots/comparison-da-fusion.csv"].splitlines()))
    assert [line["second"] for line in lines] == ["standard", "randaugment", "cutmix"]
    assert float(lines[0]["shifted"]) == pytest.approx(0.1025)
    for path in ("README.md", "index.html"):
        for one in COMPARISONS.values():
            assert one.title.replace("'", "&#x27;" if path.endswith("html") else "'") in found[path]
        assert "methods --track toy --comparison gflow --trials 4" in found[path]
        assert "33.27" in found[path]


@pytest.mark.parametrize(
    ("shots", "methods", "name", "message"),
    [
        (None, None, "gflo", "unknown comparison 'gflo': did you mean gflow"),
        ("2", None, "da-fusion", "--shots 2: the comparison da-fusion is of 1, 4, 16; leave --shots out"),
        ("4", None, "gflow", "--shots 4: the comparison gflow is of all"),
        (None, "none", "gflow", "--comparison gflow with --methods: .* say one of the two"),
    ],
)
def test_what_cannot_be_compared_is_one_line(shots, methods, name, message):
    with pytest.raises(UsageError, match=message) as caught:
        asked_for(shots, methods, {"trials": 1}, comparison=name)
    assert "\n" not in str(caught.value)


def test_some_of_its_shots_can_be_asked_for():
    assert asked_for("16,4", None, {"trials": 1}, comparison="da-fusion").shots == (4, 16)
    assert asked_for(None, None, {"trials": 1}).shots == (4,)


def test_list_names_them_and_what_they_lack(tmp_path):
    entries = {one.name: one for one in catalogue("comparisons", data_root=tmp_path)}
    assert entries.keys() == COMPARISONS.keys()
    assert entries["gflow-few"].ready
    assert "shots 3, 28, 84" in entries["gflow-few"].about
