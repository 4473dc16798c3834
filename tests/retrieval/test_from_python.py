"""What a program gives an index: what there cannot be is refused, in a line that says what to do."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from colours import Colours  # type: ignore[import-not-found] # in tests/
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.retrieval import Filter, Index, Plan, RetrievalError, TextIndex, open_index
from rsvlm.retrieval.queries import query_vectors
from rsvlm.retrieval.textindex import checked_queries

VECTORS = np.random.default_rng(0).normal(size=(6, 4))


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Six rows, of which one was removed."""
    rows = [{"key": f"k{number}"} for number in range(6)]
    index = Index.from_vectors(tmp_path / "index", VECTORS, rows, encoder="test")
    index.remove("k5")
    return index


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"west": 0, "south": 95, "east": 1, "north": 96}, r"row 1: west 0.0, south 95.0.*lie in -90\.\.90"),
        ({"west": 0, "south": 9, "east": 1, "north": 6}, "row 1: .*south first"),
        (
            {"west": 20, "south": 5},
            "row 1: west 20.0, south 5.0, east None.*all of west, south, east and north",
        ),
        ({"west": 361, "south": 5, "east": 362, "north": 6}, r"row 1: west 361.0.*lie in -180\.\.180"),
        ({"west": 1, "south": 5, "east": float("inf"), "north": 6}, "row 1: .*east inf"),
        ({"gsd": -1.0}, "row 1: gsd -1: give metres a pixel"),
        ({"key": 5}, "row 1: key 5 is a int: give text"),
        ({"licence": 5}, "row 1: licence 5 is a int: give text"),
    ],
)
def test_what_cannot_be_known_of_a_row_is_refused_by_row_and_value(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(RetrievalError, match=message):
        Index.from_vectors(tmp_path / "new", VECTORS[:2], [{"key": "a"}, {"key": "b"} | row], encoder="test")
    assert not (tmp_path / "new").exists()


def test_longitudes_up_to_360_are_turned_to_where_they_are_found(tmp_path: Path) -> None:
    boxes = [(200, 201), (350, 10), (179, 181), (0, 360), (180, 180), (float("nan"), float("nan"))]
    edges = [[box[0] for box in boxes], [5.0] * 6, [box[1] for box in boxes], [6.0] * 6]
    edges[1][5] = edges[3][5] = float("nan")
    columns = [pa.array(values, pa.float64()) for values in edges]
    table = pa.table(
        [pa.array(list("abcdef")), *columns], names=["key", "west", "south", "east", "north"]
    )  # whose NaN is no null, as that of dicts
    index = Index.from_vectors(tmp_path / "new", VECTORS, table, encoder="test")
    stored = index.rows(range(6)).to_pylist()
    assert [(row["west"], row["east"]) for row in stored] == [
        (-160, -159), (-10, 10), (179, -179), (-180, 180), (180, 180), (None, None),
    ]  # fmt: skip
    [hits] = index.search_vectors(VECTORS[:1], filter=Filter(bbox=(-161, 0, -158, 10)))
    assert sorted(hits.keys) == ["a", "d"]
    assert index.summary()["with_a_place"] == 5


def test_an_index_begins_with_a_row_and_the_name_of_its_encoder(tmp_path: Path) -> None:
    for vectors in (np.zeros((0, 4)), iter([np.zeros((0, 4))])):
        with pytest.raises(RetrievalError, match="no rows at all"):
            Index.from_vectors(tmp_path / "new", vectors, [], encoder="test")
    with pytest.raises(RetrievalError, match="encoder '': give the name of what made the vectors"):
        Index.from_vectors(tmp_path / "new", VECTORS, [{"key": str(n)} for n in range(6)], encoder="")
    assert not (tmp_path / "new").exists()


def test_rows_and_vectors_take_numbers_and_masks_and_nothing_else(index: Index) -> None:
    mask = np.arange(6) < 3
    assert (
        index.rows(mask)["key"].to_pylist() == index.rows([0, 1, 2])["key"].to_pylist() == ["k0", "k1", "k2"]
    )
    np.testing.assert_array_equal(index.vectors(mask), index.vectors(np.array([0, 1, 2])))
    assert len(index.rows([])) == len(index.vectors([])) == 0
    assert index.rows([5])["key"].to_pylist() == ["k5"]  # removed, and its number stays
    wrong_ones: list[tuple[Any, str]] = [
        ([1.9], r"float64 of shape \(1,\)"),
        ([-1], "there is no row -1: rows have the numbers 0 to 5"),
        ([0, 6], "there is no row 6"),
        (["k1"], "row numbers are <U2"),
        (3, r"of shape \(\)"),
        (mask[:5], "a mask of 5 for 6 rows"),
    ]
    for wrong, message in wrong_ones:
        for method in (index.rows, index.vectors):
            with pytest.raises(RetrievalError, match=message):
                method(wrong)


def test_what_cannot_be_asked(index: Index) -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"asked": "image"}, "asked 'image': give pictures, words, both"),
        ({"k": 2.5}, r"k 2\.5: give one from 1"),
        ({"k": "3"}, "k '3': give one from 1"),
        ({"k": None}, "k None: give one from 1"),
        ({"offset": 1.0}, r"offset 1\.0: give one from 0"),
    ]
    for wrong, message in asked:
        with pytest.raises(RetrievalError, match=message):
            index.search_vectors(VECTORS[:1], **wrong)
    with pytest.raises(RetrievalError, match="query 1 has no direction"):
        index.search_vectors([VECTORS[0], np.zeros(4)])
    counted: Any = np.int64(3)
    assert len(index.search_vectors(VECTORS[:1], k=counted)[0]) == 3
    for name in ("labels", "licences"):
        nothing: dict[str, Any] = {name: [None]}
        with pytest.raises(RetrievalError, match=f"{name} None: give texts"):
            Filter(**nothing)


