"""What all tests share: one browser; and what other people's packages keep goes to a folder of this run."""

import pytest

from tests.reports.browser import chromium


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # mlcroissant reads it when it is first imported.
        patch.setenv("CROISSANT_CACHE", str(tmp_path_factory.mktemp("croissant")))
        yield


@pytest.fixture(scope="session")
def browser():
    """One headless browser, since two of Playwright's do not go together in one process."""
    with chromium() as found:
        yield found
