"""Addresses, expressions and rows of Milvus, which need no server."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from rsvlm.retrieval import Filter, RetrievalError, folder_of, is_address, is_index, open_index
from rsvlm.retrieval.milvusaddress import MilvusAddress
from rsvlm.retrieval.milvusfilters import expression_of
from rsvlm.retrieval.milvusrows import LONGEST, records_of, rows_of
from rsvlm.retrieval.rows import table_of


def test_an_address_is_a_server_and_a_collection() -> None:
    address = MilvusAddress.parse("milvus+https://[::1]:7/tiles_1/")
    assert (address.url, address.name, address.token) == ("https://[::1]:7", "tiles_1", "")
    assert MilvusAddress.parse("milvus+http://there/x").url == "http://there:19530"
    assert is_address("milvus+http://there/x")
    assert not any(map(is_address, ["index/", "milvus", "C:\\milvus", "milvus+http"]))


def test_what_lets_one_in_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    address = MilvusAddress.parse("milvus+http://me:s%2Fcret@there/x")
    assert address.token == "me:s/cret"
    assert "cret" not in f"{address} {address!r}"
    for wrong in (
        "milvus+http://me:s/cret@there/x",
        "milvus+ftp://me:s3cret@there/x",
        "milvus+http://s3cret@there/",
    ):
        with pytest.raises(RetrievalError) as raised:
            MilvusAddress.parse(wrong)
        assert "cret" not in str(raised.value)
    with pytest.raises(RetrievalError, match="only an index in a folder can be verified") as raised:
        folder_of("milvus+http://me:s3cret@there/x", "verified")
    assert "cret" not in str(raised.value)
    with pytest.raises(RetrievalError, match=r"index copy milvus\+http://there/x index/") as raised:
        is_index(Path("milvus+http://me:s3cret@there/x"))  # what becomes of it as a path
    assert "cret" not in str(raised.value)
    monkeypatch.setenv("MILVUS_TOKEN", "key")
    assert MilvusAddress.parse("milvus+http://there/x").token == "key"
    assert MilvusAddress.parse("milvus+http://own@there/x").token == "own"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("milvus://there/x", "give milvus.http://host:19530/name"),
        ("milvus+http:///x", "give milvus.http://host:19530/name"),
        ("milvus+http://there:99999/x", "give milvus.http://host:19530/name"),
        ("milvus+http://there/x?y", "give milvus.http://host:19530/name"),
        ("milvus+http://there", "name a collection"),
        ("milvus+http://there/a/b", "name a collection"),
        ("milvus+http://there/grün", "name a collection"),
        ("milvus+http://there/" + "x" * 256, "name a collection"),
    ],
)
def test_what_is_no_address_is_refused(text: str, says: str) -> None:
    with pytest.raises(RetrievalError, match=says):
        MilvusAddress.parse(text)


def test_a_filter_becomes_an_expression() -> None:
    assert expression_of(None) == expression_of(Filter()) == ""
    both = expression_of(Filter(bbox=(179, -1, -179, 1), gsd=(None, 2)))
    assert both.count("crosses") == 2
    assert "west <= -179 and east >= -180.0" in both
    assert both.endswith("(gsd is not null) and (gsd <= 2.01)")
    assert expression_of(Filter(start="1970", end="1970-01-01")) == "(time >= 0) and (time <= 86399999999)"
    assert expression_of(Filter(labels=['A" or "'])) == '(array_contains_any(labels, ["a\\" or \\""]))'
    assert "south <= 2.0" in expression_of(Filter(area=shapely.box(0, 1, 1, 2)))
    with pytest.raises(RetrievalError, match="inf: give a number, or leave it out"):
        expression_of(Filter(gsd=(1, float("inf"))))


def test_without_pymilvus_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(RetrievalError, match=r'pymilvus is not installed: pip install "rsvlm\[milvus\]"'):
        open_index("milvus+http://127.0.0.1/x")


def test_rows_come_back_as_they_were() -> None:
    rows: list[dict[str, Any]] = [
        {
            "key": 'a/ü"\\#1,2,3,4', "image": "a", "window": [1, 2, 3, 4], "opening": "{}",
            "captions": ["eins\n", None], "labels": [], "west": 179.5, "south": float("nan"), "east": -179.5,
            "north": 0.1, "datetime": datetime(1969, 1, 2, 3, 4, 5, 6, UTC), "gsd": float("inf"), "licence": "CC-BY",
        },
        {"key": "b"},
    ]  # fmt: skip
    table = table_of(rows)
    first, second = records_of(table, np.zeros((2, 3), np.float32))
    assert (first["crosses"], first["south"], first["gsd"], first["licence"]) == (True, None, None, "cc-by")
    assert first["time"] == -31438554_999994
    assert (second["crosses"], second["time"], second["labels"], second["licence"]) == (False, None, [], None)
    again = rows_of([first["row"], second["row"]])
    assert str(again.to_pylist()) == str(table.to_pylist())  # NaN is not equal to itself


def test_a_row_that_is_too_long_is_named() -> None:
    table = table_of([{"key": "short"}, {"key": "long", "captions": ["ü" * (LONGEST // 2)]}])
    with pytest.raises(
        RetrievalError, match=r"row 'long': takes 65,\d+ bytes, and Milvus no more than 65,535"
    ):
        records_of(table, np.zeros((2, 3), np.float32))


@pytest.mark.parametrize(
    "text",
    ["", "7", "[]", "{}", '{"key": 7}', '{"key": "a", "x": 1}', '{"key": "a", "datetime": 5}',
     '{"key": "a", "window": [1]}', '{"key": "a", "window": [1e99, 1, 1, 1]}', "[" * 100_000],
)  # fmt: skip
def test_a_row_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RetrievalError, match="a row in Milvus is not as rsvlm wrote it"):
        rows_of([text])
