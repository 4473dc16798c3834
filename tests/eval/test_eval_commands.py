"""`rsvlm eval` as people type it, on small data made here."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_pictures import write_parquet  # type: ignore[import-not-found] # beside this file
from PIL import Image


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders and a Karpathy json of the same pictures; one of them cannot be read."""
    folder = tmp_path_factory.mktemp("scenes")
    rng = np.random.default_rng(0)
    images = []
    for name in ("Forest", "River"):
        for number in range(6):
            place = folder / "images" / name / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(place)
            sentences = [{"raw": f"a {name.lower()} number {number}"}, {"raw": f"{name} seen from above"}]
            images.append({"filename": f"{name}/{number}.png", "split": "test", "sentences": sentences})
    (folder / "images" / "River" / "5.png").write_bytes(b"no picture")
    (folder / "dataset.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    return folder


def test_zero_shot_report_and_compare(
    rsvlm_command: Any, tiny_model: list[str], scenes: Path, tmp_path: Path, capsys: Any
) -> None:
    for name, protocol in (("first", "rsvlm"), ("second", "skyscript")):
        out = tmp_path / f"{name}.json"
        assert (
            rsvlm_command(
                "eval", "zero-shot", scenes / "images", "--protocol", protocol, "--out", out, *tiny_model
            )
            == 0
        )
    said = capsys.readouterr().out
    assert "12 items, 0 unanswered and 1 failed (counted as wrong)" in said
    stored = json.loads((tmp_path / "first.json").read_text(encoding="utf-8"))
    assert stored["n"] == 12
    assert stored["config"]["protocol"] == "rsvlm"
    assert (tmp_path / "first.parquet").exists()
    page = tmp_path / "report.html"
    assert (
        rsvlm_command("eval", "report", tmp_path / "first.json", tmp_path / "second.json", "--out", page) == 0
    )
    html = page.read_text(encoding="utf-8")
    assert not any(outside in html for outside in ("<script", 'src="http', "@import", "url("))
    assert rsvlm_command("eval", "compare", tmp_path / "first.json", tmp_path / "second.json", "--json") == 0
    assert json.loads(capsys.readouterr().out)["n"] == 12


@pytest.mark.parametrize(("protocol", "texts"), [("remoteclip", 24), ("skyscript", 14)])
def test_retrieval(
    rsvlm_command: Any, tiny_model: list[str], scenes: Path, capsys: Any, protocol: str, texts: int
) -> None:
    data = scenes / "dataset.json"
    assert rsvlm_command("eval", "retrieval", data, "--protocol", protocol, "--json", *tiny_model) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_failed"] == 1
    assert document["n"] == 12 + texts


def test_captions(rsvlm_command: Any, scenes: Path, tmp_path: Path, capsys: Any) -> None:
    said = tmp_path / "said.jsonl"
    rows = [{"image": f"Forest/{n}.png", "prediction": f"a forest number {n}"} for n in range(6)]
    said.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    command = ["eval", "captions", said, "--data", scenes / "dataset.json", "--no-synonyms"]
    assert rsvlm_command(*command, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["n_unanswered"]) == (12, 6)
    assert document["metrics"]["rouge_l"] == pytest.approx(0.5)
    said.write_text(json.dumps({"image": "Sea/1.png", "prediction": "the sea"}), encoding="utf-8")
    assert rsvlm_command(*command) == 2
    assert "1 captions are of images" in " ".join(capsys.readouterr().err.split())


def test_vqa(rsvlm_command: Any, tmp_path: Path, capsys: Any) -> None:
    rows = [
        {
            "image": "a",
            "question": "Is there water?",
            "answer": "yes",
            "type": "presence",
            "prediction": "Yes.",
        },
        {"image": "b", "question": "How many roads?", "answer": "2", "type": "count", "prediction": "two"},
        {"image": "c", "question": "Is there snow?", "answer": "no", "type": "presence", "prediction": None},
    ]
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert rsvlm_command("eval", "vqa", file, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["metrics"]["accuracy"] == pytest.approx(2 / 3)
    assert document["n_unanswered"] == 1


def test_where_nothing_is_answered_the_exit_code_is_1(rsvlm_command: Any, tmp_path: Path) -> None:
    row = {"image": "a.png", "question": "how many?", "answer": "2"}
    for said, code in (("3", 0), ("", 1), (None, 1)):
        (tmp_path / "q.jsonl").write_text(json.dumps(row | {"prediction": said}), encoding="utf-8")
        assert rsvlm_command("eval", "vqa", tmp_path / "q.jsonl") == code


def test_a_suite_that_measures_nothing_says_why(rsvlm_command: Any, tmp_path: Path, capsys: Any) -> None:
    write_parquet(tmp_path / "sets" / "colours" / "validation.parquet", ["red", "green"] * 6)
    command = (
        "eval",
        "suite",
        "--data",
        tmp_path / "sets",
        "--encoder",
        "colour-histogram",
        "--out",
        tmp_path / "out",
    )
    assert rsvlm_command(*command) == 1
    said = " ".join("".join(capsys.readouterr()).split())
    assert "passed over colours: nothing is measured: an encoder of pictures alone is only probed" in said


def test_agromind_baselines(rsvlm_command: Any, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "QA_Pairs" / "Object Understanding"
    folder.mkdir(parents=True)
    row = {"question": "Is it wheat?", "answer": "Yes", "type_id": 3, "image_path": "./a.png"}
    ids = {"level1_id": 2, "level2_id": 1, "level3_id": 4}
    rows = [row | ids | {"item_id": number} for number in range(1, 41)]
    (folder / "OC_2_1_4.json").write_text(json.dumps(rows), encoding="utf-8")
    assert rsvlm_command("eval", "agromind", tmp_path / "QA_Pairs", "--baseline", "majority", "--json") == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["accuracy"] == 1.0
    assert rsvlm_command("eval", "agromind", tmp_path / "QA_Pairs", "--baseline", "random", "--json") == 0
    assert 0 < json.loads(capsys.readouterr().out)["metrics"]["accuracy"] < 1
    assert rsvlm_command("eval", "agromind", tmp_path / "QA_Pairs") == 2
    assert "give one of --generator" in " ".join(capsys.readouterr().err.split())


def test_an_unknown_protocol_is_one_line(
    rsvlm_command: Any, tiny_model: list[str], scenes: Path, capsys: Any
) -> None:
    assert rsvlm_command("eval", "zero-shot", scenes / "images", "--protocol", "clip", *tiny_model) == 2
    assert "there are rsvlm" in " ".join(capsys.readouterr().err.split())


def test_a_wrong_ending_of_the_result_is_said_before_the_work(
    rsvlm_command: Any, tmp_path: Path, capsys: Any
) -> None:
    assert rsvlm_command("eval", "vqa", tmp_path / "absent.jsonl", "--out", tmp_path / "r.parquet") == 2
    assert "result is a .json file" in capsys.readouterr().err
