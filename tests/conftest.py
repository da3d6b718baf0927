"""What all tests share: a browser, a full disk; and what other people's packages keep goes to a folder of this run."""

import resource
from contextlib import contextmanager

import pytest

from tests.reports.browser import chromium


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # mlcroissant reads it when it is first imported.
        patch.setenv("CROISSANT_CACHE", str(tmp_path_factory.mktemp("croissant")))
        yield


@pytest.fixture
def largest_file():
    """Within `largest_file(n)` the disk takes no more than n bytes in one file."""

    @contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.fixture(scope="session")
def browser():
    """One headless browser, since two of Playwright's do not go together in one process."""
    with chromium() as found:
        yield found
