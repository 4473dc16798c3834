"""What tests of the demo share: the engine with the built-in model, and a picture."""

from pathlib import Path

import pytest
from hostile import HOSTILE  # type: ignore[import-not-found] # beside
from PIL import Image

from rsvlm.demo.engine import Engine
from rsvlm.demo.handlers import Handlers
from rsvlm.rag import KnowledgeBase, VisualQuestionAnswerer


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The built-in model, a small base with a hostile text in it, and no index."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "notes.txt").write_text(
        f"A lighthouse is mistaken for a water tower or a chimney. {HOSTILE}\n\n"
        f"The ferry of Sandholm is white. {HOSTILE}\n",
        encoding="utf-8",
    )
    answerer = VisualQuestionAnswerer(KnowledgeBase.build(folder / "notes.txt", folder / "base"))
    return Engine(answerer)


@pytest.fixture
def handlers(engine: Engine, tmp_path: Path) -> Handlers:
    folder = tmp_path / "images"
    folder.mkdir()
    return Handlers(engine, folder)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small green picture."""
    Image.new("RGB", (64, 48), (40, 120, 50)).save(tmp_path / "green.png")
    return tmp_path / "green.png"
