"""Questions in the formats of lmms-eval and VLMEvalKit, read back as those programs read them."""

import base64
import csv
import importlib.util
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from PIL import Image

from rsvlm.eval.agromind.read import AgroMind, Item, read_agromind
from rsvlm.eval.agromind.tasks import QuestionType
from rsvlm.eval.errors import EvalError
from rsvlm.eval.exports import (
    ExportItem,
    agromind_items,
    export_lmms_eval,
    export_vlmevalkit,
)
from rsvlm.eval.lmms_task import letters_of, process_results


def picture(colour: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (20, 12), colour if mode in ("L", "P") else (colour, 80, 120)).save(file, kind)
    return file.getvalue()


RIVER, BEACH = picture(10), picture(200, "JPEG")
ITEMS = [
    ExportItem(
        "q1", (RIVER,), "What is it?\nLook well.", "B", ("river", "forest", "None"), "choice", "scene"
    ),
    ExportItem("q2", (RIVER,), "How many?", "C", ("3", "007", "12"), "choice", "count"),
    ExportItem("q3", (RIVER, BEACH), 'Which shows "sand"\tmore?', "B", ("image 1", "image 2"), "pair", "NA"),
    ExportItem("q4", (BEACH,), "Which fit?", "A,C", ("a", "b", "c"), "several", "scene", True),
    ExportItem("q5", (np.zeros((9, 7, 3), np.uint8),), "What crop, \u706b?", "winter wheat"),
    ExportItem("q6", (BEACH,), "How many?", "12", (), "open", "count"),
]


@pytest.fixture
def task(tmp_path: Path) -> ModuleType:
    """The functions of an exported task, loaded from its folder as lmms-eval loads them."""
    export_lmms_eval(ITEMS, tmp_path / "task", "my_task")
    spec = importlib.util.spec_from_file_location("utils", tmp_path / "task" / "utils.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def docs(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "my_task.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_lmms_task_asks_and_judges(tmp_path: Path, task: ModuleType) -> None:
    rows = docs(tmp_path / "task")
    assert [row["key"] for row in rows] == [item.key for item in ITEMS]
    for row, item in zip(rows, ITEMS, strict=True):
        assert task.process_results(row, [item.answer]) == {"accuracy": 1.0}
        assert task.process_results(row, [""]) == task.process_results(row, [None]) == {"accuracy": 0.0}
        assert [image.mode for image in task.doc_to_visual(row)] == ["RGB"] * len(item.images)
    asked = task.doc_to_text(rows[0], {"pre_prompt": "<", "post_prompt": ">"})
    assert asked == (
        "<What is it?\nLook well.\nA. river\nB. forest\nC. None\nAnswer with the letter of one option.>"
    )


def test_lmms_files(tmp_path: Path, task: ModuleType) -> None:
    folder = tmp_path / "task"
    text = (folder / "my_task.yaml").read_text("utf-8")
    config = yaml.safe_load(text.replace("!function ", ""))
    assert config["task"] == "my_task"
    assert config["dataset_kwargs"] == {"data_files": {"test": "my_task.jsonl"}}
    for field in ("doc_to_visual", "doc_to_text", "process_results"):
        module, _, name = config[field].partition(".")
        assert module == "utils"
        assert hasattr(task, name)
    assert {metric["metric"] for metric in config["metric_list"]} == {"accuracy"}
    # the image of two questions is stored once, as it was
    stored = sorted((folder / "images").iterdir())
    assert len(stored) == 3
    assert {path.read_bytes() for path in stored} >= {RIVER, BEACH}
    fields = [set(row) for row in docs(folder)]
    assert all(found == fields[0] for found in fields)


def test_lmms_task_stands_alone(tmp_path: Path, task: ModuleType) -> None:
    source = (tmp_path / "task" / "utils.py").read_text("utf-8")
    assert "import rsvlm" not in source
    assert "from rsvlm" not in source


@pytest.mark.parametrize(
    ("answer", "letters"),
    [
        ("B", "B"), ("b", "B"), ("(B)", "B"), ("**B**", "B"), ("B.", "B"), ("B. forest", "B"), ("B) a forest", "B"),
        ("Answer: B", "B"), ("The answer is B.", "B"), ("A, C", "AC"), ("A,C", "AC"), ("AC", "AC"), ("A and C", "AC"),
        ("", ""), ("A river", ""), ("I think A", ""), ("forest", ""), ("F", ""), ("\u706b", ""), ("A" * 100_000, "A"),
        ("A" + " " * 100_000 + "x", ""), ("A. and B. are both right", ""), ("B\nbecause it is green", "B"),
        ("Option B", "B"), ("The correct option is (B) forest", "B"), ("A\nC", "AC"), ("A. river\nB. forest", ""),
        ("B. forest\nIt is green, unlike U.S. ones.", "B"), ("Options A and C", "AC"), ("Answer is a river", ""),
        ("answer " * 50_000 + "B", "B"), ("the " * 50_000, ""),
    ],
)  # fmt: skip
def test_letters(answer: str, letters: str) -> None:
    assert letters_of(answer, 3) == set(letters)


def test_more_letters_than_asked_are_wrong() -> None:
    doc = {"options": ["x", "y", "z"], "answer": "A", "several": False}
    assert process_results(doc, ["A, B, C"]) == {"accuracy": 0.0}
    assert process_results({**doc, "answer": "A,C"}, ["C, A"]) == {"accuracy": 1.0}
    assert process_results({"options": [], "answer": "The Wheat"}, ["wheat."]) == {"accuracy": 1.0}


def table(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize if sys.maxsize < 2**31 else 2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_vlmevalkit_tables(tmp_path: Path) -> None:
    written = export_vlmevalkit(ITEMS, tmp_path, "my_task")
    assert written.counts == {"my_task.tsv": 3, "my_task_open.tsv": 3}
    rows = table(tmp_path / "my_task.tsv")
    assert list(rows[0]) == [
        "index",
        "image",
        "image_path",
        "question",
        "A",
        "B",
        "C",
        "answer",
        "category",
        "type",
        "key",
    ]
    assert [row["index"] for row in rows] == ["0", "1", "2"]
    assert base64.b64decode(rows[0]["image"]) == RIVER
    assert rows[1]["image"] == "0"  # the same image: the row that has it
    assert rows[2]["image"] == str([base64.b64encode(image).decode() for image in (RIVER, BEACH)])
    assert rows[2]["image_path"] == "['2_0.png', '2_1.png']"
    assert rows[0]["question"] == "What is it?\nLook well."
    assert rows[2]["question"] == 'Which shows "sand"\tmore?'
    assert rows[2]["C"] == ""
    other = table(tmp_path / "my_task_open.tsv")
    assert "image_path" not in other[0]
    assert (
        other[0]["question"]
        == "Which fit?\nA. a\nB. b\nC. c\nAnswer with the letters of all options that fit."
    )
    with Image.open(io.BytesIO(base64.b64decode(other[1]["image"]))) as shown:
        assert (shown.format, shown.size) == ("PNG", (7, 9))


def test_pandas_reads_the_tables_as_they_are_written(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    export_vlmevalkit(ITEMS, tmp_path, "my_task")
    read = pandas.read_csv(tmp_path / "my_task.tsv", sep="\t")
    choice = [item for item in ITEMS if item.options and not item.several]
    for place, item in enumerate(choice):
        row = read.iloc[place]
        shown = [str(row[letter]).rstrip("\u00a0") for letter in "ABC" if not pandas.isna(row[letter])]
        assert shown == list(item.options)
        assert str(row["category"]).rstrip("\u00a0") == item.category
    numbers = [ExportItem(str(n), (RIVER,), "How many?", "A", (str(n), str(n + 1))) for n in range(3)]
    export_vlmevalkit(numbers, tmp_path, "numbers")
    assert pandas.read_csv(tmp_path / "numbers.tsv", sep="\t")["B"].tolist() == [1, 2, 3]


def test_a_picture_of_16_bits_keeps_what_it_shows(tmp_path: Path) -> None:
    deep = Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20) * 100)
    export_lmms_eval([replace(ITEMS[0], images=(lambda: deep,))], tmp_path / "deep", "deep")
    [file] = (tmp_path / "deep").rglob("*.png")
    with Image.open(file) as image:
        assert len(image.getcolors() or []) > 200  # Pillow would cut off what is above 255


def test_images_that_not_every_program_shows_alike_become_png(tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    path.write_bytes(picture(3, mode="P"))
    export_vlmevalkit([ExportItem("q", (str(path),), "?", "A", ("x", "y"))], tmp_path, "task")
    with Image.open(io.BytesIO(base64.b64decode(table(tmp_path / "task.tsv")[0]["image"]))) as shown:
        assert shown.mode == "RGB"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (ExportItem("q", (), "?", "A", ("x", "y")), "shows no image"),
        (ExportItem("q", (RIVER,), "?", "C", ("x", "y")), "is no answer to a question of 2 options"),
        (ExportItem("q", (RIVER,), "?", "A,B", ("x", "y")), "where `several` is set"),
        (ExportItem("q", (b"no image",), "?", "A", ("x", "y")), "q: an image cannot be read"),
        (ExportItem("q", ("gone.png",), "?", "A", ("x", "y")), "q: an image cannot be read"),
    ],
)
def test_what_cannot_be_exported(tmp_path: Path, item: ExportItem, message: str) -> None:
    for export in (export_lmms_eval, export_vlmevalkit):
        with pytest.raises(EvalError, match=message):
            export([item], tmp_path, "task")


