"""Whoever is killed while making or changing a base leaves one that opens, or that the same command goes on with."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import base_builder as builder  # type: ignore[import-not-found] # beside this file
import pytest
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from seeing import COLOURS, Seeing, write_picture  # type: ignore[import-not-found]

from rsvlm.rag import KnowledgeBase

pytest.importorskip("bm25s")
pytestmark = pytest.mark.slow

TEXTS = 200


def write_sources(folder: Path, version: str) -> list[Path]:
    """A table of texts, and one of captions of pictures; a second version differs in the half of the texts."""
    folder.mkdir(exist_ok=True)
    notes = [f"number {n} is blue {version if n % 2 else ''}" for n in range(TEXTS)]
    (folder / "notes.csv").write_text("\n".join(["text", *notes]), encoding="utf-8")
    rows = [f"{name}{n}.png,picture {n} is {name} {version}" for n in range(20) for name in COLOURS]
    for n in range(20):
        for name in COLOURS:
            write_picture(folder / f"{name}{n}.png", name)
    (folder / "captions.csv").write_text("\n".join(["image,caption", *rows]), encoding="utf-8")
    return [folder / "notes.csv", folder / "captions.csv"]


def started(folder: Path, sources: list[Path], pause: float = 0.01) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, builder.__file__, str(folder), *map(str, sources)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PAUSE": str(pause)},
    )


def killed_at(step: int, folder: Path, sources: list[Path]) -> bool:
    """Kill a run a moment after it encoded so often; False: it was through before."""
    process = started(folder, sources)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(step)]
    time.sleep(random.Random(step).uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return bool(said[-1])


def texts_of(base: KnowledgeBase) -> list[str]:
    return sorted(one.text for one in base.chunks())


def test_a_killed_build_goes_on(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "sources", "old")
    whole = KnowledgeBase.build(sources, tmp_path / "whole", Seeing(), sentences=HashingEncoder())
    for step in (1, 2, 5, 12, 14, 16, 17, 20, 24):
        folder = tmp_path / str(step)
        assert killed_at(step, folder, sources), f"the run has fewer than {step} steps"
        if not (folder / "knowledge.json").exists():
            sentences = HashingEncoder()
            base = KnowledgeBase.build(sources, folder, Seeing(), sentences=sentences)
            assert len(sentences.encoded) <= len(whole) - builder.BLOCK * max(0, min(step - 2, 13))
        base = KnowledgeBase(folder, Seeing(), HashingEncoder())
        assert texts_of(base) == texts_of(whole)
        assert base.texts.verify() == []
        assert base.summary()["pictures"] == 60
        asked = Seeing().encode_texts(["blue"])[0].astype(float)
        assert [one.chunk for one in base.find(base.query("number 7", asked), k=9)] == [
            one.chunk for one in whole.find(whole.query("number 7", asked), k=9)
        ]


def test_a_killed_addition_leaves_a_base_that_opens(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "sources", "old")
    folder = tmp_path / "base"
    KnowledgeBase.build(sources, folder, Seeing(), sentences=HashingEncoder())
    for step in (1, 2, 4, 6, 8, 9, 10, 12, 14):
        version = f"new{step}"
        write_sources(tmp_path / "sources", version)
        killed_at(step, folder, sources)
        between = KnowledgeBase(folder, Seeing(), HashingEncoder())
        assert len(between) == TEXTS + 60
        assert between.texts.verify() == []
        assert between.search("number 7", k=5)
        between.add(sources)
        after = KnowledgeBase(folder, Seeing(), HashingEncoder())
        assert sum(one.endswith(version) for one in texts_of(after)) == TEXTS // 2 + 60
        assert len(after) == TEXTS + 60
        assert after.summary()["pictures"] == 60


def test_of_two_writers_one_is_refused(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "sources", "old")
    first = started(tmp_path / "base", sources, pause=0.3)
    assert first.stdout is not None
    assert first.stdout.readline()
    second = started(tmp_path / "base", sources)
    _, said = second.communicate()
    _, failed = first.communicate()
    assert (first.returncode, second.returncode) == (0, 1), said + failed
    assert b"another process is changing it" in said
    assert len(KnowledgeBase(tmp_path / "base")) == TEXTS + 60
