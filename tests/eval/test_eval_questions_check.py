"""The check of made questions: wrong answers, changed labels and changed pictures are all found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from questions_town import Country, countryside  # type: ignore[import-not-found] # this folder is on pytest's path

from rsvlm.eval.errors import EvalError
from rsvlm.eval.questions import check_questions, make_questions
from rsvlm.eval.questions.checking.asked import RULES
from rsvlm.eval.questions.checking.map_rules import heading
from rsvlm.eval.questions.kinds import KINDS
from rsvlm.eval.questions.options import DIRECTIONS, direction
from rsvlm.eval.questions.sources import Scenes


@pytest.fixture
def copied(country: Country, tmp_path: Path) -> Path:
    shutil.copytree(country.folder / "questions", tmp_path / "questions")
    return tmp_path / "questions"


def change(folder: Path, kind: str, changed: Callable[[dict[str, Any]], None]) -> int:
    path = next((folder / "QA_Pairs").rglob(f"{kind}.json"))
    items = json.loads(path.read_text(encoding="utf-8"))
    for item in items:
        changed(item)
    path.write_text(json.dumps(items), encoding="utf-8")
    return len(items)


def spoil(item: dict[str, Any]) -> None:
    """Put a wrong answer in the place of the right one."""
    answer, options = item["answer"], list(item.get("options", {}))
    if item["type_id"] in (1, 4, 6):
        item["answer"] = options[(options.index(answer) + 1) % len(options)]
    elif item["type_id"] in (5, 9):
        item["answer"] = sorted(set(options) - set(answer))
    elif item["type_id"] in (2, 8):
        item["answer"] = str(int(answer) + 1)
    elif item["type_id"] == 3:
        item["answer"] = "No" if answer == "Yes" else "Yes"
    else:
        left, top, right, bottom = answer
        item["answer"] = [left, top, left + (right - left) / 2, bottom]


def test_every_kind_has_a_rule_of_its_own() -> None:
    assert set(RULES) == set(KINDS)


def test_every_wrong_answer_is_refused(copied: Path) -> None:
    total = sum(change(copied, path.stem, spoil) for path in sorted((copied / "QA_Pairs").rglob("*.json")))
    report = check_questions(copied)
    assert report.count == total
    assert len(report.refused) == total
    assert not [reason for reason in report.refused.values() if "cannot be checked" in reason]


def test_another_question_to_the_same_answer_is_refused(copied: Path) -> None:
    def swap(item: dict[str, Any]) -> None:
        item["question"] = item["question"].replace("Do they show the same place?", "What is this?")

    number = change(copied, "SC_3_1_3", swap)
    report = check_questions(copied)
    assert len(report.refused) == number
    number = change(copied, "SL_1_1_2", lambda item: item.update(question="Where is it?"))
    refused = check_questions(copied).refused
    assert refused["SL_1_1_2/1"] == "the question is not worded as its kind"
    assert sum(key.startswith("SL_1_1_2/") for key in refused) == number


def test_changed_labels_are_noticed(country: Country, copied: Path) -> None:
    path = country.folder / "masks" / "202306_a.tif"
    before = path.read_bytes()
    try:
        with rasterio.open(path, "r+") as file:
            file.write(np.full((1, *file.shape), 3, np.uint8))
        refused = check_questions(copied).refused
        assert refused
        assert set(refused.values()) == {"the labels 202306_a.tif are others by now or gone"}
    finally:
        path.write_bytes(before)
    assert not check_questions(copied).refused


def test_changed_pictures_are_noticed(copied: Path) -> None:
    first = min((copied / "images").iterdir())
    first.write_bytes(first.read_bytes() + b"x")
    refused = check_questions(copied).refused
    assert refused
    assert all(
        reason == f"the picture ./images/{first.name} is another one or gone" for reason in refused.values()
    )


def test_a_question_without_provenance_is_refused(copied: Path) -> None:
    number = change(copied, "SL_1_1_2", lambda item: item.update(item_id=item["item_id"] + 1000))
    refused = check_questions(copied).refused
    assert {key: refused[key] for key in ("SL_1_1_2/1001", "SL_1_1_2/1")} == {
        "SL_1_1_2/1001": "has no provenance",
        "SL_1_1_2/1": "is in no file of questions",
    }
    assert len(refused) == 2 * number


def test_a_question_that_is_gone_is_refused(copied: Path) -> None:
    kinds = {
        path: json.loads(path.read_text(encoding="utf-8")) for path in (copied / "QA_Pairs").rglob("*.json")
    }
    path, items = max(kinds.items(), key=lambda kind: len(kind[1]))
    path.write_text(json.dumps(items[:-1]), encoding="utf-8")
    report = check_questions(copied)
    assert (report.count, report.refused) == (90, {f"{path.stem}/{len(items)}": "is in no file of questions"})


def test_fewer_sources_than_it_was_made_from(country: Country, copied: Path) -> None:
    with pytest.raises(EvalError, match="was made from 5 sources, not 1; name all of them"):
        check_questions(copied, [Scenes(path=country.folder / "scenes")])


def test_labels_that_change_between_two_runs_are_read_anew(tmp_path: Path) -> None:
    sources = countryside(tmp_path)[:1]
    make_questions(sources, tmp_path / "first", count=8, seed=2, tasks=["SL", "OC"])
    for path in sorted((tmp_path / "masks").glob("*.tif")):
        with rasterio.open(path, "r+") as file:
            file.write(file.read()[:, ::-1, ::-1].copy())
    report = make_questions(sources, tmp_path / "second", count=8, seed=2, tasks=["SL", "OC"])
    assert (report.count, report.refused) == (8, [])


@pytest.mark.parametrize("place", ["scenes.csv", "."])
def test_scenes_of_a_table_are_checked_by_it(tmp_path: Path, place: str) -> None:
    countryside(tmp_path)
    data = tmp_path / "table"
    (data / "images").mkdir(parents=True)
    lines = ["path,label"]
    for number, path in enumerate(sorted((tmp_path / "scenes").rglob("*.png"))):
        shutil.copy(path, data / "images" / f"{number}.png")
        lines.append(f"images/{number}.png,{path.parent.name}")
    (data / "scenes.csv").write_text("\n".join(lines), encoding="utf-8")
    report = make_questions([Scenes(path=data / place)], tmp_path / "made", count=10, seed=2)
    assert (report.count, report.refused) == (10, [])
    assert not check_questions(tmp_path / "made").refused
    (data / "scenes.csv").write_text("\n".join(reversed(lines[1:] + lines[:1])), encoding="utf-8")
    assert set(check_questions(tmp_path / "made").refused.values()) == {
        "the labels scenes.csv are others by now or gone"
    }


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="is no folder of made questions"):
        check_questions(tmp_path)


@pytest.mark.parametrize("degrees", range(0, 360, 5))
def test_both_routes_agree_on_directions(degrees: int) -> None:
    dx, dy = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    named = direction(float(dx), float(dy))
    assert named in (None, heading(float(dx), float(dy)))
    assert (named is None) == (min(degrees % 45, 45 - degrees % 45) > 12)
    assert (heading(1, 0), heading(0, 1), len(set(DIRECTIONS))) == ("Right", "Below", 8)
