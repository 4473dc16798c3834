"""Making questions from labels: layout, balance, sameness, provenance, and what is refused."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from PIL import Image
from questions_town import LEGEND, Country, countryside, write_raster  # type: ignore[import-not-found] # on pytest's path

from rsvlm.eval.agromind.read import near_duplicates, read_agromind
from rsvlm.eval.agromind.tasks import QuestionType
from rsvlm.eval.errors import EvalError
from rsvlm.eval.questions import (
    ClassMap,
    Objects,
    Pairs,
    QuestionReport,
    Scenes,
    check_questions,
    make_questions,
    read_sources,
)
from rsvlm.eval.questions.sources import Source


@pytest.fixture(scope="module")
def sources(country: Country) -> list[Source]:
    found: list[Source] = country.sources
    return found


@pytest.fixture(scope="module")
def made(country: Country) -> tuple[Path, QuestionReport]:
    return country.folder / "questions", country.report


def with_houses(source: Source, folder: Path, *features: Any) -> Objects:
    """A town of its first house, and more features; it is searched in far less time than the whole."""
    assert isinstance(source, Objects)
    content = json.loads(source.features.read_text(encoding="utf-8"))
    content["features"] = [*content["features"][:1], *features]
    path = folder / "few.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    return Objects(image=source.image, features=path, noun="house")


def test_all_tasks_that_labels_allow(made: tuple[Path, QuestionReport]) -> None:
    folder, report = made
    assert set(report.tasks) == {"SL", "SR", "BD", "OC", "SC", "CO", "AS", "VPR", "AR", "CTR", "PL"}
    assert not report.refused
    assert report.count == 90
    read = read_agromind(folder)
    assert len(read.items) == report.count
    assert not near_duplicates(read.items)
    assert {item.kind for item in read.items} >= {
        QuestionType.CHOICE, QuestionType.COUNT, QuestionType.YES_NO, QuestionType.CHOICE_OF_IMAGES,
        QuestionType.CHOICES_OF_IMAGES, QuestionType.CHOICE_OF_MANY, QuestionType.DIFFERENCE, QuestionType.BOX,
    }  # fmt: skip


def test_what_is_skipped_is_said_with_the_reason(made: tuple[Path, QuestionReport]) -> None:
    said = "\n".join(made[1].lines())
    assert "PDD (Pest/Plant Disease Detection): no source labels pests or diseases of plants" in said
    assert "OC_2_1_5 from 3 scenes" in said  # these scenes have one class each


def test_answers_are_balanced(made: tuple[Path, QuestionReport]) -> None:
    folder, _ = made
    letters: dict[str, Counter[str]] = {}
    for item in read_agromind(folder).items:
        letters.setdefault(item.file, Counter())[item.gold] += 1
        if item.kind in (QuestionType.CHOICE, QuestionType.CHOICE_OF_IMAGES, QuestionType.CHOICE_OF_MANY):
            assert len(set(item.options.values())) == len(item.options)
    for file, counts in letters.items():
        if set(counts) <= set("ABCDEFGHIJ"):
            assert max(counts.values()) - min(counts.values() or [0]) <= 1, file
        if set(counts) <= {"Yes", "No"}:
            assert abs(counts["Yes"] - counts["No"]) <= 3, file  # one a source


def test_every_answer_follows_from_the_labels_by_another_route(made: tuple[Path, QuestionReport]) -> None:
    report = check_questions(made[0])
    assert report.refused == {}
    assert report.count == made[1].count
    assert report.lines() == [f"{report.count} questions checked, 0 refused"]


def test_pictures_are_named_by_their_content_and_say_nothing(made: tuple[Path, QuestionReport]) -> None:
    folder, report = made
    pictures = sorted((folder / "images").iterdir())
    assert len(pictures) == report.images
    for path in pictures:
        assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    with Image.open(pictures[0]) as picture:
        assert not picture.info
    shown = {Path(name).name for item in read_agromind(folder).items for name in item.images}
    assert shown == {path.name for path in pictures}


def test_provenance_names_labels_window_and_rule(
    made: tuple[Path, QuestionReport], sources: list[Source]
) -> None:
    rows = {row["key"]: row for row in pq.read_table(made[0] / "provenance.parquet").to_pylist()}
    assert len(rows) == made[1].count
    row = next(row for key, row in rows.items() if key.startswith("SL_1_1_2"))
    panel = json.loads(row["pictures"])[0]["panels"][0]
    source = sources[panel["source"]]
    assert isinstance(source, ClassMap)
    labels = next(iter(panel["labels"]))
    content = (source.labels / labels["file"]).read_bytes()
    assert labels["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(panel["window"]) == 4
    assert "quarter" in row["rule"]
    assert set(json.loads(row["values"])) == {"pixels", "unlabelled"}


def test_the_same_seed_gives_the_same_bytes(sources: list[Source], tmp_path: Path) -> None:
    sources = [*sources[:2], with_houses(sources[2], tmp_path), *sources[3:]]
    for name in ("one", "two"):
        make_questions(sources, tmp_path / name, count=6, seed=9, tasks=["SL", "OC", "AR"])
    make_questions(sources, tmp_path / "other", count=6, seed=10, tasks=["SL", "OC", "AR"])
    contents = [
        {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for path in (tmp_path / name).rglob("*.*")
        }
        for name in ("one", "two", "other")
    ]
    assert contents[0] == contents[1]
    assert contents[0].keys() != contents[2].keys()


def test_one_kind_alone(sources: list[Source], tmp_path: Path) -> None:
    report = make_questions(sources, tmp_path / "out", count=8, tasks=["SL_1_1_2"])
    assert report.kinds == {"SL_1_1_2": 8}


def test_progress_is_told_in_order(sources: list[Source], tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    make_questions(
        sources[3:], tmp_path / "out", count=6, tasks=["OC_2_1_3"], progress=lambda *step: told.append(step)
    )
    stages = ["Reading labels", "Looking for questions", "Drawing pictures", "Checking answers"]
    assert list(dict.fromkeys(what for what, _, _ in told)) == stages
    assert [step[1:] for step in told if step[0] == "Drawing pictures"] == [(done, 6) for done in range(6)]
    assert all(done < total for _, done, total in told)


@pytest.mark.parametrize(
    ("count", "tasks", "message"),
    [
        (0, None, "count is 0; ask for one question at least"),
        (5, ["XX"], "there is no task XX; the tasks are SL, SR, BD"),
        (5, [], "no task is named; the tasks are SL, SR, BD"),
        (5, ["PDD"], "the labels allow no question: PDD"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    sources: list[Source], tmp_path: Path, count: int, tasks: list[str] | None, message: str
) -> None:
    with pytest.raises(EvalError, match=message) as error:
        make_questions(sources[:1], tmp_path / "out", count=count, tasks=tasks)
    assert "\n" not in str(error.value)


def test_nothing_is_overwritten(sources: list[Source], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(EvalError, match="is not empty; give a new folder, or empty it"):
        make_questions(sources, tmp_path, count=5)


def test_no_sources(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="there are no sources"):
        make_questions([], tmp_path / "out", count=5)


def test_unlabelled_ground_may_be_anything(tmp_path: Path) -> None:
    """Forest leads among the labelled pixels, but what is unlabelled may be fields: no question is made of it."""
    codes = np.full((96, 96), 1, np.uint8)
    codes[:, 50:62] = 2
    codes[:, 62:] = 0
    (tmp_path / "legend.yaml").write_text(LEGEND, encoding="utf-8")
    legend = str(tmp_path / "legend.yaml")
    write_raster(tmp_path / "doubtful.tif", codes)
    codes[:, 62:] = 3
    write_raster(tmp_path / "certain.tif", codes)
    certain = ClassMap(labels=tmp_path / "certain.tif", legend=legend)
    assert make_questions([certain], tmp_path / "a", count=1, tasks=["SL_1_1_2", "AS_3_3_4"]).count == 1
    doubtful = ClassMap(labels=tmp_path / "doubtful.tif", legend=legend)
    with pytest.raises(EvalError, match=r"AS_3_3_2 from .* none of 2 trials is clear enough"):
        make_questions([doubtful], tmp_path / "b", count=1, tasks=["AS_3_3_2"])


def test_large_grounds_are_told_in_whole_hectares(tmp_path: Path) -> None:
    countryside(tmp_path)
    with rasterio.open(tmp_path / "maps" / "2020.tif") as file:
        codes = file.read(1)
    write_raster(tmp_path / "corine" / "2018.tif", codes, pixel=100.0)
    source = ClassMap(labels=tmp_path / "corine", legend=str(tmp_path / "legend.yaml"))
    report = make_questions([source], tmp_path / "made", count=3, seed=1, tasks=["AS_3_3_3"])
    assert (report.count, report.refused) == (3, [])
    for item in read_agromind(tmp_path / "made").items:
        assert re.search(r"The image covers [\d,]+ hectares", item.question), item.question


def test_labels_of_another_lattice(tmp_path: Path) -> None:
    """Labels of 15 m under images of 10 m are brought to them, and the check does it in its own way."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.repeat(rng.integers(1, 4, (8, 8)).astype(np.uint8), 32, axis=0), 32, axis=1)
    (tmp_path / "legend.yaml").write_text(LEGEND, encoding="utf-8")
    write_raster(tmp_path / "labels.tif", codes, x=499_990, pixel=15)
    write_raster(tmp_path / "image.tif", rng.integers(0, 255, (300, 300, 3)).astype(np.uint8))
    source = ClassMap(
        labels=tmp_path / "labels.tif", images=tmp_path / "image.tif", legend=str(tmp_path / "legend.yaml")
    )
    report = make_questions([source], tmp_path / "out", count=40, tasks=["OC_2_1_1", "AS_3_3_2", "VPR_4_1_4"])
    assert report.count > 20
    assert not report.refused


