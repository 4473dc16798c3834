"""The server of the generators' tests, for captions."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "generators"))

from lying_server import LyingServer, lying_server  # type: ignore[import-not-found]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "user-cache"))


@pytest.fixture
def server() -> Iterator[LyingServer]:
    """A server that echoes, until told otherwise."""
    with lying_server() as running:
        yield running