def test_an_index_that_is_named_from_here_is_found_from_elsewhere(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    near, texts = (
        Index("index"),
        TextIndex.build([{"key": "a", "text": "a river"}], "texts", HashingEncoder()),
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert near.place == "index"
    near.refresh()
    assert near.remove("k4") == 1
    assert near.verify() == []
    texts.add([{"key": "b", "text": "a road"}])
    assert texts.search("road", k=1).keys == ["b"]
    assert texts.verify() == []


def test_an_index_that_is_pickled_is_opened_anew(tmp_path: Path, index: Index) -> None:
    copy = pickle.loads(pickle.dumps(index))
    assert copy.search_vectors(VECTORS[:1], k=1)[0].keys == ["k0"]
    texts = TextIndex.build([{"key": "a", "text": "a river"}], tmp_path / "texts", HashingEncoder())
    again = pickle.loads(pickle.dumps(texts))
    assert again.search("river").keys == ["a"]
    assert len(TextIndex.open(tmp_path / "texts")) == len(open_index(tmp_path / "texts")) == 1


class Broken(Colours):  # type: ignore[misc] # beside this file
    """An encoder that has lost its numbers."""

    def encode_images(self, images: Any) -> Any:
        return super().encode_images(images) * np.nan


def test_what_no_second_try_can_mend_is_said_without_one(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), (200, 0, 0)).save(tmp_path / "a.png")
    with pytest.raises(RetrievalError, match="batch_size 0: give one from 1"):
        Index.build(tmp_path / "a.png", tmp_path / "new", Colours(), batch_size=0)
    with pytest.raises(RetrievalError, match=r"an image is a Image: .*from_vectors"):
        Index.build([Image.new("RGB", (8, 8))], tmp_path / "new", Colours())  # type: ignore[list-item]
    assert not (tmp_path / "new").exists()
    with pytest.raises(RetrievalError, match=r"a\.png: the encoder gave .*NaN") as raised:
        Index.build(tmp_path / "a.png", tmp_path / "new", Broken())
    assert "run the same command again" not in str(raised.value)


def test_a_search_that_cannot_be(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), (200, 0, 0)).save(tmp_path / "a.png")
    index = Index.build(tmp_path / "a.png", tmp_path / "index", Colours())
    asked: list[tuple[dict[str, Any], str]] = [
        ({"k": "3"}, "k '3': give one from 1"),
        ({"near": (1,)}, r"near \(1,\): give longitude and latitude"),
        ({"near": 5}, "near 5: give longitude and latitude"),
        ({"unlike": "green", "less": -3}, "less -3: how much of a likeness is taken off, from 0"),
    ]
    for wrong, message in asked:
        with pytest.raises(RetrievalError, match=message):
            index.search("red", **wrong)
    with pytest.raises(RetrievalError, match=r"filter is a dict: give a rsvlm\.retrieval\.Filter"):
        index.search_vectors(VECTORS[:1, :3], filter={"labels": ["a"]})  # type: ignore[arg-type]


def test_hits_in_slices_and_in_notebooks(index: Index) -> None:
    [hits] = index.search_vectors(VECTORS[:1])
    some = hits[1:3]
    assert some.keys == hits.keys[1:3]
    assert some.numbers.tolist() == hits.numbers[1:3].tolist()
    assert [hit["rank"] for hit in some] == [2, 3]
    assert hits[::-1].keys == hits.keys[::-1]
    shown = hits._repr_html_()
    assert shown.count("<tr>") == 1 + len(hits) == 6
    assert "<td>k0</td>" in shown


def test_rooms_are_found_in_the_package() -> None:
    code = "import rsvlm; assert rsvlm.retrieval.Index is rsvlm.Index; rsvlm.vocabularies"
    subprocess.run([sys.executable, "-c", code], check=True)


class Shipped(Colours):  # type: ignore[misc] # beside this file
    """An encoder with the name of one that comes with rsvlm."""

    name = "built-in"


