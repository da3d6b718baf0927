"""Comparison and accuracy by class, computed in the page: they agree with our metrics and with SciPy."""

import base64

import numpy as np
import pytest
from scipy import stats

from bench.metrics.paired import Pair, compare_means, compare_on_set
from bench.reports import page
from tests.reports.browser import open_page
from tests.reports.conftest import HEADLINE


@pytest.fixture(scope="module")
def tab(browser, board, tmp_path_factory):
    found = open_page(browser, board, tmp_path_factory.mktemp("comparison"))
    yield found
    assert found.problems == []
    found.close()


@pytest.fixture(scope="module")
def calls(tab):
    """Calls a function of paired.js with arguments."""
    source = page.asset("paired.js")
    return lambda name, *arguments: tab.evaluate(
        f"(given) => {{ {source}; return ({name})(...given); }}", list(arguments)
    )


def bits(cell) -> np.ndarray:
    return np.unpackbits(np.frombuffer(base64.b64decode(cell.correct), np.uint8))[: cell.n].astype(bool)


@pytest.mark.parametrize(
    ("a", "b"), [(0, 0), (1, 0), (3, 3), (6, 5), (20, 60), (0, 40), (137, 160), (1500, 1612), (20000, 19500)]
)
def test_mcnemar_is_the_binomial_test_of_scipy(calls, a, b):
    wanted = stats.binomtest(a, a + b).pvalue if a + b else 1.0
    assert calls("mcnemar", a, b) == pytest.approx(wanted, rel=1e-9)


def test_tail_and_interval_agree_with_scipy(calls):
    for x in (0.0, 0.3, 1.0, 1.99, 2.0, 3.7, 6.0):
        assert calls("erfc", x) == pytest.approx(2 * stats.norm.sf(x * 2**0.5), rel=1e-11)
    for k, n in ((0, 9), (7, 9), (9, 9), (812, 1000)):
        found = stats.binomtest(k, n).proportion_ci(method="wilson")
        assert calls("wilson", k, n) == pytest.approx([found.low, found.high], abs=1e-12)


def test_differences_agree_with_our_metrics(calls, board):
    one, two = board.rows[0], board.rows[5]
    pairs = [Pair.of(bits(one.cells[name]), bits(two.cells[name])) for name in HEADLINE]
    given = [{"n": pair.n, "aOnly": pair.a_only, "bOnly": pair.b_only} for pair in pairs]
    for pair, counts in zip(pairs, given, strict=True):
        wanted, found = compare_on_set(pair), calls("compareOnSet", counts)
        assert found["interval"] == pytest.approx(wanted.interval, rel=1e-12)
        assert (found["difference"], found["p"]) == pytest.approx((wanted.difference, wanted.p), rel=1e-9)
    wanted, found = compare_means(pairs), calls("compareMeans", given)
    assert found["interval"] == pytest.approx(wanted.interval, rel=1e-12)
    assert found["p"] == pytest.approx(wanted.p, rel=1e-9)


def test_the_page_reads_bits_as_scores_do(calls, board):
    cell = board.rows[0].cells["uci"]
    found = calls("(text, n) => [...unpack(text, n)]", cell.correct, cell.n)
    assert np.array_equal(np.array(found, dtype=bool), bits(cell))


def test_the_comparison_shows_these_numbers(tab, board):
    tab.select_option("#pair [name=a]", "2")
    tab.select_option("#pair [name=b]", "7")
    one, two = board.rows[2], board.rows[7]
    lines = tab.locator("#differences table").first.locator("tbody tr")
    texts = lines.all_text_contents()
    pair = Pair.of(bits(one.cells["uci"]), bits(two.cells["uci"]))
    uci = next(text for text in texts if text.startswith("UCI"))
    assert f"{pair.a_only} / {pair.b_only}" in uci
    assert f"{100 * pair.difference:+.1f}".replace("-", "−") in uci
    mean = compare_means([Pair.of(bits(one.cells[name]), bits(two.cells[name])) for name in HEADLINE])
    assert f"{100 * mean.difference:+.1f}".replace("-", "−") in texts[0]
    apart = not mean.interval[0] <= 0 <= mean.interval[1]
    assert ("is ahead of" in tab.text_content("#verdict")) == apart
    assert f"compare {one.slug} {two.slug} --track digits" in tab.text_content("#compare-command")


def test_the_same_model_twice_is_no_comparison(tab):
    tab.select_option("#pair [name=a]", "7")
    assert "two different models" in tab.text_content("#verdict")
    assert tab.locator("#differences table").count() == 0


def test_accuracy_by_class_is_counted_from_the_bits(tab, board):
    tab.select_option("#by-class [name=set]", "uci")
    lines = tab.locator("#heat tbody tr")
    assert lines.count() == 12
    for k in (0, 11):
        right = bits(board.rows[k].cells["uci"])
        wanted = [f"{100 * right[label::10].mean():.0f}" for label in range(10)]
        assert lines.nth(k).locator("td").all_text_contents() == wanted
    tab.click("#more")
    assert lines.count() == 24
