"""The sample town, drawn once a test run: a real image, map and land cover of one (invented) place."""

import pytest

from rsvlm.captioning.sample import SamplePaths, write_sample


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> SamplePaths:
    """Paths of the sample's image, map and land cover."""
    return write_sample(tmp_path_factory.mktemp("town"))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep parsed extracts of the tests out of the user's cache."""
    import os

    os.environ["RSVLM_CACHE"] = str(tmp_path_factory.mktemp("cache"))
