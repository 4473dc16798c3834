"""What all tests of captioning need."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep parsed extracts of the tests out of the user's cache."""
    import os

    os.environ["RSVLM_CACHE"] = str(tmp_path_factory.mktemp("cache"))