def test_doubtful_outlines_keep_their_windows_out(sources: list[Source], tmp_path: Path) -> None:
    houses = sources[2]
    assert isinstance(houses, Objects)
    content = json.loads(houses.features.read_text(encoding="utf-8"))
    for feature in content["features"]:
        feature["properties"] = {"seen": "no"}
    path = tmp_path / "hidden.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    hidden = Objects(image=houses.image, features=path, uncertain={"seen": "no"})
    with pytest.raises(EvalError, match="no outline that can be seen for certain lies in"):
        make_questions([hidden], tmp_path / "out", count=4)


def test_an_outline_without_a_geometry_is_passed_over(sources: list[Source], tmp_path: Path) -> None:
    source = with_houses(sources[2], tmp_path, {"type": "Feature", "properties": {}, "geometry": None})
    report = make_questions([source], tmp_path / "out", count=4, tasks=["VPR"])
    assert (report.count, report.refused) == (4, [])


def test_sources_from_yaml(tmp_path: Path, sources: list[Source]) -> None:
    folder = Path(getattr(sources[0], "labels")).parent  # noqa: B009 - whichever kind of source it is
    text = "\n".join(
        (
            "- {kind: class map, labels: maps, legend: made.yaml}",
            "- {kind: pairs, before: before, after: after, event: the flood}",
            "- {kind: scenes, path: scenes}",
        )
    )
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    read = read_sources(folder / "sources.yaml")
    assert [type(source) for source in read] == [ClassMap, Pairs, Scenes]
    assert isinstance(read[2], Scenes)
    assert read[2].path == folder / "scenes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "must be a list of sources"),
        ("- {kind: clouds}", "0: 'kind' must be one of 'class map', 'objects', 'scenes', 'pairs', but found"),
        ("- {path: scenes}", "0: has no 'kind', which says what it is, but found"),
        ("- {kind: scenes, path: a, colour: red}", "colour"),
        ("- {kind: scenes", "is not YAML that can be read"),
    ],
)
def test_sources_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvalError, match=message) as error:
        read_sources(path)
    assert "\n" not in str(error.value)


def test_labels_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no such file or folder"):
        make_questions([ClassMap(labels=tmp_path / "no", legend="worldcover")], tmp_path / "out", count=3)
    with pytest.raises(EvalError, match="there is no such folder"):
        make_questions(
            [Pairs(before=tmp_path / "a", after=tmp_path / "b", event="x")], tmp_path / "out", count=3
        )
