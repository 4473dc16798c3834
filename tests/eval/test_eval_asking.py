"""Asking a model a file of questions: every form, whatever the model does, killed and gone on, and scored."""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking_data import (  # type: ignore[import-not-found] # this folder is on pytest's path
    FORMS,
    SECRET,
    Odd,
    Seeing,
    command_line,
    draw,
    load_lying_server,
    write_form,
)
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.eval import EvalError
from rsvlm.eval.answer_file import read_answers
from rsvlm.eval.asking import (
    CAPTION_PROMPT,
    QUESTION_PROMPT,
    Prompt,
    ask_questions,
    evaluate_vqa,
    read_prompt,
    score_answers,
)
from rsvlm.eval.data.questions import read_question_set
from rsvlm.models.generators import FunctionGenerator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data of mine"


@pytest.fixture
def questions(folder: Path) -> Path:
    path: Path = write_form(folder, draw(folder), "jsonl")
    return path


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_ask_and_score_the_same(folder: Path, tmp_path: Path, form: str) -> None:
    model = Seeing()
    done: list[tuple[int, int]] = []
    result = evaluate_vqa(
        write_form(folder, draw(folder), form), model, tmp_path / "out" / "a.jsonl",
        progress=lambda *state: done.append(state),
    )  # fmt: skip
    assert result.metrics == {
        "accuracy": 1.0, "exact_match": 0.0, "average_accuracy": 1.0, "coverage": 1.0, "accuracy_answered": 1.0,
    }  # fmt: skip
    assert (result.n, result.n_unanswered, result.n_failed) == (6, 0, 0)
    assert {kind: group["n"] for kind, group in result.groups["type"].items()} == {"colour": 3, "presence": 3}
    assert done == [(number, 6) for number in range(1, 7)]
    assert len(model.asked) == 6
    assert not any(SECRET in prompt or ".png" in prompt or str(folder) in prompt for prompt in model.asked)
    assert model.asked[1].startswith("Is it {red}?\n")
    assert result.items is not None
    assert result.items["answer"].to_pylist()[0] == " Red\n"  # verbatim


@pytest.mark.parametrize("form", FORMS[:4])
def test_images_in_another_folder(folder: Path, tmp_path: Path, form: str) -> None:
    path = write_form(folder, draw(folder), form)
    moved = tmp_path / "moved" / path.name
    moved.parent.mkdir()
    path.rename(moved)
    assert evaluate_vqa(moved, Seeing(), tmp_path / "a.jsonl", images=folder).metrics["accuracy"] == 1.0


def test_rsvqa_as_its_authors_distribute_it(tmp_path: Path) -> None:
    """12 images of RSVQA-LR and their questions, which the package configilm carries along."""
    package = importlib.util.find_spec("configilm")
    if package is None or package.origin is None:
        pytest.skip("configilm is not installed")
    data = Path(package.origin).parent / "extra/mock_data/RSVQA-LR/LR_split_test_questions.json"
    shapes = set()

    def yes(prompt: str, images: Sequence[Any]) -> str:
        shapes.add(np.asarray(images[0]).shape)
        return "Yes"

    result = evaluate_vqa(data, yes, tmp_path / "a.jsonl")
    assert result.n_failed == 0
    assert shapes == {(256, 256, 3)}
    assert set(result.groups["type"]) == {"rural_urban", "presence", "count", "comp"}
    assert result.groups["type"]["count"]["accuracy"] == 0 < result.groups["type"]["presence"]["accuracy"]


def test_the_result_says_what_decided_it(questions: Path, tmp_path: Path) -> None:
    prompt = Prompt("In one word, please: {question}")
    result = evaluate_vqa(questions, Seeing(), tmp_path / "a.jsonl", prompt=prompt)
    config = result.config
    assert config["generator"] == {"name": "seeing", "revision": "1", "info": Seeing().info}
    assert config["prompt"] == {"text": prompt.text, "sha256": prompt.digest}
    assert config["questions"][0]["name"] == "questions.jsonl"
    assert len(config["questions"][0]["sha256"]) == 64
    assert (config["totals"]["answers"], config["totals"]["failed"]) == (6, 0)
    result.save(tmp_path / "result.json")


