"""`rsvlm knowledge` as scripts see it: exit codes, one JSON document on stdout, names printed as they are."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("bm25s")


@pytest.fixture
def options(sentence_model: Path, transformers_models: dict[str, Path]) -> tuple[object, ...]:
    """Tiny models in place of those that ship."""
    return "--text-encoder", sentence_model, "--encoder", transformers_models["clip"], "--device", "cpu"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    place = tmp_path / "notes"
    place.mkdir()
    (place / "tower.md").write_text("# Old Tower\n\nThe Old Tower was built in 1810.\n", encoding="utf-8")
    Image.new("RGB", (32, 32), (30, 200, 30)).save(place / "park.png")
    (place / "seen.csv").write_text("image,caption\npark.png,A green park.\n", encoding="utf-8")
    return place


@pytest.mark.parametrize("command", ["build", "add", "remove", "info"])
def test_help_teaches(rsvlm_command: Any, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert rsvlm_command("knowledge", command, "--help") == 0
    assert f"rsvlm knowledge {command} " in capsys.readouterr().out


def test_a_base_is_made_added_to_and_shown(
    rsvlm_command: Any,
    capsys: pytest.CaptureFixture[str],
    notes: Path,
    options: tuple[object, ...],
    tmp_path: Path,
) -> None:
    base = tmp_path / "base"
    assert (
        rsvlm_command("knowledge", "build", notes, "--out", base, *options, "--licence", "CC0", "--json") == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert report == {
        "base": str(base), "chunks": 2, "encoded": 2, "removed": 0, "unchanged_sources": 0, "unread_sources": 0,
        "pictures": 1, "problems": [],
    }  # fmt: skip
    (notes / "tower.md").write_text(
        "# Old Tower\n\nIt was built in 1811.\n\n# Mill\n\nA mill.", encoding="utf-8"
    )
    again = "knowledge", "add", base, notes, "--licence", "CC0", "--device", "cpu"
    assert rsvlm_command(*again) == 2
    assert "the base was made by clip: name that one by --encoder" in capsys.readouterr().err
    assert rsvlm_command(*again, "--encoder", options[3]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "2 chunks encoded, 0 pictures" in told.err
    assert f"{base} has 3 chunks" in told.err
    assert "rsvlm ask IMAGE" in told.err
    assert rsvlm_command("knowledge", "info", base, "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["chunks"], summary["types"], summary["pictures"]) == (3, {"note": 2, "caption": 1}, 1)
    assert [(one["kind"], one["licence"]) for one in summary["sources"]] == [("folder", "CC0")]
    assert rsvlm_command("knowledge", "info", base) == 0
    assert "3 chunks (" in capsys.readouterr().out


def test_without_pictures(
    rsvlm_command: Any, capsys: pytest.CaptureFixture[str], notes: Path, sentence_model: Path, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    texts = "--text-encoder", sentence_model, "--no-pictures"
    assert rsvlm_command("knowledge", "build", notes, "--out", base, *texts) == 0
    assert rsvlm_command("knowledge", "info", base, "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["encoder"], summary["pictures"]) == (None, 0)
    assert rsvlm_command("knowledge", "add", base, notes / "tower.md") == 0


def test_what_cannot_be_read_is_told(
    rsvlm_command: Any, capsys: pytest.CaptureFixture[str], notes: Path, sentence_model: Path, tmp_path: Path
) -> None:
    (notes / "[red]broken[bold].json").write_text("{", encoding="utf-8")
    (notes / "report.docx").write_bytes(b"PK")
    texts = "--text-encoder", sentence_model, "--no-pictures"
    assert rsvlm_command("knowledge", "build", notes, "--out", tmp_path / "base", *texts) == 0
    told = capsys.readouterr().err
    assert "2 problems:" in told
    assert "[red]broken[bold].json" in told
    assert "save it as PDF, Markdown or CSV" in told
    for number in range(5):
        (notes / f"broken-{number}.json").write_text("{", encoding="utf-8")
    assert rsvlm_command("knowledge", "add", tmp_path / "base", notes) == 0
    told = capsys.readouterr().err
    assert "7 problems:" in told
    assert "and 2 more (--json has all)" in told


def test_a_source_that_cannot_be_read_at_all_is_told_by_the_exit_code(
    rsvlm_command: Any, capsys: pytest.CaptureFixture[str], notes: Path, sentence_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF")
    texts = "--text-encoder", sentence_model, "--no-pictures"
    base = tmp_path / "base"
    build = "knowledge", "build", notes, tmp_path / "broken.pdf", "--out", base, *texts, "--json"
    assert rsvlm_command(*build) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["chunks"], report["unread_sources"], len(report["problems"])) == (2, 1, 1)
    assert rsvlm_command("knowledge", "add", base, notes / "tower.md", tmp_path / "absent.txt") == 1
    told = capsys.readouterr().err
    assert "1 problem:" in told
    assert "absent.txt: there is no such file or folder" in told
    assert rsvlm_command("knowledge", "add", base, tmp_path / "absent.txt") == 2


def test_markup_in_names_is_printed_as_it_is(
    rsvlm_command: Any, capsys: pytest.CaptureFixture[str], sentence_model: Path, tmp_path: Path
) -> None:
    place = tmp_path / "[bold]kb [link=evil.example]x"
    source = tmp_path / "[red]x[bold].md"
    source.write_text("The Old Tower was built in 1810.", encoding="utf-8")
    texts = "--text-encoder", sentence_model, "--no-pictures"
    licence = "[blink]free[/blink]"
    assert rsvlm_command("knowledge", "build", source, "--out", place, *texts, "--licence", licence) == 0
    assert place.name in capsys.readouterr().err
    assert rsvlm_command("knowledge", "info", place) == 0
    told = "".join(
        letter for letter in capsys.readouterr().out if letter not in " \n\u2502"
    )  # without the table's lines
    for name in (place.name, source.name):
        assert name.replace(" ", "") in told
    assert "[blink]" in told
    assert rsvlm_command("knowledge", "build", source, "--out", place, *texts) == 2
    assert place.name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "missing.md", "--out", "kb"), "there is no such file"),
        (("build", "empty.txt", "--out", "kb"), "holds no text"),
        (("build", "photo.xyz", "--out", "kb"), "of no kind that can be read"),
        (("build", "note.txt", "--out", "."), "holds files of another origin"),
        (("build", "note.txt", "--out", "note.txt"), "cannot be written"),
        (("build", "note.txt", "--out", "kb", "--encoder", "no-such-encoder"), "no-such-encoder"),
        (("info", "missing"), "is no knowledge base"),
        (("info", "."), "is no knowledge base"),
        (("add", "missing", "note.txt"), "is no knowledge base"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    rsvlm_command: Any, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str,
    sentence_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, text in (("empty.txt", ""), ("photo.xyz", "x"), ("note.txt", "A note.")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    if arguments[0] == "build" and "--encoder" not in arguments:
        arguments = (*arguments, "--no-pictures", "--text-encoder", str(sentence_model))
    assert rsvlm_command("knowledge", *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert not (tmp_path / "kb" / "knowledge.json").exists()


def test_sources_are_taken_out(
    rsvlm_command: Any,
    capsys: pytest.CaptureFixture[str],
    notes: Path,
    options: tuple[object, ...],
    tmp_path: Path,
) -> None:
    base, mill = tmp_path / "base", notes.with_name("mill.txt")
    mill.write_text("A mill [1810].", encoding="utf-8")
    assert rsvlm_command("knowledge", "build", notes, mill, "--out", base, *options) == 0
    capsys.readouterr()
    mill.unlink()
    assert rsvlm_command("knowledge", "remove", base, notes / "tower.md") == 2
    assert "tower.md: is part of the source" in capsys.readouterr().err
    assert rsvlm_command("knowledge", "remove", base, mill) == 0
    assert f"1 chunks removed; {base} has 2" in capsys.readouterr().err.replace("\n", "")
    assert rsvlm_command("knowledge", "remove", base, mill, "--json") == 2
    assert "mill.txt: is no source of" in capsys.readouterr().err
    assert rsvlm_command("knowledge", "remove", base, notes, "--json") == 2
    assert "has no other sources than these" in capsys.readouterr().err
    assert (
        rsvlm_command("knowledge", "add", base, "built-in", "--encoder", options[3], "--device", "cpu") == 0
    )
    capsys.readouterr()
    assert rsvlm_command("knowledge", "remove", base, notes, "--json") == 0
    assert json.loads(capsys.readouterr().out)["removed"] == 2
