"""A run asks each question once, survives whatever a model does, and goes on where it was killed."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from agromind_data import made, write_images, write_questions  # type: ignore[import-not-found] # noqa: F401
from filelock import FileLock

from rsvlm.eval import EvalError
from rsvlm.eval.agromind import (
    AgroMind,
    ask_agromind,
    evaluate_agromind,
    read_agromind,
    read_answers,
    read_prompts,
    score_agromind,
)
from rsvlm.models.generators import Answer, FunctionGenerator


class Model:
    """Knows all answers by their prompts, and remembers what it was asked."""

    name = "a model"
    revision = "1"

    def __init__(self, data: AgroMind) -> None:
        self._golds = {read_prompts().compose(item): item.gold for item in data.items}
        self.asked: list[str] = []
        self.info: dict[str, Any] = {}

    def generate(self, prompt: str, images: Sequence[Any] = ()) -> str:
        self.asked.append(prompt)
        assert [image.mode for image in images] == ["RGB"]
        return self._golds[prompt]


def golds_of(data: AgroMind) -> dict[str, str]:
    """The answers of `Model`: items that ask the same with other images have one gold there."""
    by_prompt = {read_prompts().compose(item): item.gold for item in data.items}
    return {item.key: by_prompt[read_prompts().compose(item)] for item in data.items}


def test_all_is_asked_and_scored(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    done: list[tuple[int, int]] = []
    file = tmp_path / "out" / "answers.jsonl"
    model = Model(made)
    result = evaluate_agromind(made, model, file, progress=lambda *state: done.append(state))
    total = len(made.items)
    assert len(model.asked) == total
    assert done == [(number, total) for number in range(1, total + 1)]
    assert (result.n_unanswered, result.n_failed) == (0, 0)
    assert result.config["generator"] == {"name": "a model", "revision": "1", "info": {}}
    assert result.config["totals"]["answers"] == total
    assert any(note.startswith("the prompts are rsvlm-1") for note in result.notes)
    assert {key: answer.text for key, answer in read_answers(file).items()} == golds_of(made)


def test_nothing_is_asked_twice(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    first = ask_agromind(made, Model(made), tmp_path / "a.jsonl")
    content = (tmp_path / "a.jsonl").read_bytes()
    again = Model(made)
    assert ask_agromind(made, again, tmp_path / "a.jsonl") == first
    assert again.asked == []
    assert (tmp_path / "a.jsonl").read_bytes() == content


@pytest.mark.parametrize("workers", [1, 4])
def test_workers_change_nothing(made: AgroMind, tmp_path: Path, workers: int) -> None:  # noqa: F811
    def slow(prompt: str, images: Sequence[Any]) -> str:
        time.sleep(0.001 * (len(prompt) % 5))
        return prompt[-30:]

    one = ask_agromind(made, slow, tmp_path / "one.jsonl", workers=1)
    many = ask_agromind(made, slow, tmp_path / "many.jsonl", workers=workers)
    assert one == many
    assert score_agromind(made, one).to_dict() == score_agromind(made, many).to_dict()


def test_batches(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    class Batched(Model):
        batch_size = 4

        def generate_many(self, requests: Sequence[Any]) -> list[str]:
            assert len(requests) <= 4
            return [self.generate(request.prompt, request.images) for request in requests]

    found = ask_agromind(made, Batched(made), tmp_path / "a.jsonl")
    assert {key: answer.text for key, answer in found.items()} == golds_of(made)


class Bad:
    """Fails on every third question, and says strange things to the others."""

    def __init__(self) -> None:
        self.well = False
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self, prompt: str, images: Sequence[Any]) -> Any:
        with self._lock:
            self.count += 1
            number = self.count
        if self.well:
            return "B"
        if number % 3 == 0:
            raise [RuntimeError("out of\nmemory"), KeyError("x"), MemoryError()][number // 3 % 3]
        return [
            None,
            "答案是B",
            prompt,
            "y" * 2**20,
            "",
            "\ud800",
            b"B",
            5,
            "\0\n\r\u2028",
            '"}\n{"key": "x"}',
        ][number % 10]


def test_whatever_a_model_does(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "a.jsonl"
    found = ask_agromind(made, Bad(), file)
    assert set(found) == {item.key for item in made.items}
    errors = [answer.error for answer in found.values() if answer.error is not None]
    assert len(errors) >= len(made.items) // 3
    assert all("\n" not in error for error in errors)
    assert read_answers(file) == found
    for mode in ("compat", "strict"):
        result = score_agromind(made, found, mode=mode)
        assert result.n == len(made.items)
        assert result.n_failed == len(errors)
        result.save(tmp_path / f"{mode}.json")


def test_failures_are_asked_again(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    bad = ask_agromind(made, FunctionGenerator(Bad(), revision="1"), tmp_path / "a.jsonl")
    bad_keys = {key for key, answer in bad.items() if answer.text is None}
    recovered = Bad()
    recovered.well = True
    healed = ask_agromind(made, FunctionGenerator(recovered, revision="1"), tmp_path / "a.jsonl")
    assert recovered.count == len(bad_keys)
    assert all(healed[key].text == "B" for key in bad_keys)
    assert all(healed[key] == bad[key] for key in set(bad) - bad_keys)
    assert read_answers(tmp_path / "a.jsonl") == healed


def test_a_dead_model_is_not_asked_for_hours(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    asked = []

    def dead(prompt: str, images: Sequence[Any]) -> str:
        asked.append(prompt)
        raise TimeoutError("no answer")

    model = FunctionGenerator(dead, revision="1")  # what it was asked is no part of it
    found = ask_agromind(made, model, tmp_path / "a.jsonl", give_up_after=3, workers=1)
    assert len(asked) == 3
    assert all(answer.error for answer in found.values())
    assert score_agromind(made, found).n_failed == len(made.items)
    ask_agromind(made, model, tmp_path / "a.jsonl", give_up_after=0)
    assert len(asked) == 3 + len(made.items)


def test_missing_images_are_failures_of_their_items(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    images = made.folder / "images"
    (images / "Trees" / "C.png").unlink()
    (images / "b.png").write_bytes(b"no picture")
    model = Model(made)
    found = ask_agromind(made, model, tmp_path / "a.jsonl")
    missing = {key for key, answer in found.items() if "is not in" in (answer.error or "")}
    broken = {key for key, answer in found.items() if "is no picture" in (answer.error or "")}
    assert missing == {"SC_3_1_3/1", "SC_3_1_3/2", "AR_4_2_2/1"}
    assert broken == {item.key for item in made.items if "./b.png" in item.images}
    assert len(model.asked) == len(made.items) - len(missing) - len(broken)
    size = (tmp_path / "a.jsonl").stat().st_size
    ask_agromind(made, model, tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").stat().st_size == size  # the same failure is not written again
    write_images(images)
    healed = ask_agromind(made, model, tmp_path / "a.jsonl")
    assert score_agromind(made, healed).n_failed == 0


def test_cut_at_any_byte(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    """Whatever a killed run left of its file, the next one completes it, and asks only for what is not there."""
    part = made.only(["OC_2_1_4", "AR_4_2_1"])
    whole = tmp_path / "whole.jsonl"
    expected = ask_agromind(part, Model(made), whole)
    content = whole.read_bytes()
    for cut in {*range(0, len(content), 7), len(content) - 1}:
        file = tmp_path / "cut.jsonl"
        file.write_bytes(content[:cut])
        model = Model(made)
        assert ask_agromind(part, model, file) == expected
        assert len(model.asked) == 3 - max(0, content[:cut].count(b"\n") - 1)
        assert file.read_bytes() == content


def test_rubbish_within_a_file_is_asked_again(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    part = made.only(["OC_2_1_4", "AR_4_2_1"])
    file = tmp_path / "a.jsonl"
    expected = ask_agromind(part, Model(made), file)
    lines = file.read_bytes().split(b"\n")
    lines[2] = b"\0" * 40
    file.write_bytes(
        b"\n".join([*lines[:-1], b'{"key": 5}', b"[]", b'{"key": "AR_4_2_1/1", "answer": 7}', b""])
    )
    model = Model(made)
    assert ask_agromind(part, model, file) == expected
    assert len(model.asked) == 1


KILLED = """
import sys, time
from pathlib import Path
from rsvlm.eval.agromind import ask_agromind, read_agromind
data = read_agromind(Path(sys.argv[1]))
def model(prompt, images):
    time.sleep(0.02)
    return prompt[-20:]