def test_a_script_that_the_model_has_not_learned_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    query_vectors(Shipped(), ["\u6c34\u5e93", "\u0430\u044d\u0440\u043e\u043f\u043e\u0440\u0442"])
    assert [one.getMessage() for one in caplog.records] == [
        "\u6c34\u5e93: the model reads English; ask in English (built-in)"
    ]
    caplog.clear()
    query_vectors(Shipped(), ["a caf\u00e9 in \u6c34", "10 m"])
    query_vectors(Colours(), "\u6c34\u5e93")
    assert not caplog.records


def test_an_area_in_metres_is_refused() -> None:
    metres = shapely.box(500_000, 5_000_000, 510_000, 5_010_000)
    for area in (metres, shapely.geometry.mapping(metres)):
        with pytest.raises(RetrievalError, match=r"area: reaches 500000,5e\+06,.* give degrees"):
            Filter(area=area)


def test_a_table_is_checked_as_dicts_are(tmp_path: Path) -> None:
    rows = pa.table({"key": ["a"], "lables": [["x"]]})
    with pytest.raises(RetrievalError, match="have a column 'lables'; there are key, image"):
        Index.from_vectors(tmp_path / "index", np.ones((1, 3), np.float32), rows, encoder="x")


@pytest.mark.parametrize("as_table", [False, True])
def test_nulls_among_labels_are_none(tmp_path: Path, as_table: bool) -> None:
    rows: Any = [{"key": "a", "labels": ["x", None], "captions": [None]}, {"key": "b"}]
    given = pa.Table.from_pylist(rows) if as_table else rows
    index = Index.from_vectors(tmp_path / "index", np.eye(2, 3, dtype=np.float32), given, encoder="x")
    found = index.rows([0, 1]).to_pylist()
    assert [(row["labels"], row["captions"]) for row in found] == [(["x"], []), (None, None)]


def test_slips_in_filters_and_numbers_are_told() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"gsd": ("5", "10")}, "gsd 5 to 10: give numbers"),
        ({"bbox": ("9", "48", "10", "49")}, "bbox .*: give west"),
        ({"bbox": 9}, "bbox 9: give west"),
        ({"labels": 3}, "labels 3: give texts"),
        ({"labels": [3]}, "labels 3: give texts"),
    ]
    for given, says in wrong:
        with pytest.raises(RetrievalError, match=says):
            Filter(**given)
    assert Filter(labels=np.array(["a", "b"])).labels == ("a", "b")  # type: ignore[arg-type]
    assert Filter(labels=(one for one in "ab")).labels == ("a", "b")  # type: ignore[arg-type]
    ends = {
        "9999": "9999-12-31",
        "2023-02": "2023-02-28",
        "2024-02": "2024-02-29",
        "2023-09-14": "2023-09-14",
    }
    for given_end, last in ends.items():
        moment = Filter(end=given_end).moments[1]
        assert moment is not None
        assert moment.isoformat() == f"{last}T23:59:59.999999+00:00"
    for number in (0, -5):
        with pytest.raises(RetrievalError, match=f"max_memory {number}: give bytes"):
            Plan(max_memory=number)
    for text, says in (([], "no text to search for"), ([1], "text 1 is a int: give text")):
        with pytest.raises(RetrievalError, match=says):
            checked_queries(text, 10, 0, "both")  # type: ignore[arg-type]


def test_weights_that_are_no_numbers_are_refused() -> None:
    given: Any
    for name, given in (("weight", None), ("less", "x")):
        with pytest.raises(RetrievalError, match=f"{name} {given!r}: give a number"):
            query_vectors(Colours(), "red", **{name: given})


def test_columns_that_come_twice_and_times_that_nobody_can_say_are_refused(tmp_path: Path) -> None:
    keys = pa.array(["a", "b"])
    for table, says in (
        (
            pa.table([keys, keys], names=["key", "key"]),
            "the rows have several columns 'key': leave all but one out",
        ),
        (
            pa.table({"key": keys, "datetime": pa.array([0, 253_402_300_800], pa.timestamp("s", "UTC"))}),
            "row 1 has a datetime outside of the years 1 to 9999",
        ),
        (
            pa.table({"key": keys, "datetime": pa.array([-62_135_596_801, None], pa.timestamp("s", "UTC"))}),
            "row 0 has a datetime outside of the years 1 to 9999",
        ),
    ):
        with pytest.raises(RetrievalError, match=says):
            Index.from_vectors(tmp_path / "index", np.eye(2), table, encoder="x")
    ends = pa.array([-62_135_596_800, 253_402_300_799], pa.timestamp("s", "UTC"))
    index = Index.from_vectors(
        tmp_path / "index", np.eye(2), pa.table({"key": keys, "datetime": ends}), encoder="x"
    )
    assert [time.year for time in index.rows([0, 1])["datetime"].to_pylist()] == [1, 9999]
