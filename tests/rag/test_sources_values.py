"""Values that say that there is none, numbers of few bits, and texts in UTF-16 that do not say so."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rsvlm.rag.sources import read_source
from rsvlm.rag.sources.nothing import is_empty


def texts(folder: Path, name: str, content: str | bytes) -> list[str]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = read_source(path)
    found = [one.text for one in source.chunks()]
    assert source.problems == []
    return found


@pytest.mark.parametrize(
    "value",
    [None, "", " ", float("nan"), "NaN", "NULL", "null", "None", "N/A", "n/a", "nodata", "-", "--", -9999, -9999.0,
     "-9999.0", "-999.0", -99999, "-32768"],
)  # fmt: skip
def test_what_says_that_there_is_no_value(value: object) -> None:
    assert is_empty(value)


@pytest.mark.parametrize(
    "value", [0, False, "0", "none", "NA", "-9998", 9999, "9999", -9999.5, "-9999 m", []]
)
def test_what_is_a_value(value: object) -> None:
    assert not is_empty(value)


def test_no_value_is_told_as_one(tmp_path: Path) -> None:
    table = "site,depth,ndvi,lst,evi,lat,lon,date\nAlder,-9999,NaN,-,0.4,-9999,-9999,NULL\n"
    assert texts(tmp_path, "a.csv", table) == ["site: Alder; evi: 0.4"]
    rows = [{"site": "Alder", "ndvi": float("nan"), "lst": -9999.0, "evi": {"mean": "N/A", "max": 1}}]
    assert texts(tmp_path, "a.json", json.dumps(rows)) == ["site: Alder; evi max: 1"]
    page = (
        "<table><tr><th>site<th>depth<th>evi<tr><td>Alder<td>n/a<td>0.4<tr><td>Birch<td>-9999<td>--</table>"
    )
    assert texts(tmp_path, "a.html", page) == ["site: Alder; evi: 0.4\nsite: Birch"]
    assert texts(tmp_path, "a.md", "|site|depth|evi|\n|-|-|-|\n|Alder|NaN|0.4|\n") == [
        "site: Alder; evi: 0.4"
    ]


def test_numbers_of_32_bits_are_as_they_were_written(tmp_path: Path) -> None:
    columns = {"site": ["a", "b", "c"], "ndvi": pa.array([0.1, float("nan"), 1.5e-8], pa.float32()),
               "depth": pa.array([0.1, 0.2, -9999]), "__index_level_0__": [0, 1, 2]}  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert [one.text for one in read_source(tmp_path / "a.parquet").chunks()] == [
        "site: a; ndvi: 0.1; depth: 0.1", "site: b; depth: 0.2", "site: c; ndvi: 1.5e-08",
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    assert texts(tmp_path, "a.txt", "Zürich liegt am See: „408 m“.".encode(encoding)) == [
        "Zürich liegt am See: „408 m“."
    ]
    assert texts(tmp_path, "a.csv", "name,elev\nZürich,408\n".encode(encoding)) == ["name: Zürich; elev: 408"]
    assert texts(tmp_path, "a.json", '[{"name": "Zürich", "elev": 408}]'.encode(encoding)) == [
        "name: Zürich; elev: 408"
    ]


def test_a_row_for_each_value_is_told_under_what_was_measured(tmp_path: Path) -> None:
    above = "place,parameter,value,units\n"
    assert texts(
        tmp_path, "a.csv", f"{above}Kelso,pH,7.9,\nKelso,nitrate,4,mg/l\nKelso,7,4,mg/l\nKelso,place,4,m\n"
    ) == [
        "place: Kelso; pH: 7.9",
        "place: Kelso; nitrate: 4 mg/l",
        "place: Kelso; parameter: 7; value: 4; units: mg/l",
        "place: Kelso; parameter: place; value: 4; units: m",
    ]
