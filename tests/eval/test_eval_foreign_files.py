"""What other programs write: their answers are read, or it is said what to do."""

import json
from pathlib import Path

import pytest

from rsvlm.eval import EvalError
from rsvlm.eval.answer_file import read_answers
from rsvlm.eval.captions import read_captions
from rsvlm.eval.vqa import read_predictions


def test_answers_of_another_program_are_read(tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text('{"key": "OC_2_1_4/1", "answer": "No"}\n{"key": "OC_2_1_4/2", "answer": null}')
    assert {key: answer.text for key, answer in read_answers(path).items()} == {
        "OC_2_1_4/1": "No",
        "OC_2_1_4/2": None,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"key": "a", "answer": "No"}\n{"key": "b", "answer": [1]}', "line 2 of text"),
        ("", "holds no answers"),
    ],
)
def test_no_line_of_another_program_is_lost(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text(text)
    with pytest.raises(EvalError, match=said):
        read_answers(path)


def test_lists_and_tables_are_told_what_to_do(tmp_path: Path) -> None:
    listed, table = tmp_path / "list.json", tmp_path / "all.csv"
    listed.write_text(json.dumps([{"id": "1", "prediction": "yes"}], indent=1))
    table.write_text("id,prediction\n1,yes\n")
    for read in (read_predictions, read_captions):
        with pytest.raises(EvalError, match="is one JSON list; write its objects a line each"):
            read(listed)
        with pytest.raises(EvalError, match="is a table, and answers are read from lines of JSON"):
            read(table)


def test_captions_of_a_list_or_of_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    for row, said in (
        ({"image": "a", "prediction": ["a lake"]}, "line 1: prediction is a list"),
        (
            {"image": "a", "caption": "a lake"},
            "needs the fields image and prediction, and has image, caption",
        ),
    ):
        path.write_text(json.dumps(row))
        with pytest.raises(EvalError, match=said):
            read_captions(path)
    path.write_text("\n")
    with pytest.raises(EvalError, match="holds no captions"):
        read_captions(path)