def test_names_and_empty_lists(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no questions"):
        export_lmms_eval([], tmp_path, "task")
    for name in ("", "my task", "../x", "1x", "a.b"):
        with pytest.raises(EvalError, match="no name for a task"):
            export_vlmevalkit(ITEMS, tmp_path, name)


def test_agromind_items() -> None:
    item = Item(
        "SC_3_1_1", 7, QuestionType.CHOICES_OF_IMAGES, "Scene Understanding", "SC", "Which show maize?",
        {"A": "x/1.png", "B": "x/2.png"}, "A", ("x/1.png", "x/2.png"),
    )  # fmt: skip
    data = AgroMind(Path(), (item,), {}, None)  # type: ignore[arg-type]
    (found,) = agromind_items(data, "images")
    assert found.options == ("image 1", "image 2")
    assert found.several
    assert found.images == (str(Path("images/x/1.png")), str(Path("images/x/2.png")))
    assert (found.key, found.category) == ("SC_3_1_1/7", "SC")
    later = replace(item, options={"B": "x/1.png", "C": "x/2.png", "F": "x/3.png"}, gold="B,F")
    (found,) = agromind_items(AgroMind(Path(), (later,), {}, None), "images")  # type: ignore[arg-type]
    assert found.answer == "A,C"


def test_all_of_agromind_fits(unpacked: object) -> None:
    folder = unpacked("agromind.tar.xz")  # type: ignore[operator]
    items = agromind_items(read_agromind(folder), folder)
    assert len(items) == 25_026
    for item in items:
        if item.options:
            assert set(item.answer.split(",")) <= {chr(65 + place) for place in range(len(item.options))}
