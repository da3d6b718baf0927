"""What other people's packages keep goes to a folder of this run, not to the user's."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # mlcroissant reads it when it is first imported.
        patch.setenv("CROISSANT_CACHE", str(tmp_path_factory.mktemp("croissant")))
        yield
