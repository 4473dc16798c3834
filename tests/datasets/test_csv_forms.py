"""Tables as spreadsheets of all countries write them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rsvlm.datasets import DatasetError, read_eval_set


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