def test_nothing_is_asked_twice(questions: Path, tmp_path: Path) -> None:
    first = ask_questions(questions, Seeing(), tmp_path / "a.jsonl")
    content = (tmp_path / "a.jsonl").read_bytes()
    again = Seeing()
    again.info["device"] = "another machine"
    assert ask_questions(questions, again, tmp_path / "a.jsonl") == first
    assert again.asked == []
    assert (tmp_path / "a.jsonl").read_bytes() == content
    assert score_answers(questions, read_answers(tmp_path / "a.jsonl")).metrics["accuracy"] == 1.0


def test_whatever_a_model_does(questions: Path, tmp_path: Path) -> None:
    odd = Odd()
    model = FunctionGenerator(odd, revision="1")  # it changes as it answers
    result = evaluate_vqa(questions, model, tmp_path / "a.jsonl", workers=1)
    found = read_answers(tmp_path / "a.jsonl")
    assert [answer.error for answer in found.values() if answer.error] == ["out of memory"] * 2
    texts = [answer.text for answer in found.values() if answer.text is not None]
    assert texts == ["是的有水。", "y" * 2**20, "", QUESTION_PROMPT.filled("Which colour is it?")]
    assert (result.n, result.n_failed, result.n_unanswered) == (6, 2, 1)
    assert result.metrics["accuracy"] == 0
    group = result.groups["type"]
    assert sum(part["n_failed"] for part in group.values()) == 2
    assert result.items is not None
    assert sum(error == "out of memory" for error in result.items["error"].to_pylist()) == 2
    assert sum(result.items["unanswered"].to_pylist()) == 1
    result.save(tmp_path / "result.json")
    odd.well, odd.count = True, 0
    healed = evaluate_vqa(questions, model, tmp_path / "a.jsonl", workers=1)
    assert odd.count == 2  # only what had failed
    assert healed.n_failed == 0
    assert healed.metrics["accuracy"] == pytest.approx(2 / 6)


def test_repeating_the_question_earns_nothing(questions: Path, tmp_path: Path) -> None:
    result = evaluate_vqa(questions, lambda prompt, images: prompt, tmp_path / "a.jsonl")
    assert result.metrics["accuracy"] == 0
    assert result.n_unanswered == 0


def test_a_dead_model_is_not_asked_for_hours(questions: Path, tmp_path: Path) -> None:
    asked = []

    def dead(prompt: str, images: Sequence[Any]) -> str:
        asked.append(prompt)
        raise TimeoutError("no answer")

    found = ask_questions(questions, dead, tmp_path / "a.jsonl", workers=1, give_up_after=2)
    assert len(asked) == 2
    assert len(found) == 6
    assert score_answers(questions, found).n_failed == 6


def test_missing_and_broken_images_are_failures_of_their_questions(
    questions: Path, folder: Path, tmp_path: Path
) -> None:
    (folder / f"images/{SECRET}_0.png").unlink()
    (folder / f"images/{SECRET}_1.png").write_bytes(b"no picture")
    model = Seeing()
    result = evaluate_vqa(questions, model, tmp_path / "a.jsonl")
    assert (result.n_failed, result.n_unanswered, len(model.asked)) == (4, 0, 2)
    assert result.metrics["accuracy"] == pytest.approx(2 / 6)
    assert result.items is not None
    errors = [error for error in result.items["error"].to_pylist() if error]
    assert sum("there is no such file" in error for error in errors) == 2
    assert all("\n" not in error for error in errors)
    draw(folder)
    assert evaluate_vqa(questions, model, tmp_path / "a.jsonl").metrics["accuracy"] == 1.0
    assert len(model.asked) == 6


