"""Knowledge bases as services use them: from several threads, in other processes, after a change of folder."""

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from seeing import Seeing  # type: ignore[import-not-found] # beside this file

from rsvlm.models import sentences
from rsvlm.rag import KnowledgeBase, RagError

pytest.importorskip("bm25s")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "notes.md").write_text("# Reefs\n\nReefs are blue.\n\n# Farms\n\nFarms are green.", "utf-8")
    KnowledgeBase.build(tmp_path / "notes.md", tmp_path / "kb", Seeing(), sentences=HashingEncoder())
    return tmp_path


def test_a_base_stays_the_same_one_wherever_the_process_goes(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(base)
    opened = KnowledgeBase("kb", Seeing(), HashingEncoder())
    (base / "elsewhere").mkdir()
    monkeypatch.chdir(base / "elsewhere")
    (base / "more.md").write_text("Ports are grey.", "utf-8")
    opened.add(base / "more.md")
    assert len(opened) == 3
    assert opened.search("ports")[0].chunk.text == "Ports are grey."
    assert not list((base / "elsewhere").iterdir())


def test_a_base_that_is_gone_is_not_begun_anew(base: Path) -> None:
    opened = KnowledgeBase(base / "kb", Seeing(), HashingEncoder())
    shutil.rmtree(base / "kb")
    with pytest.raises(RagError, match="is gone"):
        opened.add(base / "notes.md")
    assert not (base / "kb").exists()


def test_a_pickled_base_is_opened_anew(base: Path) -> None:
    opened = KnowledgeBase(base / "kb", Seeing(), HashingEncoder())
    again = pickle.loads(pickle.dumps(opened))
    assert [one.chunk.key for one in again.search("blue reefs")] == [
        one.chunk.key for one in opened.search("blue reefs")
    ]


def test_several_threads_load_one_model(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    kept = sentences.SentenceEncoder.__init__

    def counted(self: sentences.SentenceEncoder, *arguments: object, **options: object) -> None:
        loaded.append(arguments)
        kept(self, *arguments, **options)  # type: ignore[arg-type]

    KnowledgeBase.build(base / "notes.md", base / "read", encoder=None)
    opened = KnowledgeBase(base / "read")
    monkeypatch.setattr(sentences.SentenceEncoder, "__init__", counted)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: opened.search(text)[0].chunk.key, ["blue reefs"] * 8))
    assert len(set(found)) == 1
    assert len(loaded) == 1
