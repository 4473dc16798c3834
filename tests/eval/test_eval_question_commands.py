"""`rsvlm eval questions make|check` and `rsvlm eval export` as people type them, on a made-up countryside."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from questions_town import countryside  # type: ignore[import-not-found] # this folder is on pytest's path

Run = Callable[..., int]
SOURCES = """
- {kind: class map, labels: masks, images: images, legend: LEGEND}
- {kind: scenes, path: scenes}
- {kind: pairs, before: before, after: after, event: the flood}
"""


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of sources.yaml and of what it names."""
    folder = tmp_path_factory.mktemp("country")
    countryside(folder)
    text = SOURCES.replace("LEGEND", json.dumps(str(folder / "legend.yaml")))
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    return folder


def make(rsvlm_command: Run, country: Path, out: Path, *more: object) -> int:
    return rsvlm_command("eval", "questions", "make", country / "sources.yaml", "--out", out, *more)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join("".join(capsys.readouterr()).split())


def test_made_questions_pass_the_check(
    rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "questions"
    assert (
        make(rsvlm_command, country, out, "--count", 12, "--seed", 5, "--tasks", "SL, OC_2_1_3", "--json")
        == 0
    )
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["count"] == 12
    assert set(document["tasks"]) == {"SL", "OC"}
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["config"]["seed"] == 5
    assert f"Written: {out}" in captured.err
    assert rsvlm_command("eval", "questions", "check", out) == 0
    assert "12 questions checked, 0 refused" in said(capsys)
    assert rsvlm_command("eval", "agromind", out, "--baseline", "random", "--json") == 0
    assert json.loads(capsys.readouterr().out)["n"] == 12


def test_people_see_what_was_made_and_what_is_missing(
    rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any
) -> None:
    assert make(rsvlm_command, country, tmp_path / "questions", "--count", 4, "--tasks", "AR,PDD") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    text = " ".join(captured.err.split())
    assert "4 questions of 4" in text
    assert "Anomaly Reasoning" in text
    assert "no source labels pests or diseases of plants" in text


def test_a_wrong_answer_is_listed_and_fails(
    rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "questions"
    assert make(rsvlm_command, country, out, "--count", 6, "--tasks", "OC_2_1_3") == 0
    path = next(out.rglob("OC_2_1_3.json"))
    items = json.loads(path.read_text(encoding="utf-8"))
    items[2]["answer"] = "A" if items[2]["answer"] != "A" else "B"
    path.write_text(json.dumps(items), encoding="utf-8")
    capsys.readouterr()
    assert rsvlm_command("eval", "questions", "check", out, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["count"] == 6
    assert list(document["refused"]) == ["OC_2_1_3/3"]
    assert rsvlm_command("eval", "questions", "check", out) == 1
    text = said(capsys)
    assert "OC_2_1_3/3" in text
    assert "6 questions checked, 1 refused" in text


def test_labels_that_were_moved_are_named(
    rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    shutil.copytree(country, old)
    assert make(rsvlm_command, old, tmp_path / "questions", "--count", 6, "--tasks", "OC_2_1_3") == 0
    old.rename(new)
    assert rsvlm_command("eval", "questions", "check", tmp_path / "questions") == 1
    command = ["eval", "questions", "check", tmp_path / "questions", "--sources"]
    (new / "sources.yaml").write_text(
        SOURCES.replace("LEGEND", json.dumps(str(new / "legend.yaml"))), encoding="utf-8"
    )
    capsys.readouterr()
    assert rsvlm_command(*command, new / "sources.yaml") == 0
    assert "6 questions checked, 0 refused" in said(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["make", "SOURCES", "--out", "OUT", "--count", "3", "--tasks", "XX"], "there is no task XX"),
        (["make", "NONE.yaml", "--out", "OUT", "--count", "3"], "NONE.yaml: cannot be read"),
        (["make", "SOURCES", "--out", "FULL", "--count", "3"], "is not empty"),
        (["make", "SOURCES", "--out", "OUT", "--count", "0"], "count"),
        (["check", "FULL"], "is no folder of made questions"),
    ],
)
def test_bad_input_is_one_line(
    rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any, arguments: list[str], message: str
) -> None:
    places = {
        "SOURCES": country / "sources.yaml",
        "OUT": tmp_path / "out",
        "FULL": country,
        "NONE.yaml": tmp_path / "NONE.yaml",
    }
    assert rsvlm_command("eval", "questions", *(places.get(one, one) for one in arguments)) == 2
    text = said(capsys)
    assert message in text
    assert "Traceback" not in text
    assert not (tmp_path / "out").exists()


def test_made_questions_are_exported(rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any) -> None:
    questions, out = tmp_path / "questions", tmp_path / "task"
    assert make(rsvlm_command, country, questions, "--count", 9, "--tasks", "OC_2_1_3,AR_4_2_3,BD_1_3_1") == 0
    capsys.readouterr()
    command = ["eval", "export", questions, "--name", "mine", "--out", out, "--to"]
    assert rsvlm_command(*command, "lmms-eval", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["questions"] == {"mine.jsonl": 9}
    assert all(Path(file).is_file() for file in document["files"])
    rows = [json.loads(line) for line in (out / "mine.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {len(row["images"]) for row in rows} == {1, 4}
    assert all((out / name).is_file() for row in rows for name in row["images"])
    assert rsvlm_command(*command, "vlmevalkit") == 0
    text = said(capsys)
    assert "mine.tsv" in text
    assert "--data mine mine_open " in text
    assert (out / "mine_open.tsv").read_text(encoding="utf-8").count("\n") == 1 + 3  # the boxes


def test_only_tables_that_were_written_are_named(rsvlm_command: Run, tmp_path: Path, capsys: Any) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    row = {"image": "a.png", "question": "Is there water?", "answer": "yes"}
    (tmp_path / "q.jsonl").write_text(json.dumps(row), encoding="utf-8")
    command = (
        "eval",
        "export",
        tmp_path / "q.jsonl",
        "--to",
        "vlmevalkit",
        "--name",
        "mine",
        "--out",
        tmp_path / "out",
    )
    assert rsvlm_command(*command) == 0
    assert "--data mine_open ..." in said(capsys)


def test_the_folder_of_the_questions_alone_is_enough(
    rsvlm_command: Run, country: Path, tmp_path: Path
) -> None:
    assert make(rsvlm_command, country, tmp_path / "questions", "--count", 3, "--tasks", "OC_2_1_3") == 0
    command = ["--name", "mine", "--to", "lmms-eval", "--out", tmp_path / "task"]
    assert rsvlm_command("eval", "export", tmp_path / "questions" / "QA_Pairs", *command) == 0
    assert len(list((tmp_path / "task" / "images").iterdir())) == 3


def test_lines_of_questions_are_exported(rsvlm_command: Run, tmp_path: Path, capsys: Any) -> None:
    rows = [
        {"image": "a.png", "question": "Is there water?", "answer": ["yes", "some"], "type": "presence"},
        {"image": "a.png", "question": "How many roads?", "answer": 2},
    ]
    file = tmp_path / "vqa.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    command = ["eval", "export", file, "--to", "lmms-eval", "--name", "vqa", "--out", tmp_path / "task"]
    assert rsvlm_command(*command) == 2
    assert "an image cannot be read" in said(capsys)
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photos" / "a.png")
    assert rsvlm_command(*command, "--images", tmp_path / "photos") == 0
    lines = (tmp_path / "task" / "vqa.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert (first["answer"], first["type"], first["category"]) == ("yes", "presence", "presence")
    assert (second["answer"], second["type"], second["options"]) == ("2", "", [])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--to", "helm", "--name", "mine"], "choose lmms-eval or vlmevalkit"),
        (["--to", "lmms-eval", "--name", "my task"], "is no name for a task"),
        (["--to", "lmms-eval", "--name", "mine", "--images", "nowhere"], "is not in nowhere"),
    ],
)
def test_what_cannot_be_exported(
    rsvlm_command: Run, country: Path, tmp_path: Path, capsys: Any, more: list[str], message: str
) -> None:
    assert make(rsvlm_command, country, tmp_path / "questions", "--count", 2, "--tasks", "OC_2_1_3") == 0
    capsys.readouterr()
    assert rsvlm_command("eval", "export", tmp_path / "questions", "--out", tmp_path / "task", *more) == 2
    assert message in said(capsys).replace("│ ", "")
