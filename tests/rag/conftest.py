"""What the tests of answers share: a server, a tiny vision-language model, an encoder that needs no model."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from seeing import Seeing  # type: ignore[import-not-found] # beside this file

sys.path.insert(0, str(Path(__file__).parents[1] / "models" / "generators"))

from lying_server import LyingServer, lying_server  # type: ignore[import-not-found]
from make_tiny_vlm import make_tiny_model  # type: ignore[import-not-found]

from rsvlm.rag import KnowledgeBase

FACTS = """# Old Tower

The Old Tower was built in 1810 of local stone. It is 63 m high.

# Green Park

Green Park has green lawns and a small lake. It was opened in 1923.

# Harbour

The harbour basin is blue water with ships. Ships are loaded by four cranes.
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LyingServer]:
    """A server of chat completions that echoes, until told otherwise; what it answers is cached for this test only."""
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "user-cache"))
    with lying_server() as running:
        yield running


@pytest.fixture(scope="session")
def tiny_vlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model of images and text: it says nothing sensible, but all else about it is real."""
    folder: Path = make_tiny_model(tmp_path_factory.mktemp("vlm") / "llava", "llava")
    return folder


@pytest.fixture(scope="session")
def small_base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A base of a few facts, found by small encoders."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "facts.md").write_text(FACTS, encoding="utf-8")
    return KnowledgeBase.build(folder / "facts.md", folder / "kb", Seeing(), sentences=HashingEncoder())
