"""Objects of JSON: which lists in them are rows, what stands beside these, and what is nested in a row."""

import json
from pathlib import Path

import pytest

from rsvlm.rag.sources import Source, read_source


def texts(folder: Path, content: object, name: str = "a.json") -> tuple[list[str], Source]:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    source = read_source(path)
    return [one.text for one in source.chunks()], source


@pytest.mark.parametrize(
    ("content", "told"),
    [
        # several lists of objects, one after the other
        (
            {"stations": [{"name": "Alder", "elev": 12}], "rivers": [{"name": "Rhine", "km": 1233}]},
            ["name: Alder; elev: 12", "name: Rhine; km: 1233"],
        ),
        # what stands beside them is a row of its own
        (
            {"title": "Wells", "note": "Depths are in feet.", "unit": "ft", "wells": [{"name": "Alder", "depth": 9}]},
            ["name: Alder; depth: 9", "Wells: Depths are in feet.\ntitle: Wells; unit: ft"],
        ),
        # one object
        ({"name": "Alder", "elev": 12, "tags": ["a", "b"]}, ["name: Alder; elev: 12; tags: a, b"]),
        ({"name": "Alder", "elev": 12, "bbox": [10, 44, 11, 45]}, ["name: Alder; elev: 12"]),
        ({"name": "Alder", "elev": 12, "seen": []}, ["name: Alder; elev: 12"]),
        # objects of one kind under their names, and what stands beside them; but not where the names come again
        (
            {"parks": {"Elm Park": {"ha": 14}, "Quarry Park": {"ha": 31, "shut": 1987}}, "meta": {"year": 2020}},
            ["Elm Park: ha: 14", "Quarry Park: ha: 31; shut: 1987", "meta year: 2020"],
        ),
        (
            {"parks": {"Elm Park": {"ha": 14}, "Fen": {"ha": 31}}, "lakes": {"Moos": {"ha": 4}, "See": {"ha": 5}}},
            ["Elm Park: ha: 14", "Fen: ha: 31", "Moos: ha: 4", "See: ha: 5"],
        ),
        (
            {"2020": {"Elm": {"ha": 1}, "Fen": {"ha": 2}}, "2021": {"Elm": {"ha": 3}, "Fen": {"ha": 4}}},
            ["elm ha: 1; fen ha: 2", "elm ha: 3; fen ha: 4"],
        ),
        # links are neither rows nor words
        (
            {"type": "Catalog", "id": "peat", "description": "Peat of Finland.", "links": [{"href": "x"}]},
            ["peat: Peat of Finland.\ntype: Catalog"],
        ),
        # a table split into columns and rows, as pandas does
        (
            {"columns": ["name", "elev"], "index": [0, 1], "data": [["Alder", 12], ["Birch", 13]]},
            ["name: Alder; elev: 12", "name: Birch; elev: 13"],
        ),
        # the annotations of images
        (
            {"info": {"year": 2020}, "images": [{"id": 1, "width": 5}], "categories": [{"id": 3, "name": "panel"}]},
            ["width: 5", "name: panel", "info year: 2020"],
        ),
    ],
)  # fmt: skip
def test_what_is_a_row_of_an_object(tmp_path: Path, content: object, told: list[str]) -> None:
    found, source = texts(tmp_path, content)
    assert found == told
    assert source.problems == []


@pytest.mark.parametrize(
    ("crs", "box"), [({"wkid": 4326}, (1.0, 2.0, 3.0, 4.0)), ({"wkid": 102100}, None), (None, None)]
)
def test_features_as_arcgis_writes_them(tmp_path: Path, crs: object, box: tuple[float, ...] | None) -> None:
    content = {
        "displayFieldName": "", "fields": [{"name": "NAME"}], "spatialReference": crs,
        "features": [
            {"attributes": {"NAME": "Alder", "ELEV": 12}, "geometry": {"rings": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}},
            {"attributes": {"NAME": "Birch", "ELEV": 13}, "geometry": {"x": 1, "y": 2}},
            {"attributes": {"NAME": "Cedar", "ELEV": 14}}, {"attributes": {"NAME": "Oak"}, "geometry": {"rings": 3}},
        ],
    }  # fmt: skip
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    first, second, third, last = read_source(path).chunks()
    assert (first.text, first.bbox) == ("name: Alder; elev: 12", box)
    assert (second.text, second.bbox) == ("name: Birch; elev: 13", box and (1.0, 2.0, 1.0, 2.0))
    assert (third.text, third.bbox) == ("name: Cedar; elev: 14", None)
    assert (last.text, last.bbox) == ("name: Oak", None)


def test_what_is_nested_in_a_row(tmp_path: Path) -> None:
    row = {
        "site": {"code": "TU-1", "name": "Tuva"}, "values": {"ndvi": {"mean": 0.41, "std": 0.02}, "lst_c": -3.5},
        "history": [{"year": 2020, "burned": True}, {"year": 2021, "by": {"name": "Ann"}}], "tags": ["peat", "bog"],
    }  # fmt: skip
    [told], _ = texts(tmp_path, [row])
    assert told == (
        "site code: TU-1; site name: Tuva; values ndvi mean: 0.41; values ndvi std: 0.02; values lst c: -3.5; "
        "tags: peat, bog\nhistory year: 2020; history burned: True\nhistory year: 2021; history by name: Ann"
    )


def test_what_is_nested_too_deep_or_grows_too_large(tmp_path: Path) -> None:
    deep: dict[str, object] = {"value": 1}
    for _ in range(20):
        deep = {"in": deep}
    long = {"n" * 2000: {str(number): number for number in range(2000)}}
    found, source = texts(tmp_path, [{"name": "Alder", "elev": 12}, deep, long])
    assert found == ["name: Alder; elev: 12"]
    assert [problem.reason for problem in source.problems] == [
        "is nested too deep",
        "has more than 1 MiB of text",
    ]