model.__qualname__ = "model"
ask_agromind(data, model, Path(sys.argv[2]), workers=2)
"""


def test_killed_and_resumed(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "a.jsonl"
    command = [sys.executable, "-c", KILLED, str(made.folder), str(file)]
    process = subprocess.Popen(command)
    while not file.exists() or file.read_bytes().count(b"\n") < 6:
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    kept = file.read_bytes()
    assert kept.count(b"\n") < len(made.items)
    subprocess.run(command, check=True)
    assert file.read_bytes().startswith(kept[: kept.rindex(b"\n") + 1])
    keys = [json.loads(line)["key"] for line in file.read_bytes().splitlines()[1:]]
    assert sorted(keys) == sorted(item.key for item in made.items)  # each was written once


def test_answers_of_something_else_are_refused(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "a.jsonl"
    ask_agromind(made, Model(made), file)
    content = file.read_bytes()
    with pytest.raises(
        EvalError, match=r"holds answers of another run \(it differs in generator\); name another"
    ):
        ask_agromind(made, lambda prompt, images: "B", file)
    with pytest.raises(EvalError, match="it differs in questions"):
        ask_agromind(made.only(["OC_2_1_4"]), Model(made), file)
    other = tmp_path / "notes.txt"
    for notes in ("my notes\n", "my notes", "{}"):
        other.write_text(notes, encoding="utf-8")
        with pytest.raises(EvalError, match="holds answers of another run"):
            ask_agromind(made, Model(made), other)
        assert (file.read_bytes(), other.read_text(encoding="utf-8")) == (content, notes)
    with pytest.raises(EvalError, match="is no file of answers"):
        read_answers(other)
    with pytest.raises(EvalError, match="cannot be read"):
        read_answers(tmp_path / "nowhere.jsonl")


def test_a_run_goes_on_at_another_machine_but_not_with_other_settings(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    model = Model(made)
    model.info = {"temperature": 0, "device": "one GPU", "versions": {"torch": "2"}}
    ask_agromind(made, model, tmp_path / "a.jsonl")
    model.info = {"temperature": 0, "device": "a processor", "versions": {"torch": "3"}}
    result = evaluate_agromind(made, model, tmp_path / "a.jsonl")
    assert len(model.asked) == len(made.items)
    assert result.config["generator"]["info"] == model.info
    model.info = {"temperature": 1}
    with pytest.raises(EvalError, match="differs in generator"):
        ask_agromind(made, model, tmp_path / "a.jsonl")


def test_two_runs_of_one_file(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    with FileLock(tmp_path / ".a.jsonl.lock"), pytest.raises(EvalError, match="another run is writing it"):
        ask_agromind(made, Model(made), tmp_path / "a.jsonl")


def test_stopped_by_hand(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    """Ctrl-C while answers come in: what came is kept, and the file is free again."""
    file = tmp_path / "a.jsonl"

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_agromind(made, Model(made), file, progress=stop)
    assert len(read_answers(file)) == 5
    model = Model(made)
    ask_agromind(made, model, file)
    assert len(model.asked) == len(made.items) - 5


def test_tokens_and_cost_survive(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    class Paid(Model):
        batch_size = 1

        def generate_many(self, requests: Sequence[Any]) -> list[Answer]:
            return [Answer(text="B", tokens_in=10, tokens_out=2, cost=0.5) for _ in requests]

    evaluate_agromind(made, Paid(made), tmp_path / "a.jsonl")
    result = evaluate_agromind(made, Paid(made), tmp_path / "a.jsonl")
    totals = result.config["totals"]
    assert totals["tokens_in"] == 10 * len(made.items)
    assert totals["cost"] == 0.5 * len(made.items)


def test_reads_next_to_a_repository(tmp_path: Path) -> None:
    write_questions(tmp_path / "AgroMind" / "QA_Pairs")
    write_images(tmp_path / "AgroMind" / "images")
    data = read_agromind(tmp_path / "AgroMind" / "QA_Pairs")
    assert not any(answer.error for answer in ask_agromind(data, Model(data), tmp_path / "a.jsonl").values())
