"""The page: one file, no requests, the board's numbers, and a script that a browser runs as promised."""

import base64
import hashlib
import json
import re

import pytest

from bench.core.dataset_version import Edition
from bench.reports import page, page_data
from tests.reports.browser import page_of


@pytest.fixture(scope="module")
def text(board) -> str:
    return page_of(board)


def data_of(text: str, name: str = "data") -> dict:
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_holds_the_boards_numbers(board, text):
    data = data_of(text)
    names = [one["name"] for one in data["sets"]]
    assert names == ["test", "uci", "print", "sketch", "paper", "digits-g"]
    for index, (shown, row) in enumerate(zip(data["rows"], board.rows, strict=True)):
        assert shown["shifted"] == [row.shifted, *row.shifted_interval]
        for name, cell in zip(names, shown["cells"], strict=True):
            wanted = row.cells[name]
            assert cell == [wanted.top1, *wanted.interval, wanted.n, wanted.top5]
        for name, values in row.robustness.items():
            assert data["robustness"][f"{name}/linear"][index][0] == values["linear"].value
        assert (shown["title"], shown["command"]) == (row.title, row.command)
        assert tuple(shown["ranks"]) == row.rank_interval


def test_the_page_holds_answers_labels_and_digests(board, text):
    answers = data_of(text, "answers")
    for column in board.columns:
        assert answers["correct"][column.name] == [row.cells[column.name].correct for row in board.rows]
        assert answers["labels"][column.name] == column.labels
    assert answers["predictions"]["uci"][0] == board.rows[0].cells["uci"].predictions_digest


def test_answers_that_are_too_many_are_left_out_and_it_is_said(board, monkeypatch):
    monkeypatch.setattr(page_data, "ANSWERS_LIMIT", 1000)
    answers = page_data.answers_data(board)
    assert answers["left_out"]
    assert answers["correct"] == {}


def test_the_page_asks_nobody_for_anything(text):
    assert not re.search(r"(src|href|action|url)\s*[=(]\s*[\"']?(https?:)?//", text)
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_only_our_script_may_run(text):
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize("models", [1, 3, 30])
def test_every_chart_marks_every_model(make, models):
    board = make(models)
    drawings = data_of(page.render(board), "charts")
    assert len(drawings) == 11
    for key, drawing in drawings.items():
        wanted = [k for k, row in enumerate(board.rows) if key != "size" or row.parameters]
        assert sorted(row for marks in drawing["marks"] for row in marks["rows"]) == wanted
        slots = re.findall(r'data-series="(\d+)"', drawing["frame"])
        assert slots == [str(k) for k in range(len(drawing["marks"]))]
        assert "#1b1e24" not in drawing["frame"]
        assert "var(--ink)" in drawing["frame"]


def test_caveats_stand_before_the_numbers(board, text):
    assert text.index(board.notes[0]) < text.index('id="chart"') < text.index('id="table"')


def test_a_usual_page_stays_under_3_mb_and_a_large_one_small(many, text):
    assert len(text.encode()) < 3e6
    assert len(page_of(many).encode()) < 8e6


def test_audit_and_changes_are_told(text):
    assert "Memorised?" in text
    assert "not measured: no oracle" in text
    assert "Since digits-g@0.9.0; such a change needs a minor version" in text


def test_other_editions_can_be_reached(board):
    text = page.render(board.model_copy(update={"editions": (Edition(reference="g@0", page="editions/0/index.html"),)}))
    assert '<option value="editions/0/index.html">g@0</option>' in text


def test_images_have_alternative_text_and_prompts(text):
    images = re.findall(r"<img [^>]*>", text)
    assert len(images) == 120
    assert all('alt="generated digit' in image and "data-tip=" in image for image in images)
