"""AgroMind's files are read whole, in one form, and what is wrong in one is said in a line."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from agromind_data import (  # type: ignore[import-not-found] # beside this file
    MADE,
    agromind,  # noqa: F401 - a fixture
    made,  # noqa: F401 - a fixture
    write_questions,
)

from rsvlm.eval import EvalError
from rsvlm.eval.agromind import AgroMind, near_duplicates, read_agromind
from rsvlm.eval.agromind.tasks import DIMENSIONS, TASKS, QuestionType


def test_all_types_come_in_one_form(made: AgroMind) -> None:  # noqa: F811
    items = {item.key: item for item in made.items}
    assert {item.kind for item in made.items} == set(QuestionType)
    assert items["OC_2_1_1/1"].question == "Which crop is it?"  # "questions" there
    assert items["CO_3_2_7/1"].options == {"A": "71", "B": "7", "C": "45", "D": "68"}  # numbers there
    assert items["SC_3_1_3/1"].gold == "A,C"
    assert items["SC_3_1_3/1"].images == ("./Trees/A.png", "./Trees/B.png", "./Trees/C.png", "./Trees/D.png")
    assert items["SC_3_1_5/1"].images == ("./a.png", "./b.png")
    assert items["BD_1_3_1/1"].gold == "0.0, 0.0, 0.5, 1.0"
    assert items["OC_2_1_4/2"].kind is QuestionType.YES_NO  # its type_id is the text "3"
    assert (items["GSR_2_3_1/1"].dimension, items["GSR_2_3_1/1"].task) == ("Object Understanding", "GSR")


def test_order_is_by_dimension_and_task_not_by_folder(made: AgroMind) -> None:  # noqa: F811
    assert list(made.hashes)[:3] == ["BD_1_3_1", "OC_2_1_1", "OC_2_1_4"]
    assert [item.item_id for item in made.items[:4]] == [1, 2, 1, 2]


def test_repository_and_its_folder_read_the_same(tmp_path: Path) -> None:
    """QA_Pairs is taken where it is there, so that answers that another program left beside it are no questions."""
    write_questions(tmp_path / "QA_Pairs")
    write_questions(tmp_path / "output" / "some-model")
    (tmp_path / "QA_Pairs" / "README.json").write_text("{}", encoding="utf-8")
    (tmp_path / "QA_Pairs" / "._OC_2_1_1.json").write_bytes(b"\0\0")  # what macOS leaves
    assert read_agromind(tmp_path).items == read_agromind(tmp_path / "QA_Pairs").items


def test_near_duplicates(made: AgroMind) -> None:  # noqa: F811
    assert near_duplicates(made.items) == {"CO_3_2_1": 1, "OC_2_1_1": 2}


def test_a_part(made: AgroMind) -> None:  # noqa: F811
    part = made.only(["CO_3_2_1", "OC_2_1_4"])
    assert [item.file for item in part.items] == ["OC_2_1_4"] * 2 + ["CO_3_2_1"] * 3
    assert part.release.items == 5
    with pytest.raises(EvalError, match="has no file OC_9_9_9; it has BD_1_3_1, OC"):
        made.only(["OC_9_9_9"])
    with pytest.raises(EvalError, match=r"no file is named; AgroMind in .* has BD_1_3_1, OC"):
        made.only([])


def test_hash_is_of_the_content(tmp_path: Path) -> None:
    """Line ends, indents, the order of fields and a byte order mark are no other release; one letter is."""
    one = write_questions(tmp_path / "one")
    for path in one.rglob("*.json"):
        rows = [dict(reversed(row.items())) for row in json.loads(path.read_text(encoding="utf-8"))]
        other = tmp_path / "two" / path.relative_to(one)
        other.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(rows, indent=4).replace("\n", "\r\n")
        other.write_bytes(text.encode("utf-8-sig"))
    first, second = read_agromind(one).release, read_agromind(tmp_path / "two").release
    assert first == second
    assert first.name == "unknown"
    assert not first.comparable
    changed = {**MADE, "Scene Reasoning/AR_4_2_2": [{**MADE["Scene Reasoning/AR_4_2_2"][0], "answer": "D"}]}
    assert read_agromind(write_questions(tmp_path / "three", changed)).release.digest != first.digest


def test_release_known_by_its_count(tmp_path: Path) -> None:
    row = MADE["Object Understanding/OC_2_1_4"][0]
    write_questions(tmp_path, {"Object Understanding/OC_2_1_4": [row] * 27_247})
    release = read_agromind(tmp_path).release
    assert release.name == "v2 by its count"
    assert "not those of AgroMind v1 but v2 by its count (27247 questions, sha256 " in release.note


CHOICE = MADE["Object Understanding/OC_2_1_1"][0]
BOX = MADE["Spatial Perception/BD_1_3_1"][0]
COUNT = MADE["Scene Understanding/CO_3_2_1"][0]
SEVERAL = MADE["Scene Understanding/SC_3_1_3"][0]
PAIR = MADE["Scene Understanding/SC_3_1_5"][0]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({**CHOICE, "type_id": 12}, "item 1: its type_id is 12; it must be 1 to 11"),
        ({**CHOICE, "type_id": None}, "item 1: its type_id is None; it must be a whole number"),
        ({**CHOICE, "type_id": True}, "item 1: its type_id is True"),
        ({**CHOICE, "questions": "  "}, "item 1: has no question"),
        ({**CHOICE, "answer": "E"}, "item 1: its answer 'E' is none of its options A, B, C, D"),
        ({**CHOICE, "answer": None}, "item 1: its answer is None; it must be letters"),
        ({**CHOICE, "options": None}, "item 1: has no options"),
        (
            {**CHOICE, "options": {"a": "x"}},
            "item 1: has an option 'a'; options are named by one capital letter",
        ),
        (
            {**CHOICE, "options": {"A": ["x"]}},
            r"item 1: its option A is \['x'\]; it must be a text or a number",
        ),
        ({**CHOICE, "image_path": None}, "item 1: has no image_path"),
        ({**CHOICE, "item_id": "x"}, "item x: its item_id is 'x'; it must be a whole number"),
        ({**SEVERAL, "options": {"A": 5}}, "item 1: its option A is 5; it must be the path of an image"),
        ({**SEVERAL, "answer": ["A", 3]}, "item 1: its answer 3 is none of its options"),
        ({**SEVERAL, "answer": []}, r"item 1: its answer is \[\]; it must be letters"),
        ({**PAIR, "image2": 7}, "item 1: has no image2"),
        ({**COUNT, "answer": "many"}, "item 1: its answer is 'many'; it must be a number"),
        ({**COUNT, "answer": "nan"}, "item 1: its answer is 'nan'; it must be a number"),
        ({**BOX, "answer": [0, 0, 1]}, "item 1: its answer is .0, 0, 1.; it must be four numbers"),
        ({**BOX, "answer": [0.5, 0, 0.1, 1]}, "item 1: its box is .* it must have 0 <= xmin < xmax <= 1"),
        ({**BOX, "type_id": 3}, "item 1: its answer is .* it must be a text"),
        ({**COUNT, "type_id": 3}, "item 1: its answer is '12'; it must be Yes or No"),
        ("text", "the item at place 1: is str, not an object"),
    ],
)
def test_malformed_items_are_named(tmp_path: Path, row: Any, complaint: str) -> None:
    rows = [{"item_id": 1, **row}] if isinstance(row, dict) else [row]
    path = tmp_path / "Object Understanding" / "OC_2_1_1.json"
    path.parent.mkdir()
    path.write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(EvalError, match=complaint) as caught:
        read_agromind(tmp_path)
    assert str(caught.value).startswith(f"{path}, ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"[" * 200_000], ids=range(6))
def test_malformed_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "OC_2_1_1.json").write_bytes(content)
    with pytest.raises(EvalError, match=r"OC_2_1_1\.json: is no ") as caught:
        read_agromind(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no such folder"):
        read_agromind(tmp_path / "nowhere")
    with pytest.raises(EvalError, match="has no question file of AgroMind"):
        read_agromind(tmp_path)
    write_questions(tmp_path / "a", {"OC_2_1_4": [{**COUNT, "item_id": 7}, {**COUNT, "item_id": 7}]})
    with pytest.raises(EvalError, match="item 7: its item_id is that of an earlier item"):
        read_agromind(tmp_path)
    write_questions(tmp_path / "a", {"OC_2_1_4": [COUNT]})
    write_questions(tmp_path / "b", {"OC_2_1_4": [COUNT]})
    with pytest.raises(EvalError, match=r"OC_2_1_4\.json is there twice"):
        read_agromind(tmp_path)


def test_real_counts(agromind: AgroMind) -> None:  # noqa: F811
    assert agromind.release.name == "v1"
    assert agromind.release.comparable
    assert len(agromind.items) == 25_026
    assert len(agromind.hashes) == 48
    assert len({image for item in agromind.items for image in item.images}) == 15_098
    dimensions = Counter(item.dimension for item in agromind.items)
    assert dict(dimensions) == dict(zip(DIMENSIONS.values(), [2836, 6797, 8344, 7049], strict=True))
    tasks = Counter(item.task for item in agromind.items)
    counts = [1836, 600, 400, 3597, 2000, 1200, 1657, 3419, 3268, 2453, 1321, 873, 2402]
    assert dict(tasks) == dict(zip(TASKS, counts, strict=True))
    kinds = Counter(int(item.kind) for item in agromind.items)
    counts = [8300, 3672, 1354, 1173, 720, 5429, 1802, 428, 748, 1200, 200]
    assert dict(kinds) == dict(enumerate(counts, 1))
    assert near_duplicates(agromind.items) == {
        "GSR_2_3_1": 68, "CO_3_2_7": 87, "CO_3_2_4": 15, "VPR_4_1_2": 4, "SC_3_1_5": 3
    }  # fmt: skip


def test_a_part_of_the_real_files_is_known(agromind: AgroMind) -> None:  # noqa: F811
    part = agromind.only(["BD_1_3_1", "CO_3_2_7"])
    assert part.release.name == "part of v1"
    assert not part.release.comparable