def test_answers_of_something_else_are_refused(questions: Path, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    ask_questions(questions, Seeing(), file)
    content = file.read_bytes()
    with pytest.raises(EvalError, match=r"another run \(it differs in generator\)"):
        ask_questions(questions, lambda prompt, images: "no", file)
    with pytest.raises(EvalError, match=r"another run \(it differs in prompt\)"):
        ask_questions(questions, Seeing(), file, prompt=Prompt("{question} Answer!"))
    other = write_form(folder, draw(folder)[:3], "csv")
    with pytest.raises(EvalError, match="it differs in questions"):
        ask_questions(other, Seeing(), file)
    with pytest.raises(EvalError, match="holds answers of another run"):
        ask_questions(questions, Seeing(), questions)
    assert file.read_bytes() == content


def test_one_question_that_stands_there_twice_is_asked_once(folder: Path, tmp_path: Path) -> None:
    rows = draw(folder)[:1] * 2
    model = Seeing()
    result = evaluate_vqa(write_form(folder, rows, "jsonl"), model, tmp_path / "a.jsonl")
    assert (result.n, len(model.asked), result.metrics["accuracy"]) == (2, 1, 1.0)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"id": "1", "question": "?", "answer": "no"}], "names no image"),
        ([{"image": "a.png", "question": "?"}], "lacks answer"),
        ([{"image": "a.png", "question": "?", "answer": ""}], "has no answer"),
        (
            [{"id": "1", "image": "a.png", "question": q, "answer": "no"} for q in ("a?", "b?")],
            "'1' is the id of several questions",
        ),
        ([], "holds no questions"),
    ],
)
def test_bad_files_of_questions(tmp_path: Path, rows: list[dict[str, Any]], reason: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    with pytest.raises(EvalError, match=reason):
        read_question_set(path)


def test_paths_of_another_machine(folder: Path, tmp_path: Path) -> None:
    rows = draw(folder)
    for row, start in zip(rows, ["/home/someone/", "C:\\data\\", "D:/x/"] * 2, strict=True):
        row["image"] = start + row["image"].split("/")[-1]
    path = write_form(folder, rows, "jsonl")
    result = evaluate_vqa(path, Seeing(), tmp_path / "a.jsonl", images=folder / "images")
    assert (result.metrics["accuracy"], result.n_failed) == (1.0, 0)
    rows[0]["image"], rows[1]["image"] = "a\0b.png", "x" * 5000
    path = write_form(folder, rows, "jsonl")
    result = evaluate_vqa(path, Seeing(), tmp_path / "b.jsonl", images=folder / "images")
    assert result.n_failed == 2


KILLED = """
import sys, time
from pathlib import Path
from rsvlm.eval.asking import ask_questions
def model(prompt, images):
    time.sleep(0.05)
    with open(sys.argv[3], "a", encoding="utf-8") as log:
        log.write(prompt.splitlines()[0] + "\\n")
    return "no"
ask_questions(Path(sys.argv[1]), model, Path(sys.argv[2]), workers=2)
"""


def test_killed_and_resumed(folder: Path, tmp_path: Path) -> None:
    rows = draw(folder)
    many = [row | {"question": f"Is there a {n}?"} for n, row in enumerate(rows * 4)]
    path, file, log = write_form(folder, many, "jsonl"), tmp_path / "a.jsonl", tmp_path / "log.txt"
    command = [sys.executable, "-c", KILLED, str(path), str(file), str(log)]
    process = subprocess.Popen(command)
    while not file.exists() or file.read_bytes().count(b"\n") < 6:
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    kept = read_answers(file)
    assert 5 <= len(kept) < len(many)
    before = log.read_text(encoding="utf-8").splitlines()
    subprocess.run(command, check=True)
    after = log.read_text(encoding="utf-8").splitlines()[len(before) :]
    answered = {key.split(": ", 1)[1] for key in kept}
    assert not answered & set(after)  # what was kept is not asked again
    keys = [json.loads(line)["key"] for line in file.read_bytes().splitlines()[1:]]
    assert sorted(keys) == sorted(f"{row['image']}: {row['question']}" for row in many)  # each written once


RS_RAG = [("What stands here?", "a tall tower"), ("Is it rural?", "yes it is rural"), ("What is it?", "")]


def rs_rag_file(folder: Path, pairs: Sequence[tuple[str, str]], broken: bool = False) -> Path:
    images = [row["image"].split("/")[-1] for row in draw(folder)[::2]]
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"<image>{question}"},
                {"role": "assistant", "content": gold},
            ],
            "images": [f"/home/author/images/{image}"],
        }
        for (question, gold), image in zip(pairs, images, strict=True)
    ]
    lines = [json.dumps(row) for row in rows] + (["{broken"] if broken else [])
    path = folder / "RSWK.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_rs_rag_is_asked_as_it_stands_and_scored_by_its_rules(folder: Path, tmp_path: Path) -> None:
    path = rs_rag_file(folder, RS_RAG, broken=True)
    asked = []

    def model(prompt: str, images: Sequence[Any]) -> str:
        asked.append(prompt)
        assert len(images) == 1
        if prompt == "Is it rural?":
            raise RuntimeError("too busy")
        return "a tall tower"

    options: dict[str, Any] = {"images": folder / "images", "synonyms": False}
    generator = FunctionGenerator(model, revision="1")  # what it was asked is no part of it
    strict = evaluate_vqa(path, generator, tmp_path / "a.jsonl", workers=1, **options)
    assert asked == [question for question, _ in RS_RAG]
    assert (strict.n, strict.n_failed, strict.config["protocol"]) == (4, 3, "strict")
    assert strict.metrics["Accuracy"] == pytest.approx(1 / 4)
    theirs = evaluate_vqa(path, generator, tmp_path / "a.jsonl", mode="rs-rag", **options)
    assert theirs.n == 1
    assert theirs.metrics["BLEU-1"] == pytest.approx(1.0)
    assert theirs.config["prompt"]["text"] == "{question}"
    with pytest.raises(EvalError, match="take strict or rs-rag"):
        evaluate_vqa(path, model, tmp_path / "a.jsonl", mode="mild", **options)


