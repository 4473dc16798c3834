"""Tables of predictions: what is read back is what was written, in every format and any size of batch."""

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.classification.errors import ClassificationError
from rsvlm.classification.result import SCHEMA
from rsvlm.classification.tables import check_output, write_predictions


def row(number: int = 0, **values: Any) -> dict[str, Any]:
    return {
        "image": "scene.tif", "key": f"scene_{number}", "label": "Forest", "score": 0.93, "calibrated": True,
        "top_labels": ["Forest", "River"], "top_scores": [0.93, 0.02], "x": 64 * number, "y": 0, "width": 64,
        "height": 64, "west": 10.0, "south": 1.0, "east": 10.01, "north": 1.01, "gsd": 10.0, **values,
    }  # fmt: skip


FAILED = {
    "image": "broken.tif", "key": "broken", "calibrated": True, "x": 0, "y": 0, "width": 0, "height": 0,
    "error": "broken.tif is empty (0 bytes): copy or download it again",
}  # fmt: skip
ROWS = [
    row(0),
    row(1, label="Städte; Dörfer \\ 森林", top_labels=["Städte; Dörfer \\ 森林", "a,\"b\"\nc"], none_score=0.25),
    row(2, label=None, score=None, labels=["Beach", "Sea"]),
    row(3, label=None, score=None, labels=[], west=None, south=None, east=None, north=None, gsd=None),
    FAILED,
]  # fmt: skip
TABLE = pa.Table.from_pylist(ROWS, SCHEMA)


def pieces(table: pa.Table, size: int) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches(max_chunksize=size)


def split(cell: str) -> list[str]:
    """The items of a list in a CSV cell, by the rule that the docstring states."""
    items, item, letters = [], "", iter(cell)
    for letter in letters:
        if letter == ";":
            items.append(item)
            item = ""
        else:
            item += next(letters) if letter == "\\" else letter
    return [*items, item]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_parquet_holds_the_rows_as_they_are(tmp_path: Path, size: int) -> None:
    path = tmp_path / "deep" / "p.parquet"
    assert write_predictions(pieces(TABLE, size), path) == 5
    assert pq.read_table(path).equals(TABLE)
    assert pq.ParquetFile(path).num_row_groups == 1


def test_csv_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    assert write_predictions(pieces(TABLE, 2), path) == 5
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == SCHEMA.names
    assert [one["label"] for one in rows] == ["Forest", "Städte; Dörfer \\ 森林", "", "", ""]
    assert [one["score"] for one in rows] == ["0.93", "0.93", "", "", ""]
    assert rows[0]["top_scores"] == "0.93;0.02"
    assert split(rows[1]["top_labels"]) == ROWS[1]["top_labels"]
    assert split(rows[2]["labels"]) == ["Beach", "Sea"]
    assert rows[4]["error"] == FAILED["error"]
    assert {one["calibrated"] for one in rows} == {"true"}
    again = pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
    assert again["north"].to_pylist() == [1.01, 1.01, 1.01, None, None]


def test_batches_that_are_slices_of_others(tmp_path: Path) -> None:
    write_predictions(TABLE, tmp_path / "whole.csv")
    write_predictions(TABLE, tmp_path / "whole.geojson")
    batch = TABLE.combine_chunks().to_batches()[0]
    for name in ("whole.csv", "whole.geojson"):
        write_predictions(
            [batch.slice(0, 1), batch.slice(1, 3), batch.slice(4)], tmp_path / f"sliced{name[5:]}"
        )
        assert (tmp_path / f"sliced{name[5:]}").read_bytes() == (tmp_path / name).read_bytes()


@given(items=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_lists_in_csv_keep_their_items(items: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "lists.csv"
    write_predictions(pa.Table.from_pylist([row(top_labels=items)], SCHEMA), path)
    with path.open(encoding="utf-8", newline="") as file:
        assert split(next(csv.DictReader(file))["top_labels"]) == items


def test_nan_is_nothing(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row(score=math.nan, top_scores=[math.nan, 0.5])], SCHEMA)
    write_predictions(table, tmp_path / "p.csv")
    assert "nan" not in (tmp_path / "p.csv").read_text(encoding="utf-8").lower()
    write_predictions(table, tmp_path / "p.geojson")
    found = json.loads((tmp_path / "p.geojson").read_text(encoding="utf-8"))["features"][0]["properties"]
    assert (found["score"], found["top_scores"]) == (None, [None, 0.5])


@pytest.mark.parametrize("name", ["p.parquet", "p.csv", "p.geojson"])
def test_no_rows_are_a_file_too(tmp_path: Path, name: str) -> None:
    assert write_predictions(iter([]), tmp_path / name) == 0
    if name == "p.parquet":
        assert pq.read_schema(tmp_path / name).equals(SCHEMA)
    elif name == "p.csv":
        assert (tmp_path / name).read_text(encoding="utf-8").startswith('"image","key","label"')
    else:
        found = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        assert found == {"type": "FeatureCollection", "features": []}


def test_many_batches_become_few_row_groups_and_are_read_one_after_the_other(tmp_path: Path) -> None:
    alive = 0
    most = 0
    base = pa.RecordBatch.from_pylist([row(0)] * 1000, SCHEMA)

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal alive, most
        for _ in range(200):
            alive += 1
            most = max(most, alive)
            yield base

    path = tmp_path / "p.parquet"
    assert write_predictions(batches(), path) == 200_000
    groups = pq.ParquetFile(path)
    assert [groups.metadata.row_group(i).num_rows for i in range(groups.num_row_groups)] == [66_000] * 3 + [
        2000
    ]


@pytest.mark.parametrize("name", ["p.parquet", "p.csv", "p.geojson"])
def test_a_failure_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("before", encoding="utf-8")

    def broken() -> Iterator[pa.RecordBatch]:
        yield TABLE.to_batches()[0]
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        write_predictions(broken(), path)
    assert path.read_text(encoding="utf-8") == "before"
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("p.parquet", "p.csv", "p.geojson"):
        write_predictions(pieces(TABLE, 1), tmp_path / name)
        write_predictions(pieces(TABLE, 3), tmp_path / f"other-{name}")
        assert (tmp_path / name).read_bytes() == (tmp_path / f"other-{name}").read_bytes()


@pytest.mark.parametrize("name", ["p.shp", "p", "p.json", ".csv"])
def test_unknown_endings_are_refused_before_any_work(tmp_path: Path, name: str) -> None:
    for refuse in (check_output, lambda path: write_predictions(TABLE, path)):
        with pytest.raises(ClassificationError, match=r"written as \.parquet, \.csv or \.geojson") as caught:
            refuse(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "p.csv").mkdir()
    with pytest.raises(ClassificationError, match="is a folder"):
        check_output(tmp_path / "p.csv")
    check_output(tmp_path / "P.CSV.GEOJSON")


def test_columns_of_others_stay(tmp_path: Path) -> None:
    table = TABLE.append_column("vector", pa.array([[0.5, 0.25]] * 5, pa.list_(pa.float32())))
    table = table.append_column("n", pa.array(np.arange(5)))
    write_predictions(table, tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        assert [(one["vector"], one["n"]) for one in csv.DictReader(file)][3] == ("0.5;0.25", "3")
