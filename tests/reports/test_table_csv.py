"""The CSV holds the board's numbers at full precision and no formulas."""

import io

import pandas as pd

from bench.reports import table_csv


def read(board) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(table_csv.render(board)))


def test_numbers_come_back_equal(board):
    frame = read(board)
    assert len(frame) == len(board.rows)
    for line, row in zip(frame.to_dict("records"), board.rows, strict=True):
        assert (line["slug"], line["rank"], line["shifted"]) == (row.slug, row.rank, row.shifted)
        for name, cell in row.cells.items():
            found = tuple(line[f"{name}_{part}"] for part in ("n", "top1", "low", "high", "top5"))
            assert found == (cell.n, cell.top1, *cell.interval, cell.top5)
        for name, values in row.robustness.items():
            assert line[f"{name}_robustness_logit"] == values["logit"].value
            assert line[f"{name}_robustness_linear_low"] == values["linear"].interval[0]


def test_a_missing_cell_is_empty(make):
    board = make(3)
    cells = {name: cell for name, cell in board.rows[1].cells.items() if name != "uci"}
    rows = (board.rows[0], board.rows[1].model_copy(update={"cells": cells}), board.rows[2])
    frame = read(board.model_copy(update={"rows": rows}))
    assert frame["uci_top1"].isna().tolist() == [False, True, False]
    assert frame["print_n"].tolist() == [1000] * 3


def test_formulas_are_neutralised(make):
    board = make(4)
    starts = ("=1+1", "+1", "-1", "@SUM(A1)")
    rows = tuple(row.model_copy(update={"title": start}) for row, start in zip(board.rows, starts, strict=True))
    assert read(board.model_copy(update={"rows": rows}))["title"].tolist() == [f"'{start}" for start in starts]


def test_a_line_break_in_a_name_does_not_break_the_line(hostile):
    assert len(table_csv.render(hostile).splitlines()) == 1 + len(hostile.rows)
