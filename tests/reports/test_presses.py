"""Laws that hold for every press: same board, same bytes; no part of a board is required; nothing executes."""

import re
from html.parser import HTMLParser

import matplotlib as mpl
import pytest

from bench.core.registry import look_up
from bench.reports import FIGURES, PRESSES
from bench.reports.plots import robustness_scatter, save

NOTHING = ("arms", "fits", "distances", "version")


@pytest.mark.parametrize("path", PRESSES)
def test_same_board_same_text(make, path):
    press = look_up(PRESSES, path, kind="press")
    assert press(make(5)) == press(make(5))


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_same_board_same_figure_whatever_the_users_settings(make, kind):
    first = save(robustness_scatter(make(3), "uci", "logit"), kind)
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "svg.hashsalt": "other"}):
        assert save(robustness_scatter(make(3), "uci", "logit"), kind) == first


@pytest.mark.parametrize(
    ("models", "missing"), [(0, ()), (0, NOTHING), (1, ()), (1, NOTHING), *((2, (part,)) for part in NOTHING)]
)
def test_any_part_may_be_missing(make, models, missing):
    board = make(models, **dict.fromkeys(missing, False))
    for path in PRESSES:
        assert look_up(PRESSES, path, kind="press")(board)


def test_a_board_without_any_set_is_rendered(make):
    bare = make(0, arms=False, fits=False, distances=False, version=False).model_copy(update={"columns": ()})
    for path in PRESSES:
        assert look_up(PRESSES, path, kind="press")(bare)
    assert look_up(FIGURES, "plots", kind="press")(bare) == ({}, {})


class Tags(HTMLParser):
    """All start tags with their attributes, and the text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_hostile_text_is_text_in_html(hostile):
    tags = Tags(look_up(PRESSES, "index.html", kind="press")(hostile)).tags
    assert not [attrs for _, attrs in tags for name in attrs if name.startswith("on")]
    assert not [tag for tag, attrs in tags if tag == "img" and not attrs["src"].startswith("data:image/png;base64,")]
    executable = [tag for tag, attrs in tags if tag == "script" and attrs.get("type") != "application/json"]
    assert len(executable) == 1


def test_hostile_text_is_text_in_markdown(hostile):
    text = look_up(PRESSES, "README.md", kind="press")(hostile)
    prose = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<" not in prose
    assert "](http" not in prose.replace(r"\](http", "")
    assert not re.search(r"(?<!\\)\[l", prose)
    tables = [line for line in prose.splitlines() if line.startswith("|")]
    sizes = {len(re.findall(r"(?<!\\)\|", line)) for line in tables if line.startswith(("| 1 |", "| 2 |", "| rank"))}
    assert len(sizes) == 1


def test_the_code_fence_outlasts_backticks(make):
    board = make(1)
    row = board.rows[0].model_copy(update={"command": "echo ````\n# out"})
    text = look_up(PRESSES, "README.md", kind="press")(board.model_copy(update={"rows": (row,)}))
    assert "`````sh\necho ```` # out\n" in text


def test_hostile_text_is_text_in_latex(hostile):
    text = look_up(PRESSES, "table.tex", kind="press")(hostile)
    assert r"\input" not in text
    assert r"\frac" not in text
    body = text.split("\n", 1)[1]
    words = re.sub(r"(?<!\\)\$\^\{?\\(dagger|approx)\}?\$", "", body)  # Our own marks.
    for character in "#^~":
        assert not re.search(rf"(?<!\\){re.escape(character)}", words), character
    depth = 0
    for match in re.finditer(r"(?<!\\)[{}]", re.sub(r"\\\\", "", body)):
        depth += 1 if match[0] == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"(?<!\\)\$", body)) % 2 == 0


def test_hostile_text_is_drawn_as_text(hostile):
    figures, charts = look_up(FIGURES, "plots", kind="press")(hostile)
    assert len(figures) == 2 * (2 * (len(hostile.columns) - 1) + 3)
    assert all(b"<script" not in data for path, data in figures.items() if path.endswith(".svg"))
    assert charts
    assert "<script" not in str(charts).lower()
    assert all(re.fullmatch(r"plots/[a-z0-9-]+\.(svg|pdf)", path) for path in figures)
