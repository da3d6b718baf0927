# ruff: noqa: E501
"""The page in Debian's Chromium, where there is one: sorting, keyboard, selection, detail, hostile names, speed."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest

from bench.reports import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")

DRIVER = """
const out = {errors}, $ = (s) => document.querySelector(s), all = (s) => [...document.querySelectorAll(s)];
const key = (target, name) => target.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
const column = (k) => all(`#table tbody button[data-column="${k}"] span:first-child`).map((b) => b.textContent);
try {
  out.rows = all("#table tbody tr[data-index]").length;
  out.count = $("#table").getAttribute("aria-rowcount");
  out.shifted = column(1);
  const sort = all("#table thead button").find((b) => b.dataset.sort === "set:test");
  sort.click();
  out.sorted = column(3);
  out.aria = all("#table thead th").map((th) => th.ariaSort);
  all("#table thead button").find((b) => b.dataset.sort === "set:test").click();
  out.ascending = column(3);
  const first = $("#table tbody button"); first.focus(); key(first, "ArrowDown"); key(document.activeElement, "ArrowRight");
  out.cursor = [document.activeElement.dataset.at, document.activeElement.dataset.column];
  key(document.activeElement, "End");
  out.last = document.activeElement.dataset.at;
  const mark = $('#chart [data-row="0"]'); mark.focus();
  out.tip = $("#tip").hidden ? "" : $("#tip").textContent; key(mark, "Enter");
  out.selected = all('#table tr[aria-selected="true"]').map((tr) => tr.dataset.index);
  all("#table tbody button").find((b) => b.dataset.column === "4").click();
  out.detail = $("#detail").open ? $("#detail").textContent : "";
  $("#close").click();
  const logit = $('#switch input[value="logit"]');
  if (logit) { logit.click(); out.logit = $("#chart").textContent.includes("logit scale"); }
  out.wide = document.documentElement.scrollWidth > innerWidth;
  out.images = all("img").filter((image) => !image.src.startsWith("data:")).length;
} catch (error) { out.errors.push(String(error.stack)); }
const pre = document.createElement("pre"); pre.id = "result"; pre.textContent = JSON.stringify(out); document.body.append(pre);
"""


def drive(board, folder) -> dict:
    """What the driver saw in the page of `board`; the driver's script replaces the policy that would forbid it."""
    text = re.sub(
        r'<meta http-equiv="Content-Security-Policy"[^>]*>',
        "<script>window.problems = []; window.alert = () => problems.push('alert');"
        "window.onerror = (message) => problems.push(message)</script>",
        page.render(board),
    )
    driver = DRIVER.replace("{errors}", "{errors: window.problems}")
    (folder / "page.html").write_text(
        text.replace("</body>", f"<script>{{{driver}}}</script></body>"), encoding="utf-8"
    )
    found = re.search(r'<pre id="result">(.*?)</pre>', dump(folder / "page.html", folder), re.DOTALL)
    return json.loads(unescape(found[1]))


def dump(path, folder) -> str:
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1440,900",
        "--virtual-time-budget=4000",
        "--dump-dom",
        str(path),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_sorting_keyboard_selection_and_detail(board, tmp_path):
    seen = drive(board, tmp_path)
    assert seen["errors"] == []
    assert seen["rows"] == len(board.rows)
    assert seen["count"] == str(len(board.rows) + 1)
    assert seen["shifted"] == [f"{100 * row.shifted:.1f}" for row in board.rows]
    wanted = sorted((row.cells["test"].top1 for row in board.rows), reverse=True)
    assert [float(value) for value in seen["sorted"]] == pytest.approx([100 * value for value in wanted], abs=0.051)
    assert seen["aria"][3] == "descending"
    assert seen["aria"][1] == "none"
    assert [float(v) for v in seen["ascending"]] == sorted(float(v) for v in seen["ascending"])
    assert seen["cursor"] == ["1", "1"]
    assert seen["last"] == str(len(board.rows) - 1)
    assert board.rows[0].title in seen["tip"]
    assert seen["selected"] == ["0"]
    assert "of 1,797 images" in seen["detail"]
    assert "python run_bench.py submit" in seen["detail"]
    assert "sha256:" in seen["detail"]
    assert seen["logit"]
    assert not seen["wide"]


def test_hostile_names_do_nothing(hostile, tmp_path):
    seen = drive(hostile, tmp_path)
    assert seen["errors"] == []
    assert seen["images"] == 0


def test_the_policy_lets_our_own_script_run(board, tmp_path):
    (tmp_path / "page.html").write_text(page.render(board), encoding="utf-8")
    assert 'aria-rowcount="28"' in dump(tmp_path / "page.html", tmp_path)


def test_many_models_keep_few_rows(make, tmp_path):
    seen = drive(make(1500), tmp_path)
    assert seen["errors"] == []
    assert seen["rows"] < 60
    assert seen["last"] == "1499"


@pytest.mark.parametrize("models", [0, 1])
def test_small_boards_open_without_error(make, models, tmp_path):
    text = page.render(make(models, arms=False, fits=False, distances=False, version=False))
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert f'aria-rowcount="{models + 1}"' in dump(tmp_path / "page.html", tmp_path)
