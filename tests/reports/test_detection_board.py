"""The presses of a board of detectors: hostile names are inert, and few and many models look right."""

import csv
import io
import json
from pathlib import Path

import pytest

from bench.core.detection_board import DetectionBoard
from bench.pipelines.boards.publish import outputs_of
from bench.pipelines.detection import score_boxes as scoring
from bench.pipelines.detection.board import detection_board
from bench.pipelines.scoring.score import score
from bench.reports.detection_plots import precision_recall
from bench.reports.plots import save
from tests.pipelines.test_detection import files_of
from tests.toy_boxes import toy_boxes

HOSTILE = "=<script>alert(1)</script> | `a` $5 & \\x"


@pytest.fixture(scope="module")
def board(tmp_path_factory) -> DetectionBoard:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "RESAMPLES", 20)
        track = toy_boxes(patch)
        (card,) = score(files_of(track, tmp_path_factory.mktemp("files")), track=track, data_root=Path("/nowhere"))
    cards = [card.model_copy(update={"slug": f"m{k}", "title": f"{HOSTILE} {k}"}) for k in range(9)]
    return detection_board(track, tuple(cards))


@pytest.fixture(scope="module")
def made(board) -> dict[str, str | bytes]:
    return outputs_of(board)


def test_hostile_names_are_inert(board, made):
    assert "<script>" not in made["index.html"]
    rows = [line for line in made["README.md"].splitlines() if line.startswith("| ") and "alert" in line]
    assert len(rows) >= 18
    assert not any("<script>" in row or "| `a`" in row for row in rows)
    assert r"\$5 \& \textbackslash{}x" in made["table.tex"]
    table = list(csv.DictReader(io.StringIO(made["table.csv"])))
    assert {row["title"][:2] for row in table} == {"'="}
    assert len(table) == 18
    assert float(table[0]["ap50"]) == board.rows[0].cells[table[0]["set"]].ap50


def test_equal_models_share_every_rank(board):
    assert {row.rank_interval for row in board.rows} == {(1, 9)}
    assert board.ranking.tied == 9
    assert "cannot tell any of the 9 models" in board.summary


def test_the_document_leaves_out_what_the_cards_hold(board, made):
    document = json.loads(made["board.json"])
    assert document["format"] == 1
    assert "draws" not in document["rows"][0]["cells"]["test"]
    assert document["rows"][0]["cells"]["test"]["ap50"] == board.rows[0].cells["test"].ap50


def test_every_set_has_its_two_plots_the_same_each_time(board, made):
    plots = {path for path in made if path.startswith("plots/")}
    stems = {
        f"plots/{stem}-{name}.{kind}"
        for stem in ("f1", "precision-recall")
        for name in ("test", "shift")
        for kind in ("svg", "pdf")
    }
    assert plots == stems
    again = save(precision_recall(board, board.columns[0]), "svg")
    assert again == made["plots/precision-recall-test.svg"]
