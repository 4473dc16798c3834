"""Answers to questions about images: by hand, by type, from files, and what is told about bad ones."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.datasets import DatasetError
from rsvlm.eval import EvalError, load_result
from rsvlm.eval.rsvqa_bins import binned
from rsvlm.eval.vqa import (
    UNTYPED,
    Question,
    is_correct,
    is_exact,
    read_predictions,
    read_questions,
    score_vqa,
)

QUESTIONS: list[dict[str, Any]] = [
    {"image": "a.tif", "question": "Is there water?", "answer": "yes", "type": "presence"},
    {"image": "a.tif", "question": "How many houses?", "answer": 3, "type": "count"},
    {"image": "b.tif", "question": "How many houses?", "answer": "0", "type": "count"},
    {"image": "Þórsmörk \"U\".png", "question": "Rural or urban?", "answer": ["rural", "countryside"]},
]  # fmt: skip
ANSWERS = ["Yes, a lake.", "three", None, "Countryside."]


def write(path: Path, rows: Sequence[dict[str, Any] | str]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def predictions(answers: Sequence[object]) -> list[dict[str, Any]]:
    return [
        {"image": row["image"], "question": row["question"], "prediction": answer}
        for row, answer in zip(QUESTIONS, answers, strict=True)
    ]


@pytest.mark.parametrize(("answer", "said"), [(["2"], "a list"), ({"text": "2"}, "an object")])
def test_an_answer_that_is_no_text_is_refused(tmp_path: Path, answer: Any, said: str) -> None:
    asked = write(tmp_path / "q.jsonl", QUESTIONS)
    given = write(tmp_path / "a.jsonl", [predictions(ANSWERS)[0] | {"prediction": answer}])
    with pytest.raises(EvalError, match=f"line 1: prediction is {said}"):
        score_vqa(asked, given)


def test_a_file_without_predictions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="holds no predictions"):
        score_vqa(write(tmp_path / "q.jsonl", QUESTIONS), write(tmp_path / "a.jsonl", []))


def test_of_no_answers_no_share_is_right() -> None:
    result = score_vqa([Question("1", "a.png", "what?", ("a",))], {})
    assert result.metrics["coverage"] == 0
    assert "accuracy_answered" not in result.metrics


def test_from_two_files(tmp_path: Path) -> None:
    asked, answered = (
        write(tmp_path / "q.jsonl", QUESTIONS),
        write(tmp_path / "a.jsonl", predictions(ANSWERS)),
    )
    result = score_vqa(asked, answered, name="mine")
    assert result.metrics == {
        "accuracy": 3 / 4, "exact_match": 0.0, "average_accuracy": (1 + 1 / 2 + 1) / 3,
        "coverage": 3 / 4, "accuracy_answered": 1.0,
    }  # fmt: skip
    assert (result.task, result.name, result.n, result.n_unanswered) == ("vqa", "mine", 4, 1)
    whole = {"coverage": 1.0, "accuracy_answered": 1.0}
    assert result.groups["type"] == {
        "presence": {"accuracy": 1.0, "exact_match": 0.0, "n": 1, "n_unanswered": 0, "n_failed": 0, **whole},
        "count": {
            "accuracy": 0.5, "exact_match": 0.0, "n": 2, "n_unanswered": 1, "n_failed": 0, "coverage": 0.5,
            "accuracy_answered": 1.0,
        },
        UNTYPED: {"accuracy": 1.0, "exact_match": 0.0, "n": 1, "n_unanswered": 0, "n_failed": 0, **whole},
    }  # fmt: skip
    assert result.config["questions"]["name"] == "q.jsonl"
    assert len(result.config["predictions"]["sha256"]) == 64
    assert result.intervals == {}
    assert result.notes[0].startswith("no 95 % interval: the 4 items are of ")
    result.save(tmp_path / "result.json")
    stored = load_result(tmp_path / "result.json")
    assert stored.items is not None
    assert stored.items["gold"].to_pylist()[3] == ["rural", "countryside"]
    assert stored.items["correct"].to_pylist() == [True, True, False, True]


def test_from_one_file(tmp_path: Path) -> None:
    rows = [
        row | {"prediction": answer} for row, answer in zip(QUESTIONS, ["yes", 3, "", "RURAL"], strict=True)
    ]
    result = score_vqa(write(tmp_path / "both.jsonl", rows))
    assert result.metrics["accuracy"] == 3 / 4
    assert result.metrics["exact_match"] == 2 / 4


def test_missing_predictions_are_unanswered(tmp_path: Path) -> None:
    result = score_vqa(write(tmp_path / "q.jsonl", QUESTIONS), {})
    assert result.metrics["accuracy"] == 0
    assert result.n_unanswered == result.n == 4


def test_found_by_id(tmp_path: Path) -> None:
    asked = write(
        tmp_path / "q.jsonl",
        [{"id": 7, "question": "?", "answer": "yes"}, {"id": 8, "question": "?", "answer": "no"}],
    )
    answered = write(tmp_path / "a.jsonl", [{"id": 8, "prediction": "no"}, {"id": "7", "prediction": True}])
    assert score_vqa(asked, answered).metrics["accuracy"] == 1


def test_questions_are_read_with_all_that_is_known_of_them(tmp_path: Path) -> None:
    rows = [{"id": 7, "question": 12, "answer": "yes"}, *QUESTIONS]
    assert read_questions(write(tmp_path / "q.jsonl", rows)) == [
        Question("7", "", "12", ("yes",), UNTYPED),
        Question("a.tif: Is there water?", "a.tif", "Is there water?", ("yes",), "presence"),
        Question("a.tif: How many houses?", "a.tif", "How many houses?", ("3",), "count"),
        Question("b.tif: How many houses?", "b.tif", "How many houses?", ("0",), "count"),
        Question(
            'Þórsmörk "U".png: Rural or urban?', 'Þórsmörk "U".png', "Rural or urban?", ("rural", "countryside"),
            UNTYPED,
        ),
    ]  # fmt: skip


def test_golds_given_back_are_right() -> None:
    golds = ["yes", "No", "0", "12.5mm", "the", "...", "<10", "湖", "more than 1000", "twenty-one"]
    asked = [Question(str(number), "", "?", (gold,)) for number, gold in enumerate(golds)]
    result = score_vqa(asked, {question.key: question.golds[0] for question in asked})
    assert set(result.metrics.values()) == {1.0}


@given(st.text(max_size=20), st.text(max_size=20))
def test_exact_is_never_more_than_correct(answer: str, gold: str) -> None:
    if is_exact(answer, [gold]) and gold.strip().lower() not in ("yes no", "no yes"):
        assert is_correct(answer, [gold])
    assert not is_correct(None, [gold])
    assert not is_correct(" ", [gold])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "holds no questions"),
        (['{"image": '], "line 1: is no JSON"),
        (["[1]"], "is one JSON list; write its objects a line each"),
        ([{"image": "a", "question": "?"}], "line 1: lacks answer; it has image, question"),
        ([{"image": "a", "question": "?", "answer": " "}], "line 1: has no answer"),
        ([{"image": "a", "question": "?", "answer": []}], "line 1: has no answer"),
        (["", {"question": "?", "answer": "yes"}], "line 2: has neither an id nor an image and a question"),
    ],
)
def test_bad_questions(tmp_path: Path, rows: list[dict[str, Any] | str], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        read_questions(write(tmp_path / "q.jsonl", rows))


def test_bad_predictions(tmp_path: Path) -> None:
    asked = write(tmp_path / "q.jsonl", QUESTIONS)
    strange = write(
        tmp_path / "a.jsonl", [{"image": "c.tif", "question": "Is there water?", "prediction": "yes"}]
    )
    with pytest.raises(EvalError, match=r"^1 answers belong to no question: 'c\.tif: Is there water\?'$"):
        score_vqa(asked, strange)
    twice = write(tmp_path / "b.jsonl", [*predictions(ANSWERS), *predictions(["no", None, None, None])])
    with pytest.raises(EvalError, match=r"line 5: answers 'a\.tif: Is there water\?' again, differently"):
        read_predictions(twice)
    with pytest.raises(EvalError, match="line 1: lacks prediction"):
        score_vqa(asked)
    with pytest.raises(DatasetError, match=r"nowhere\.jsonl: cannot be read"):
        score_vqa(tmp_path / "nowhere.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"answer": "forêt"}'.encode("latin-1"))
    with pytest.raises(DatasetError, match="is not UTF-8 text"):
        score_vqa(tmp_path / "latin.jsonl")
    with pytest.raises(EvalError, match="no predictions"):
        score_vqa([Question("1", "", "?", ("yes",))])
    with pytest.raises(EvalError, match="no questions were given"):
        score_vqa([], {})


def test_a_mark_at_the_start_and_strange_line_ends(tmp_path: Path) -> None:
    line = json.dumps(
        {"image": "a", "question": "x\u2028y", "answer": "yes", "prediction": "yes"}, ensure_ascii=False
    )
    (tmp_path / "q.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n")
    assert score_vqa(tmp_path / "q.jsonl").metrics["accuracy"] == 1


@pytest.mark.parametrize(
    ("answer", "kind", "counts", "interval"),
    [
        ("0", "count", True, "0"), ("1", "count", True, "0-10"), ("ten", "count", True, "0-10"),
        ("11", "count", True, "10-100"), ("1,000", "count", True, "100-1000"), ("1001", "count", True, "1000-"),
        ("between 0 and 10", "count", True, "0-10"), ("Between 1 and 10.", "count", True, "0-10"),
        ("more than 1000", "count", True, "1000-"), ("12", "count", False, "12"), ("12", "presence", True, "12"),
        ("0m2", "area", False, "0"), ("10m2", "area", False, "0-10"), ("11 m2", "area", False, "10-100"),
        ("more than 1000m2", "area", False, "1000-"), ("between 100m2 and 1000m2", "area", False, "100-1000"),
        ("10.5 m2", "area", False, "10-100"), ("0.5", "count", True, "0-10"), ("1000.5m2", "area", False, "1000-"),
        ("about 12", "count", True, "about 12"), ("", "count", True, ""), ("12 m2", "count", True, "12 m2"),
    ],
)  # fmt: skip
def test_rsvqas_intervals(answer: str, kind: str, counts: bool, interval: str) -> None:
    assert binned(answer, kind, counts=counts) == interval


def test_rsvqas_way_counts_by_interval_where_its_low_resolution_set_does() -> None:
    asked = [
        Question("1", "a", "How many?", ("37",), "count"), Question("2", "a", "How many?", ("3",), "count"),
        Question("3", "a", "Rural?", ("rural",), "rural_urban"), Question("4", "a", "Any?", ("yes",), "presence"),
    ]  # fmt: skip
    said = {"1": "90", "2": "between 0 and 10", "3": "Rural", "4": None}
    plain = score_vqa(asked, said)
    assert (plain.metrics["accuracy"], plain.config["protocol"]) == (0.25, "normalised")
    result = score_vqa(asked, said, compat="rsvqa")
    assert result.metrics["accuracy"] == 0.75
    assert result.metrics["average_accuracy"] == pytest.approx(2 / 3)
    assert result.config["intervals"] == "counts and areas"
    high = score_vqa(
        [asked[0], Question("5", "a", "Area?", ("37m2",), "area")], {"1": "90", "5": "90 m2"}, compat="rsvqa"
    )
    assert (high.groups["type"]["count"]["accuracy"], high.groups["type"]["area"]["accuracy"]) == (0.0, 1.0)
    with pytest.raises(EvalError, match="no way 'coco' to score answers; take rsvqa"):
        score_vqa(asked, said, compat="coco")
