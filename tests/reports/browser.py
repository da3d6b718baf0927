"""A page in Debian's Chromium, driven by Playwright; skips with the reason where either is absent."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.core.leaderboard import Leaderboard
from bench.reports import page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium() -> Iterator:
    """A headless browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


_MADE: dict[int, tuple[Leaderboard, str]] = {}


def page_of(board: Leaderboard) -> str:
    """The page of `board`, made once however many tests ask for it."""
    if id(board) not in _MADE:
        _MADE[id(board)] = board, page.render(board)  # a board that is held keeps its id
    return _MADE[id(board)][1]


def open_page(browser, board: Leaderboard, folder: Path, *, width: int = 1440, height: int = 900, **options):
    """The page of `board`, opened from the disk; `.problems` collects errors, dialogs and requests to anybody."""
    path = folder / "index.html"
    path.write_text(page_of(board), encoding="utf-8")
    tab = browser.new_page(viewport={"width": width, "height": height}, **options)
    tab.set_default_timeout(60_000)  # a busy machine is slow, not wrong
    tab.problems = []
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("console", lambda line: line.type == "error" and tab.problems.append(line.text))
    tab.on("dialog", lambda dialog: (tab.problems.append("dialog"), dialog.dismiss()))
    tab.on("request", lambda one: one.url.startswith(("file:", "data:", "blob:")) or tab.problems.append(one.url))
    tab.goto(path.as_uri())
    return tab