def test_rs_rag_classification(folder: Path, tmp_path: Path) -> None:
    prompt = "Which is it? Answer from the following 3 categories: red, green, blue."
    path = rs_rag_file(folder, [(f"{n}. {prompt}", name) for n, name in enumerate(("red", "green", "blue"))])
    result = evaluate_vqa(path, Seeing(), tmp_path / "a.jsonl", images=folder / "images")
    assert (result.task, result.metrics["Accuracy"], result.n) == ("classification", 1.0, 3)


def test_mixed_rs_rag_files_are_refused_before_anything_is_asked(folder: Path, tmp_path: Path) -> None:
    prompt = "Which? Answer from the following 2 categories: red, green."
    path = rs_rag_file(folder, [(prompt, "red"), ("What is it?", "a"), ("Why?", "b")])
    model = Seeing()
    with pytest.raises(EvalError, match="score them apart"):
        evaluate_vqa(path, model, tmp_path / "a.jsonl", images=folder / "images")
    assert model.asked == []


@given(st.text(max_size=40))
def test_any_question_is_asked_as_it_is(question: str) -> None:
    assert QUESTION_PROMPT.filled(question).startswith(f"{question}\n")


def test_a_prompt_that_cannot_be_filled_is_none() -> None:
    for text in ('Answer as {"a": 1}: {question}', '{"a": 1}', "{question} {question}", "{"):
        with pytest.raises(EvalError, match=r"meant as one twice|once, as it is"):
            Prompt(text)
    assert Prompt('Answer as {{"a": 1}}: {question}').filled("What?") == 'Answer as {"a": 1}: What?'


def test_prompts_as_people_give_them(tmp_path: Path) -> None:
    file = tmp_path / "my prompt.txt"
    file.write_text("Answer: {question}\n", encoding="utf-8")
    assert read_prompt(file, question=True).text == "Answer: {question}"
    assert read_prompt(str(file), question=True).filled("{0}?") == "Answer: {0}?"
    assert read_prompt("{question}", question=True).filled("a") == "a"
    assert read_prompt("Say {{it}}: {question}", question=True).filled("a") == "Say {it}: a"
    assert read_prompt("Describe it.", question=False).filled() == "Describe it."
    assert CAPTION_PROMPT.filled() == CAPTION_PROMPT.text


