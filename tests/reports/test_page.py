"""The page: one file, no requests, the board's numbers, and a script that a browser runs as promised."""

import base64
import hashlib
import json
import re

import pytest

from bench.reports import page


@pytest.fixture(scope="module")
def text(board) -> str:
    return page.render(board)


def data_of(text: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_holds_the_boards_numbers(board, text):
    data = data_of(text)
    names = [one["name"] for one in data["sets"]]
    assert names == ["test", "uci", "print", "sketch", "paper", "digits-g"]
    for shown, row in zip(data["rows"], board.rows, strict=True):
        assert shown["shifted"] == [row.shifted, *row.shifted_interval]
        for name, cell in zip(names, shown["cells"], strict=True):
            wanted = row.cells[name]
            assert cell == [wanted.top1, *wanted.interval, wanted.n, wanted.top5]
        for name, values in row.robustness.items():
            assert shown["robustness"][f"{name}/linear"][0] == values["linear"].value
        assert (shown["title"], shown["command"]) == (row.title, row.command)


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
    text = page.render(make(models))
    drawings = [
        json.loads(found) for found in re.findall(r"<script [^>]*data-chart=[^>]*>(.*?)</script>", text, re.DOTALL)
    ]
    assert len(drawings) == 9
    first = re.search(r'<div id="chart">(.*?)</div>', text, re.DOTALL)[1]
    for drawing in [first, *drawings]:
        assert sorted(map(int, re.findall(r'data-row="(\d+)"', drawing))) == list(range(models))
        assert "#1b1e24" not in drawing
        assert "var(--ink)" in drawing


def test_caveats_stand_before_the_numbers(board, text):
    assert text.index(board.notes[0]) < text.index('id="chart"') < text.index('id="table"')


def test_a_thousand_models_stay_small(make):
    assert len(page.render(make(1500)).encode()) < 5e6


def test_images_have_alternative_text_and_prompts(text):
    images = re.findall(r"<img [^>]*>", text)
    assert len(images) == 120
    assert all('alt="generated digit' in image and "data-tip=" in image for image in images)
