"""The figures show every model, at the place that its numbers say."""

import re

import numpy as np
import pytest

from bench.reports.plots import arm_bars, distance_heatmap, file_stems, robustness_scatter, save
from bench.reports.robustness_plot import drawn_rows, forward
from bench.reports.series import series_of


@pytest.mark.parametrize("models", [1, 3, 30, 1500])
@pytest.mark.parametrize("transform", ["linear", "logit"])
def test_every_model_is_drawn_at_its_accuracies(make, many, models, transform):
    board = many if models == 1500 else make(models)
    (axes,) = robustness_scatter(board, "uci", transform).axes
    lines = {line.get_gid(): line for line in axes.lines if line.get_gid()}
    drawn = 0
    for k, group in enumerate(series_of(board)):
        rows = [board.rows[index] for index in drawn_rows(board, group, "uci")]
        x, y = lines[f"points-{k}"].get_data()
        assert np.array_equal(x, forward([row.cells["test"].top1 for row in rows], transform, 1000))
        assert np.array_equal(y, forward([row.cells["uci"].top1 for row in rows], transform, 1797))
        drawn += len(x)
        low_x, high_x, low_y, high_y = *axes.get_xlim(), *axes.get_ylim()
        assert ((x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y)).all()
    assert drawn == models


def test_logit_of_a_worked_value():
    assert forward([0.5, 0.9], "logit") == pytest.approx([0, np.log(9)])
    assert forward([0.0, 1.0], "logit", 100) == pytest.approx([-np.log(199), np.log(199)])


def test_perfect_and_zero_accuracies_are_drawn_on_logit_axes(make):
    board = make(3)
    cells = board.rows[0].cells | {
        "uci": board.rows[0].cells["uci"].model_copy(update={"top1": 0.0, "interval": (0.0, 0.002)})
    }
    cells["test"] = cells["test"].model_copy(update={"top1": 1.0, "interval": (0.996, 1.0)})
    rows = (board.rows[0].model_copy(update={"cells": cells}), *board.rows[1:])
    assert save(robustness_scatter(board.model_copy(update={"rows": rows}), "uci", "logit"), "svg")


def test_groups_differ_by_shape_and_by_colour(board):
    groups = series_of(board)
    assert len({group.marker for group in groups}) == len({group.colour for group in groups}) == len(groups)


def test_bars_are_as_long_as_the_means(board):
    (axes,) = arm_bars(board).axes
    found = [bar.get_width() for bar in axes.patches]
    wanted = [arm.shifted.mean for arm in board.arms]
    for column in board.columns:
        wanted += [arm.sets[column.name].mean for arm in board.arms]
    assert found == wanted


def test_the_heat_map_writes_its_numbers_and_says_what_is_missing(board):
    words = [text.get_text() for text in distance_heatmap(board).axes[0].texts]
    assert {"3.1", "72.3", "22.9", "no value"} <= set(words)


def test_svg_carries_no_date_and_pdf_no_clock(board):
    figure = distance_heatmap(board)
    assert b"<dc:date>" not in save(figure, "svg")
    assert b"CreationDate" not in save(figure, "pdf")
    assert b"Software" not in save(figure, "png")


def test_file_names_are_safe_and_distinct(make):
    board = make(1)
    names = ("test", "a/b", "a b", "../../etc", "ok", "é")
    columns = tuple(c.model_copy(update={"name": name}) for c, name in zip(board.columns, names, strict=True))
    stems = file_stems(board.model_copy(update={"columns": columns}))
    assert len(set(stems.values())) == len(stems) == 10
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", stem) for stem in stems.values())
