"""The cache: a rerun asks nothing, other questions are asked, and what breaks does not end a run."""

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.models.errors import ModelError
from rsvlm.models.generators import Answer, AnswerCache, CachedGenerator, Request, ask_all


class Counting:
    """Notes what it is asked; fails where the prompt says so."""

    name = "counting"
    revision = "1"
    batch_size = 3
    workers = 1

    def __init__(self, **settings: Any) -> None:
        self.identity: dict[str, Any] = {"settings": settings}
        self.info = self.identity
        self.asked: list[str] = []

    def generate(self, prompt: str, images: Sequence[Any] = ()) -> str:
        raise AssertionError

    def generate_many(self, requests: Sequence[Request]) -> list[Answer]:
        self.asked += [request.prompt for request in requests]
        return [self.answer(request) for request in requests]

    def answer(self, request: Request) -> Answer:
        if request.prompt == "bad":
            return Answer(error="no")
        text = f"港 {request.prompt} {len(request.pictures)}"
        return Answer(text=text, tokens_in=3, tokens_out=2, cost=0.5, model="m", cut=True)


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))


def test_a_rerun_asks_only_what_failed(tmp_path: Path) -> None:
    words = ["a", "bad", "b", "c", "a"]
    first = Counting()
    before = list(ask_all(CachedGenerator(first, AnswerCache(tmp_path)), map(Request, words)))
    assert first.asked == words[:-1] or first.asked == words
    second = Counting()
    again = list(ask_all(CachedGenerator(second, AnswerCache(tmp_path)), map(Request, words)))
    assert second.asked == ["bad"]
    assert [answer.text for answer in again] == [answer.text for answer in before]
    kept = again[0]
    assert (kept.cached, kept.cost, kept.tokens_in, kept.tokens_out, kept.cut, kept.model) == (
        True, 0.0, 3, 2, True, "m",
    )  # fmt: skip


def test_blanks_are_not_kept(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    for text in ("", " \n"):
        cache.put("key", Answer(text=text))
        assert cache.get("key") is None


def test_the_key_is_the_content(tmp_path: Path, picture: Image.Image) -> None:
    generator = CachedGenerator(Counting(temperature=0), AnswerCache(tmp_path))
    key = generator.key(Request("a", [picture]))
    assert key == generator.key(Request("a", [np.asarray(picture)]))  # the same pixels
    assert key == generator.key(Request("a", lambda: [picture.convert("RGBA")]))
    changed = np.asarray(picture).copy()
    changed[3, 3, 2] += 1
    other_settings = CachedGenerator(Counting(temperature=1), AnswerCache(tmp_path))
    others = {
        generator.key(Request("a", [])),
        generator.key(Request("b", [picture])),
        generator.key(Request("a", [picture, picture])),
        generator.key(Request("a", [changed])),
        generator.key(Request("a", [Image.fromarray(np.asarray(picture).reshape(2, 8, 3))])),
        other_settings.key(Request("a", [picture])),
    }  # fmt: skip
    assert len(others) == 6
    assert key not in others
    assert generator.key(Request("\ud800", [])) != generator.key(Request("?", []))


def test_a_single_question(tmp_path: Path) -> None:
    generator = Counting()
    cached = CachedGenerator(generator, AnswerCache(tmp_path))
    assert cached.generate("a") == cached.generate("a") == "港 a 0"
    assert generator.asked == ["a"]
    with pytest.raises(ModelError, match="no"):
        cached.generate("bad")


def test_two_processes_share_a_cache(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rsvlm.models.generators import Answer, AnswerCache\n"
        "cache = AnswerCache(Path(sys.argv[1]))\n"
        "for n in range(60):\n"
        "    cache.put(f'{sys.argv[2]} {n}', Answer(text='x' * 5000))\n"
        "    cache.put('both', Answer(text='y'))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], stderr=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    for process in running:
        assert process.communicate()[1] == ""
        assert process.returncode == 0
    cache = AnswerCache(tmp_path)
    for name in ("one", "two"):
        assert all(cache.get(f"{name} {number}") is not None for number in range(60))
    assert cache.get("both") == Answer(text="y", cached=True, cost=0.0)
    assert cache.get("neither") is None


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(ModelError, match="delete it"):
        AnswerCache(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be used"):
        AnswerCache(blocked)


def test_a_cache_that_breaks_is_told_once_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    generator = Counting()
    cache = AnswerCache(tmp_path)
    cached = CachedGenerator(generator, cache)
    cached.generate("a")
    (tmp_path / "answers.sqlite").write_bytes(b"overwritten" * 1000)
    with caplog.at_level(logging.WARNING):
        assert cached.generate("a") == "港 a 0"
        assert cached.generate("b") == "港 b 0"
    assert generator.asked == ["a", "a", "b"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("row", ["not json", "[]", '{"unknown": 1}', "null"])
def test_rows_of_others_are_not_answers(tmp_path: Path, row: str) -> None:
    cache = AnswerCache(tmp_path)
    with sqlite3.connect(cache.path) as store:
        store.execute("INSERT INTO answers VALUES ('key', ?)", (row,))
    store.close()
    assert cache.get("key") is None


def test_by_default_it_is_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "here"))
    assert AnswerCache().path == tmp_path / "here" / "answers" / "answers.sqlite"
