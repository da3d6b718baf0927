"""Markdown and LaTeX: the same rounded numbers as the page, best in bold, n and digests said."""

import pytest

from bench.reports import latex, markdown
from bench.reports.numerals import fixed, percent, percent_interval, points, rank_interval
from bench.reports.plain_text import one_line, shorten, to_csv, to_latex, to_markdown


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.82225, "82.2"), (0.0625, "6.3"), (0.1225, "12.3"), (1.0, "100.0"), (0.0, "0.0"), (0.97649, "97.6")],
)
def test_percent_rounds_ties_away_from_zero(fraction, text):
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.473, "+47.3"), (-0.021, "−2.1"), (0.0, "0.0"), (-0.0001, "0.0"), (0.0004, "0.0")]
)
def test_points_carry_their_sign(fraction, text):
    assert points(fraction) == text


def test_small_numbers_of_words():
    assert percent_interval((0.801, 0.844)) == "80.1 to 84.4"
    assert percent_interval(None) == "–"
    assert fixed(3.14159, 3) == "3.142"
    assert one_line("a\nb\t\u202ec\u2028d") == "a b c d"
    assert shorten("abcdefghij", 7) == "abcd…ij"
    assert shorten("abc", 7) == "abc"


def test_escapes_by_hand():
    assert to_latex(r"50% of a_b & {c}\d") == r"50\% of a\_b \& \{c\}\textbackslash{}d"
    assert to_markdown("a_b <i> [x](y) 1|2 _z_") == r"a_b &lt;i&gt; \[x\](y) 1\|2 \_z\_"
    assert to_markdown("- no list") == r"\- no list"
    assert to_markdown("1. no list") == r"1\. no list"
    assert to_markdown("---") == r"\---"
    assert [to_markdown(number) for number in ("52.9", "+24.3", "-1.5 (x)")] == ["52.9", "+24.3", "-1.5 (x)"]
    assert "http://" not in to_markdown("http://x")
    assert to_csv("=1") == "'=1"
    assert to_csv("a=1") == "a=1"


def test_readme_has_every_model_and_number(board):
    text = markdown.render(board)
    for row in board.rows:
        rank = rank_interval(row) + (f" {markdown.TIED}" if row.ties_first else "")
        assert f"| {rank} | {to_markdown(shorten(row.title, 60))} |" in text
        assert all(f"| {percent(cell.top1)} |" in text for cell in row.cells.values())
        assert row.command in text
    assert text.count(f"**{percent(board.rows[0].shifted)}**") == 1
    assert all(column.digest in text for column in board.columns)
    assert board.version.content_digest in text


def test_long_boards_say_what_they_leave_out(make):
    board = make(130)
    assert "The first 100 of 130" in markdown.render(board)
    assert "First 60 of 130 models" in latex.render(board)


def test_latex_has_booktabs_n_digests_and_the_best_in_bold(board):
    text = latex.render(board)
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(rule) == 1
    for column in board.columns:
        assert f"$n = {column.n}$" in text
        assert column.digest[7:19] in text
        best = max(row.cells[column.name].top1 for row in board.rows)
        assert f"\\textbf{{{percent(best)}}}" in text
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.count("&") for line in lines} == {len(board.columns) + 3}
    assert len(lines) == len(board.rows) + 1
