"""One small dataset for all tests of this folder that only read."""

import pytest
from made_pairs import make_dataset, pair  # type: ignore[import-not-found] # this folder is on pytest's path

from rsvlm.captioning.dataset import PairsDataset


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PairsDataset:
    """25 pairs in 3 shards, and two inputs that gave none."""
    folder = tmp_path_factory.mktemp("made") / "pairs"
    problems = [("a.tif", "", "unreadable", "not a raster"), ("b.tif", "b_0", "nothing to say", "no label")]
    made: PairsDataset = make_dataset(folder, [pair(number) for number in range(25)], problems=problems)
    return made
