"""Answers kept in a file: a run that was stopped goes on, and a file of another run is refused."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.rag import KnowledgeBase, RagError, VisualQuestionAnswerer
from rsvlm.rag.answerfile import key_of

FACTS = "".join(
    f"The {name} tower was built in {1800 + n}.\n\n" for n, name in enumerate(("Old", "New", "Red"))
)
QUESTIONS = [f"When was the {name} tower built?" for name in ("Old", "New", "Red", "Blue")]


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> VisualQuestionAnswerer:
    folder = tmp_path_factory.mktemp("base")
    (folder / "towers.md").write_text(FACTS, encoding="utf-8")
    return VisualQuestionAnswerer(KnowledgeBase.build(folder / "towers.md", folder / "kb", None))


def test_a_stopped_run_goes_on(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    file = tmp_path / "ä" / "answers.jsonl"
    run = answerer.ask_many([(None, question) for question in QUESTIONS], answers=file)
    first = [next(run), next(run)]
    del run
    with file.open("ab") as opened:  # a kill in the middle of a line
        opened.write(b'{"key": "3f')
    asked: list[str] = []

    def items() -> Iterator[tuple[None, str]]:
        for question in QUESTIONS:
            asked.append(question)
            yield None, question

    answers = list(answerer.ask_many(items(), answers=file))
    assert answers[:2] == first
    assert [one.short for one in answers] == ["1800", "1801", "1802", ""]
    assert answers[3].abstained
    assert len(file.read_text(encoding="utf-8").splitlines()) == 5
    assert answers == list(answerer.ask_many([(None, one) for one in QUESTIONS], answers=file))


def test_another_run_is_refused(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    list(answerer.ask_many([(None, QUESTIONS[0])], answers=file))
    other = VisualQuestionAnswerer(answerer.knowledge, k=3)
    with pytest.raises(RagError, match=r"another run \(it differs in k\)"):
        list(other.ask_many([(None, QUESTIONS[0])], answers=file))
    file.write_text("no answers\n", encoding="utf-8")
    with pytest.raises(RagError, match="no file of answers"):
        list(answerer.ask_many([(None, QUESTIONS[0])], answers=file))


def test_answers_of_a_function_that_was_edited_are_not_taken(
    answerer: VisualQuestionAnswerer, tmp_path: Path
) -> None:
    file = tmp_path / "answers.jsonl"
    for _ in range(2):  # the same function again goes on
        same = VisualQuestionAnswerer(answerer.knowledge, generator=lambda prompt, images: "1800")
        [answer] = same.ask_many([(None, QUESTIONS[0])], answers=file)
        assert answer.text == "1800"
    edited = VisualQuestionAnswerer(answerer.knowledge, generator=lambda prompt, images: "1900")
    with pytest.raises(RagError, match=r"another run \(it differs in generator\)"):
        list(edited.ask_many([(None, QUESTIONS[0])], answers=file))


def test_what_is_no_file_of_answers_stays_as_it_is(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    for mine in (b'{"mine": 1}', b"no line end", b'{"settings": {"k": 3}}\n{"key'):
        file.write_bytes(mine)
        with pytest.raises(RagError, match="name another file"):
            list(answerer.ask_many([(None, QUESTIONS[0])], answers=file))
        assert file.read_bytes() == mine


def test_a_run_killed_as_it_began_begins_anew(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    whole = list(answerer.ask_many([(None, QUESTIONS[0])], answers=file))
    file.write_bytes(file.read_bytes()[:40])
    assert [one.text for one in answerer.ask_many([(None, QUESTIONS[0])], answers=file)] == [whole[0].text]


def test_settings_of_one_question(tmp_path: Path) -> None:
    (tmp_path / "towers").mkdir()
    for number, fact in enumerate(FACTS.split("\n\n")[:3]):
        (tmp_path / "towers" / f"{number}.txt").write_text(fact, encoding="utf-8")
    base = KnowledgeBase.build(tmp_path / "towers", tmp_path / "kb", None)
    asking = VisualQuestionAnswerer(base, generator=lambda prompt, images: "In 1800 [1].")
    few, many = (asking.ask(None, QUESTIONS[0], k=k) for k in (1, 3))
    assert [str(one.prompt).count("tower was built") for one in (few, many)] == [1, 3]
    assert asking.k == 5
    with pytest.raises(RagError, match="k 0"):
        asking.ask(None, QUESTIONS[0], k=0)
    list(asking.ask_many([(None, QUESTIONS[0])], answers=tmp_path / "a.jsonl", k=1))
    with pytest.raises(RagError, match=r"another run \(it differs in k\)"):
        list(asking.ask_many([(None, QUESTIONS[0])], answers=tmp_path / "a.jsonl"))


def test_failures_are_asked_again(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    said: Iterator[Exception | str] = iter([RuntimeError("the server is away"), "It was built in 1800 [1]."])

    def generate(prompt: str, images: object) -> str:
        answer = next(said)
        if isinstance(answer, Exception):
            raise answer
        return answer

    asking = VisualQuestionAnswerer(answerer.knowledge, generator=generate)
    file = tmp_path / "answers.jsonl"
    [failed] = asking.ask_many([(None, QUESTIONS[0])], answers=file)
    [answer] = asking.ask_many([(None, QUESTIONS[0])], answers=file)
    assert failed.error is not None
    assert "away" in failed.error
    assert answer.text == "It was built in 1800 [1]."


def test_another_picture_under_the_same_name_is_asked_anew(
    answerer: VisualQuestionAnswerer, tmp_path: Path
) -> None:
    def generate(prompt: str, images: Sequence[Any]) -> str:
        return f"It is {np.asarray(images[0])[0, 0, 0]}."

    asking = VisualQuestionAnswerer(answerer.knowledge, generator=generate)
    picture, said = tmp_path / "x.png", []
    for value in (0, 255, 255):
        Image.fromarray(np.full((32, 32, 3), value, np.uint8)).save(picture)
        said += [one.text for one in asking.ask_many([(picture, "What?")], answers=tmp_path / "a.jsonl")]
    assert said == ["It is 0.", "It is 255.", "It is 255."]
    assert len((tmp_path / "a.jsonl").read_bytes().splitlines()) == 3


def test_a_line_of_rubbish_is_passed_over(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    [whole] = answerer.ask_many([(None, QUESTIONS[0])], answers=file)
    with file.open("ab") as opened:
        opened.write(b'"abc"\n{"key": "3f", "answer": "1801"}\n\x00\x00\n')
    assert list(answerer.ask_many([(None, QUESTIONS[0])], answers=file)) == [whole]


def test_two_runs_of_one_file(answerer: VisualQuestionAnswerer, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    first = answerer.ask_many([(None, question) for question in QUESTIONS], answers=file)
    next(first)
    with pytest.raises(RagError, match="another run is writing it"):
        list(answerer.ask_many([(None, QUESTIONS[0])], answers=file))
    assert len(list(first)) == len(QUESTIONS) - 1


def test_images_are_told_apart() -> None:
    grey, black = np.full((8, 8, 3), 128, np.uint8), np.zeros((8, 8, 3), np.uint8)
    keys = {key_of([image], "what?") for image in (grey, black, "a.tif", "b.tif")} | {key_of([], "what?")}
    assert len(keys) == 5


def test_a_picture_that_changed_beyond_its_beginning_is_another(tmp_path: Path) -> None:
    picture, keys = tmp_path / "x.tif", set()
    for value in (0, 255):
        pixels = np.zeros((512, 512, 3), np.uint8)
        pixels[100:] = value
        Image.fromarray(pixels).save(picture)
        keys.add(key_of([picture], "What?"))
    assert len(keys) == 2
