"""What every test may use: real data where a folder of it is named, and small things made on the spot."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets that `RSVLM_TEST_DATA` names; tests that need it skip where it is unset."""
    value = os.environ.get("RSVLM_TEST_DATA")
    if not value:
        pytest.skip("RSVLM_TEST_DATA is not set: no folder of real data")
    path = Path(value)
    if not path.is_dir():
        pytest.skip(f"RSVLM_TEST_DATA={value} is not a folder")
    return path
