"""What people see at the terminal: reasons, titles, settings of generators, and interrupts."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_pictures import NAMES, picture, write_parquet  # type: ignore[import-not-found] # beside this file

from rsvlm.eval import EvalError, EvalResult, evaluate
from rsvlm.eval.asking import ask_questions
from rsvlm.eval.compare import compare_results
from rsvlm.eval.published import compare
from rsvlm.eval.report import write_report
from rsvlm.eval.report.images import DataImages
from rsvlm.eval.stored import evaluate_stored
from rsvlm.models.generators import FunctionGenerator
from rsvlm.vocabularies import vocabulary_from_classes


def words(capsys: Any) -> str:
    return " ".join("".join(capsys.readouterr()).split())


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    rows = []
    for row in range(12):
        picture(NAMES[row % 3], row).save(tmp_path / "images" / f"{row}.png")
        rows.append(
            {"image": f"images/{row}.png", "question": f"{row}: which colour?", "answer": NAMES[row % 3]}
        )
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path / "q.jsonl"


def test_when_nothing_was_answered_the_reason_is_told_and_the_exit_code_is_one(
    rsvlm_command: Any, questions: Path, tmp_path: Path, capsys: Any
) -> None:
    answers = tmp_path / "a.jsonl"
    command = ["eval", "vqa", questions, "--generator", "http://127.0.0.1:9/v1#m", "--answers", answers]
    settings = ["--set", "retries=0", "--set", "timeout=2", "--set", "cache=false"]
    assert rsvlm_command(*command, *settings) == 1
    said = words(capsys)
    assert "12 failed" in said
    assert "refused" in said
    assert rsvlm_command(*command, "--set", "loudness=3") == 2
    assert "loudness is no option of an endpoint" in words(capsys)
    assert rsvlm_command(*command, "--set", "retries") == 2
    assert "write NAME=VALUE" in words(capsys)


def test_the_first_questions_are_part_of_the_whole(questions: Path, tmp_path: Path) -> None:
    from rsvlm.eval.data.questions import read_question_set

    asked: list[str] = []

    def answer(prompt: str, images: Any) -> str:
        asked.append(prompt)
        return "red"

    whole, model = read_question_set(questions), FunctionGenerator(answer, revision="1")
    assert len(ask_questions(whole.first(5), model, str(tmp_path / "a.jsonl"))) == 5
    assert len(ask_questions(whole, model, str(tmp_path / "a.jsonl"))) == 12
    assert len(asked) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are sent otherwise there")
def test_an_interrupted_run_says_so_and_keeps_its_answers(questions: Path, tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text(
        "import time\nfrom http.server import *\n"
        "class Slow(BaseHTTPRequestHandler):\n    def do_POST(self): time.sleep(60)\n"
        "    def log_message(self, *a): pass\n"
        "server = ThreadingHTTPServer(('127.0.0.1', 0), Slow)\n"
        "print(server.server_port, flush=True)\nserver.serve_forever()",
        encoding="utf-8",
    )
    with subprocess.Popen([sys.executable, server], stdout=subprocess.PIPE, text=True) as slow:
        assert slow.stdout is not None
        address = f"http://127.0.0.1:{int(slow.stdout.readline())}/v1#m"
        answers = tmp_path / "a.jsonl"
        # Tests that run in the background ignore interrupts, and their children would, too.
        code = (
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "from rsvlm.cli import main; main()"
        )
        arguments = ["eval", "vqa", str(questions), "--generator", address, "--answers", str(answers)]
        environment = {**os.environ, "RSVLM_CACHE": str(tmp_path / "cache")}
        run = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(600):
            if answers.exists():
                break
            time.sleep(0.1)
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        try:
            _, said = run.communicate(timeout=60)
        finally:
            run.kill()
            slow.kill()
    assert run.returncode == 130
    assert "the same command goes on from there" in " ".join(said.split())


def test_one_prompt_is_not_compared_with_the_average(tmp_path: Path) -> None:
    texts = np.stack([np.eye(3), np.eye(3)[::-1]])
    np.savez(
        tmp_path / "RemoteCLIP-ViT-B-32.npz", images=np.eye(3), labels=np.arange(3), texts=texts,
        prompts=np.array(["one", "two"]), classes=np.array(NAMES),
    )  # fmt: skip
    path = tmp_path / "RemoteCLIP-ViT-B-32.npz"
    words = vocabulary_from_classes(NAMES, "whu-rs19")
    average = evaluate_stored(path, words, protocol="rs-transclip")
    assert any(line.figure is not None for line in compare(average))
    single = evaluate_stored(path, words, protocol="rs-transclip", prompt="one")
    assert [line.figure for line in compare(single)] == [None]
    with pytest.raises(EvalError, match="there is no protocol nope"):
        evaluate_stored(path, protocol="nope")


def test_figures_that_are_cut_off_are_shown_so() -> None:
    config = {"model": "llama", "protocol": "rs-rag", "split": "test"}
    result = EvalResult("vqa", "rswk-vqa", {"BLEU-4": 0.01916436}, n=1, config=config)
    (line,) = (row for row in compare(result) if row.figure is not None)
    assert "BLEU-4 0.0191 (cut off), published 0.0191" in line.text
    assert "equal as printed" in line.text


def test_titles_tell_what_was_measured(rsvlm_command: Any, tmp_path: Path, capsys: Any) -> None:
    for split in ("train", "test"):
        write_parquet(tmp_path / "colours" / f"{split}.parquet", list(NAMES) * 4, seed=len(split))
    out = tmp_path / "r.json"
    command = ["eval", "probe", tmp_path / "colours", "--encoder", "colour-histogram", "--kind", "knn"]
    assert rsvlm_command(*command, "--out", out) == 0
    assert "colours, test, probe, knn, colour-histogram" in words(capsys)
    assert rsvlm_command("eval", "compare", out, out) == 0
    said = words(capsys)
    assert "accuracy % 100 100" in said
    assert rsvlm_command("eval", "probe", tmp_path / "nowhere", "--encoder", "colour-histogram") == 2
    assert "there is no such file or folder" in words(capsys)
    assert rsvlm_command("eval", "report", tmp_path / "nothing.json", "--out", tmp_path / "r.html") == 2
    assert "nothing.json: there is no such file" in words(capsys)


def test_stored_vectors_and_an_encoder_are_refused(rsvlm_command: Any, capsys: Any) -> None:
    assert rsvlm_command("eval", "zero-shot", "x.npz", "--encoder", "remoteclip-vit-b-32") == 2
    assert "need no encoder" in words(capsys)


def test_a_folder_of_another_encoder_is_not_written_over(
    rsvlm_command: Any, tmp_path: Path, capsys: Any
) -> None:
    for split in ("train", "test"):
        write_parquet(tmp_path / "sets" / "colours" / f"{split}.parquet", list(NAMES) * 4, seed=len(split))
    (tmp_path / "out").mkdir()
    owner = {"encoder": {"name": "somebody's", "revision": "1"}}
    (tmp_path / "out" / "suite.json").write_text(json.dumps(owner), encoding="utf-8")
    command = [
        "eval",
        "suite",
        "--data",
        tmp_path / "sets",
        "--encoder",
        "colour-histogram",
        "--out",
        tmp_path / "out",
    ]
    assert rsvlm_command(*command) == 2
    assert "holds the results of somebody's" in words(capsys)


def test_rows_without_a_number_are_left_out_and_counted(tmp_path: Path) -> None:
    wealth = ["1.0", "n/a", "", *map(str, range(9))]
    write_parquet(
        tmp_path / "test.parquet", ["red", "green", "blue"] * 4, wealth=wealth,
        latitude=[float(row) for row in range(12)], longitude=[0.0] * 12,
    )  # fmt: skip
    result = evaluate(
        "probe", data=tmp_path / "test.parquet", target="wealth", folds="random", features="place", n_folds=2
    )
    assert result.n == 10
    assert "2 items have no number wealth, and were left out" in result.notes


def test_words_need_an_encoder_of_words(tmp_path: Path) -> None:
    write_parquet(tmp_path / "test.parquet", list(NAMES) * 4, captions=[[name] for name in NAMES] * 4)
    with pytest.raises(EvalError, match="encodes images only"):
        evaluate(
            "probe",
            data=tmp_path / "test.parquet",
            encoder="colour-histogram",
            folds="random",
            features="text",
        )


def test_questions_find_their_images_below_the_folder_that_is_named(questions: Path, tmp_path: Path) -> None:
    images = DataImages(tmp_path)
    result = EvalResult("vqa", "q", {"accuracy": 0.0}, n=1)
    assert images(result, {"image": "images/3.png"}) == str((tmp_path / "images" / "3.png").resolve())
    (tmp_path.parent / "secret.png").write_bytes(b"x")
    for name in ("../secret.png", "images/none.png", "", None, "a\0b"):
        assert images(result, {"image": name}) is None


def test_paths_may_be_texts(tmp_path: Path) -> None:
    write_parquet(tmp_path / "test.parquet", list(NAMES) * 4)
    result = evaluate(
        "probe", data=str(tmp_path / "test.parquet"), encoder="colour-histogram", folds="random"
    )
    result.save(str(tmp_path / "r.json"))
    assert compare_results(str(tmp_path / "r.json"), result).metrics[0].difference == 0
    write_report([str(tmp_path / "r.json")], str(tmp_path / "r.html"))
    assert (tmp_path / "r.html").exists()
