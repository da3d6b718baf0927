"""axe-core finds nothing serious on the page, in both themes; hidden parts are opened first."""

import pytest

from tests.quality_reports import quality_report
from tests.reports.browser import open_page

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")


def serious(tab) -> list[str]:
    found = axe.Axe().run(tab).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def with_quality(board):
    report = quality_report(board.version.reference, content_digest=board.version.content_digest, track=board.track)
    return board.model_copy(update={"version": board.version.model_copy(update={"quality": report})})


@pytest.mark.parametrize(("models", "scheme"), [(27, "light"), (27, "dark"), (0, "light")])
def test_no_serious_finding(browser, board, make, tmp_path, models, scheme):
    # axe must be let in: the page's own policy allows no script but ours.
    shown = with_quality(board if models else make(0))
    tab = open_page(browser, shown, tmp_path, bypass_csp=True, color_scheme=scheme)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = one.closest('nav') === null; })")
    if models:
        tab.locator("#table tbody th button").nth(2).click()
    assert serious(tab) == []
    if models:
        tab.locator("#table tbody td button").first.click()
        assert serious(tab) == []
    tab.close()
