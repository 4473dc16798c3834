"""Folders: all that can be read in them, and nothing outside of them."""

import os
import sys
from pathlib import Path

import pytest

from rsvlm.rag import RagError
from rsvlm.rag.sources import read_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a bit of everything."""
    base = tmp_path / "Wissen #1 ä"
    for name, content in {
        "a.md": b"# Rain\nMuch.", "deep/er/b.txt": b"Deep.", "c.csv": b"text\nrow\n", "broken.json": b"{",
        "picture.tif": b"II", ".hidden.md": b"hidden", ".git/x.md": b"hidden", "letter.docx": b"PK", "empty.md": b"",
        "page.html": "<html><p>Wörter".encode(),
    }.items():  # fmt: skip
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return base


def test_what_can_be_read_is_and_the_rest_is_told(folder: Path) -> None:
    source = read_source(folder)
    chunks = list(source.chunks())
    assert [(chunk.where, chunk.text) for chunk in chunks] == [
        ("a.md, Rain, 1", "Rain: Much."), ("c.csv, row 1", "row"), ("page.html, part 1", "Wörter"),
        ("deep/er/b.txt, part 1", "Deep."),
    ]  # fmt: skip
    assert {chunk.source for chunk in chunks} == {folder.as_posix()}
    assert all(chunk.key.rpartition("#")[0] == folder.as_posix() for chunk in chunks)
    assert [problem.file.rpartition(", ")[2] for problem in source.problems] == [
        "broken.json",
        "empty.md",
        "letter.docx",
    ]
    assert list(source.chunks()) == chunks
    assert len(source.problems) == 3


def test_files_without_text_are_told(tmp_path: Path) -> None:
    contents = {
        "a.txt": "A lake.", "head.csv": "name,depth\n", "page.html": "<html><script>let x = 1;</script></html>",
        "none.json": "[]", "object.json": "{}", "lines.jsonl": "\n",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    source = read_source(tmp_path)
    assert [chunk.text for chunk in source.chunks()] == ["A lake."]
    told = {problem.file.rpartition(", ")[2]: problem.reason for problem in source.problems}
    assert told == dict.fromkeys(list(contents)[1:], "holds no text")


def test_links_out_of_it_are_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "s.md").write_text("secret", encoding="utf-8")
    try:
        (folder / "out").symlink_to(secret)
        (folder / "out.md").symlink_to(secret / "s.md")
        (folder / "again.md").symlink_to(folder / "a.md")
        (folder / "loop").symlink_to(folder)
    except OSError:
        pytest.skip("no links here")
    source = read_source(folder)
    texts = [chunk.text for chunk in source.chunks()]
    assert sorted(texts) == sorted(["Rain: Much.", "row", "Deep.", "Wörter"])
    told = [problem.file for problem in source.problems if "leads out" in problem.reason]
    assert [name.rpartition(", ")[2] for name in told] == ["out", "out.md"]


def test_its_digest_is_of_what_is_read(folder: Path) -> None:
    before = read_source(folder).digest
    (folder / "picture.tif").write_bytes(b"other")
    os.utime(folder / "a.md", (0, 0))
    assert read_source(folder).digest == before
    (folder / "deep" / "er" / "b.txt").write_text("Deeper.", encoding="utf-8")
    changed = read_source(folder).digest
    assert changed != before
    (folder / "a.md").rename(folder / "z.md")
    assert read_source(folder).digest != changed


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="holds no text"):
        list(read_source(tmp_path).chunks())


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_bytes(b"x")
    (tmp_path / "b.md").write_text("sound", encoding="utf-8")
    source = read_source(tmp_path)
    assert [chunk.text for chunk in source.chunks()] == ["sound"]
    assert "no UTF-8" in source.problems[0].reason