@pytest.mark.parametrize(
    ("text", "question", "reason"),
    [
        ("nowhere.txt", True, "is no file"),
        ("Answer me", True, "is no file"),
        ("{question} {image}", True, "needs {question} once"),
        ("{question} {question}", True, "needs {question} once"),
        ("{question.__class__} {question}", True, "needs {question} once"),
        ("{question!r} {question}", True, "needs {question} once"),
        ("{question} {", True, "is no template"),
        ("my prompt.txt", False, "is no file"),
        ("describe", False, "is no file"),
        ("Describe {question}", False, "needs none"),
    ],
)
def test_prompts_that_are_none(text: str, question: bool, reason: str) -> None:
    with pytest.raises(EvalError) as error:
        read_prompt(text, question=question)
    assert reason in str(error.value)


def test_the_command_with_an_endpoint(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rsvlm = command_line(monkeypatch, tmp_path)
    lying = load_lying_server()
    answers = tmp_path / "a.jsonl"
    with lying.lying_server() as server:
        server.plan = [lying.says("No."), lying.raw(b"<html>", 200)]
        server.behaviour = lying.says("no")
        command = ["eval", "vqa", questions, "--generator", f"{server.address}#tiny", "--workers", "1"]
        assert rsvlm(*command, "--answers", answers, "--out", tmp_path / "r.json", "--json") == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["n"], document["n_failed"]) == (6, 1)
        assert document["metrics"]["accuracy"] == pytest.approx(2 / 6)
        assert len(server.requests) == 6
        assert SECRET not in json.dumps(server.requests)
        assert document["config"]["totals"]["tokens_out"] > 0
        assert rsvlm(*command, "--answers", answers, "--json") == 0
        assert json.loads(capsys.readouterr().out)["n_failed"] == 0
        assert len(server.requests) == 7
    assert rsvlm("eval", "vqa", questions, "--answers", answers, "--json") == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["accuracy"] == pytest.approx(2 / 6)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--generator", "http://127.0.0.1:9/v1#m"], "--generator needs --answers"),
        (["--answers", "nowhere.jsonl"], "cannot be read"),
        (["--generator", "nothing", "--answers", "a.jsonl"], "there is no generator"),
        (["--generator", "nothing", "--answers", "a.jsonl", "--prompt", "x"], "is no file"),
        (["--limit", "1"], "--limit: does nothing without --answers"),
        (["--images", "photos"], "--images: does nothing without --answers"),
        (
            ["--prompt", "x", "--workers", "2"],
            "--prompt, --workers: does nothing without --generator or --composer",
        ),
        (
            ["--answers", "b.jsonl", "--workers", "2"],
            "--workers: does nothing without --generator or --composer",
        ),
        (
            ["--composer", "--answers", "a.jsonl", "--set", "timeout=3"],
            "--set: does nothing without --generator",
        ),
        (["--answers", "b.jsonl", "--questions", "q.jsonl"], "--questions goes with a FILE of predictions"),
        (["--questions", "q.jsonl", "--compat", "strict"], "leave it out with --compat strict"),
    ],
)
def test_bad_commands_are_one_line(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: Any, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line(monkeypatch, tmp_path)("eval", "vqa", questions, *arguments) == 2
    assert reason in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not (tmp_path / "a.jsonl").exists()


def test_answers_to_the_first_questions_are_scored(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rsvlm = command_line(monkeypatch, tmp_path)
    answers = tmp_path / "a.jsonl"
    whole = read_question_set(questions)
    ask_questions(whole, lambda prompt, images: "no", answers, workers=1)
    command = ["eval", "vqa", questions, "--answers", answers, "--json"]
    assert rsvlm(*command) == 0
    assert json.loads(capsys.readouterr().out)["n"] == len(whole.questions) == 6
    assert rsvlm(*command, "--limit", "2") == 0
    assert json.loads(capsys.readouterr().out)["n"] == 2
    with answers.open("a", encoding="utf-8") as file:
        file.write('{"key": "of no question", "answer": "no", "error": null}\n')
    assert rsvlm(*command, "--limit", "2") == 2
    assert "1 answers belong to no question: 'of no question'" in " ".join(capsys.readouterr().err.split())
