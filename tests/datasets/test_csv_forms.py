"""Tables as spreadsheets of all countries write them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rsvlm.datasets import DatasetError, EvalSet, read_eval_set


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "ab":
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "Filename;Label;Split\na.png;roof;train\nb.png;Wald, Wiese;test\n"),
        ("list.csv", "\ufeffFilename;Label;Split\r\na.png;roof;train\r\nb.png;Wald, Wiese;test\r\n"),
        ("list.csv", 'image_path,class,split\na.png,roof,train\nb.png,"Wald, Wiese",test\n'),
        ("list.tsv", "path\tlabel\tSPLIT\na.png\troof\ttrain\nb.png\tWald, Wiese\ttest\n"),
    ],
)
def test_separators_and_capitals(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    found = read_eval_set(folder / name)
    assert (found.keys, found.labels) == (("a.png", "b.png"), (("roof",), ("Wald, Wiese",)))
    assert read_eval_set(folder, split="test").keys == ("b.png",)


def test_a_name_as_it_is_written_goes_before_one_of_other_capitals(folder: Path) -> None:
    (folder / "list.csv").write_text("Label,path,label\nx,a.png,roof\n", encoding="utf-8")
    assert read_eval_set(folder / "list.csv").labels == (("roof",),)


def test_several_labels_between_commas(folder: Path) -> None:
    (folder / "list.csv").write_text("path,label\na.png,roof;wood\n", encoding="utf-8")
    assert read_eval_set(folder / "list.csv").labels == (("roof", "wood"),)


def test_a_column_that_is_not_there(folder: Path) -> None:
    (folder / "list.csv").write_text("name;label\na.png;roof\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="has no column filepath; its columns are name, label"):
        read_eval_set(folder / "list.csv")


def test_numbers_as_pandas_writes_them_where_one_is_missing(folder: Path) -> None:
    (folder / "list.csv").write_text("path,label\na.png,1.0\nb.png,\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="its labels are numbers, and nothing says what they stand for"):
        read_eval_set(folder / "list.csv")
    (folder / "classnames.txt").write_text("roof\nwood\n", encoding="utf-8")
    assert read_eval_set(folder / "list.csv").labels == (("wood",), ())
    pq.write_table(pa.table({"path": ["a.png", "b.png"], "label": [0.0, float("nan")]}), folder / "a.parquet")
    assert read_eval_set(folder / "a.parquet").labels == (("roof",), ())
    (folder / "list.csv").write_text("path,label\na.png,1.5\nb.png,roof\n", encoding="utf-8")
    assert read_eval_set(folder / "list.csv").labels == (("1.5",), ("roof",))


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ('["a roof", "it\'s red"]', ("a roof", "it's red")),
        ("['a roof', \"it's red\"]", ("a roof", "it's red")),
        ("['a roof'\n 'a wood']", ("a roof", "a wood")),
        ("[]", ()),
        ("[a] roof", ("[a] roof",)),
        ("['a'] 'b'", ("['a'] 'b'",)),
        ("['a', 1]", ("['a', 1]",)),
        ("['a'", ("['a'",)),
        ("[1, 2]", ("[1, 2]",)),
    ],
)
def test_a_cell_that_holds_a_list_of_captions(folder: Path, cell: str, texts: tuple[str, ...]) -> None:
    quoted = cell.replace('"', '""')
    (folder / "list.csv").write_text(f'path,captions\na.png,"{quoted}"\n', encoding="utf-8")
    assert read_eval_set(folder / "list.csv").captions == (texts,)


def test_lines_are_counted_past_a_cell_with_a_line_break(folder: Path) -> None:
    (folder / "list.csv").write_text('path,label\na.png,"roof\nflat"\n\n,wood\n', encoding="utf-8")
    with pytest.raises(DatasetError, match="line 5 lacks its path"):
        read_eval_set(folder / "list.csv")
    (folder / "list.csv").write_text('path,label\na.png,"roof\nflat"\nb.png,"wo\nod",1\n', encoding="utf-8")
    with pytest.raises(DatasetError, match="line 4 has more fields"):
        read_eval_set(folder / "list.csv")


def test_two_columns_of_one_name_are_refused(folder: Path) -> None:
    (folder / "list.csv").write_text("path,label, label\na.png,roof,wood\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="has two columns label"):
        read_eval_set(folder / "list.csv")
    (folder / "list.csv").write_text(
        ",path,label,\n0,a.png,roof,\n", encoding="utf-8"
    )  # those without one are not
    assert read_eval_set(folder / "list.csv").labels == (("roof",),)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_another_column_of_labels_has_its_own_class_names(folder: Path, ending: str) -> None:
    rows = {"path": ["a.png", "b.png"], "label": [0, 1], "label_v2": [1, 0]}
    file = folder / f"list.{ending}"
    if ending == "csv":
        file.write_text("path,label,label_v2\na.png,0,1\nb.png,1,0\n", encoding="utf-8")
    else:
        pq.write_table(pa.table(rows), file)
    (folder / "classnames.txt").write_text("forest\nwater\n", encoding="utf-8")
    (folder / "classnames_v2.txt").write_text("flat roof\ngabled roof\n", encoding="utf-8")
    first, second = read_eval_set(file), read_eval_set(file, label="label_v2")
    assert (first.labels, second.labels) == ((("forest",), ("water",)), (("gabled roof",), ("flat roof",)))
    assert [one["name"] for one in first.sources] == [file.name, "classnames.txt"]
    assert [one["name"] for one in second.sources] == [file.name, "classnames_v2.txt"]


@pytest.mark.parametrize("wealthy", [0, 1])
def test_files_of_one_set_have_the_same_columns(folder: Path, wealthy: int) -> None:
    for shard, name in enumerate("ab"):
        row = {"image": [f"{name}.png"], "label": [name]} | ({"wealth": [1.5]} if shard == wealthy else {})
        pq.write_table(pa.table(row), folder / f"test-0000{shard}-of-00002.parquet")
    said = ("lacks wealth", "has wealth")[wealthy]
    with pytest.raises(DatasetError, match=rf"test-00001.*: {said}, unlike .*test-00000.*: files of one set"):
        read_eval_set(folder, split="test")


def test_targets_are_one_an_image() -> None:
    with pytest.raises(DatasetError, match="1 wealth for 2 images"):
        EvalSet("set", ["a.png", "b.png"], ("a", "b"), targets={"wealth": np.array([1.5])})
