"""Labels from a csv, and from points and polygons, for rows that are there already."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from shapely.geometry import MultiPoint, Point, box, mapping

from rsvlm.retrieval import Filter, Index, RetrievalError


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Four tiles of one image side by side, a fifth across the antimeridian, and one without a place."""
    rows: list[dict[str, Any]] = [
        {
            "key": f"/data/scene.tif#{n}", "image": "/data/scene.tif", "labels": ["as it came"],
            "west": float(n), "east": n + 1.0, "south": 0.0, "north": 1.0,
        }
        for n in range(4)
    ]  # fmt: skip
    rows.append(
        {
            "key": "/data/far.tif",
            "image": "/data/far.tif",
            "west": 179.0,
            "east": -179.0,
            "south": 0,
            "north": 1,
        }
    )
    rows.append({"key": f"{tmp_path.as_posix()}/own.png", "image": f"{tmp_path.as_posix()}/own.png"})
    return Index.from_vectors(
        tmp_path / "index", np.random.default_rng(0).normal(size=(6, 4)), rows, encoder="x"
    )


def labels_of(index: Index) -> dict[str, list[str] | None]:
    [hits] = index.search_vectors(np.ones((1, 4)), k=100)
    return {Path(row["key"]).name: row["labels"] for row in hits}


def geojson(path: Path, *features: tuple[Any, str | None]) -> Path:
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"label": label}, "geometry": mapping(geometry)}
            for geometry, label in features
        ],
    }
    path.write_text(json.dumps(collection), "utf-8")
    return path


def test_a_csv_labels_rows_by_key_images_by_path_and_files_beside_it(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(
        "path,label\n/data/scene.tif,Wald\n/data/scene.tif#2,Feld\nown.png,Stadt\nnobody.png,x\n", "utf-8"
    )
    assert index.label(file) == 5
    assert labels_of(index) == {
        "scene.tif#0": ["Wald"], "scene.tif#1": ["Wald"], "scene.tif#2": ["Wald", "Feld"], "scene.tif#3": ["Wald"],
        "far.tif": None, "own.png": ["Stadt"],
    }  # fmt: skip


def test_points_label_footprints_and_polygons_middles(index: Index, tmp_path: Path) -> None:
    file = geojson(
        tmp_path / "labels.geojson",
        (Point(0.1, 0.1), "forest"),
        (box(0.9, 0, 2.6, 1), "field"),  # holds the middles of 1 and 2
        (MultiPoint([(3.9, 0.9), (100, 50)]), "town"),
        (Point(-179.5, 0.5), "sea"),
        (Point(1.5, 0.5), None),
    )
    assert index.label(file) == 5
    found = labels_of(index)
    assert [found[f"scene.tif#{n}"] for n in range(4)] == [["forest"], ["field"], ["field"], ["town"]]
    assert found["far.tif"] == ["sea"]
    [hits] = index.search_vectors(np.ones((1, 4)), k=9, filter=Filter(labels=["field"]))
    assert sorted(hits.keys) == ["/data/scene.tif#1", "/data/scene.tif#2"]


def test_newer_labels_take_the_place_of_older_and_stay_when_rows_come_and_go(
    index: Index, tmp_path: Path
) -> None:
    index.label(geojson(tmp_path / "one.geojson", (box(-1, -1, 5, 2), "land")))
    index.label(geojson(tmp_path / "two.geojson", (Point(2.5, 0.5), "lake")))
    index.add_vectors(np.ones((1, 4)), [{"key": "new", "labels": ["fresh"]}])
    index.remove(["/data/scene.tif#0"])
    found = labels_of(index)
    assert found["scene.tif#1"] == ["land"]
    assert found["scene.tif#2"] == ["lake"]
    assert found["new"] == ["fresh"]
    assert index.verify() == []
    assert [path.name for path in index.folder.glob("labels-*")] == ["labels-3.parquet"]
    [file] = index.folder.glob("labels-*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert [str(file) in problem for problem in index.verify()] == [True]


def test_a_geopackage_in_metres(index: Index, tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="vector files need the extra vector")
    import pyarrow as pa
    import shapely

    metres = box(1.1e5, 0, 2.9e5, 1.1e5)  # EPSG:3857: 0.99 to 2.6 degrees east
    table = pa.table({"crop": ["rice"], "geometry": [shapely.to_wkb(metres)]})
    pyogrio.write_arrow(
        table, tmp_path / "fields.gpkg", driver="GPKG", crs="EPSG:3857",
        geometry_type="Polygon", geometry_name="geometry",
    )  # fmt: skip
    assert index.label(tmp_path / "fields.gpkg", column="crop") == 2
    assert [labels_of(index)[f"scene.tif#{n}"] for n in (1, 2)] == [["rice"], ["rice"]]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("labels.csv", "path,crop\n/data/far.tif,rice\n", "has no column label; it has path, crop"),
        ("labels.csv", "place,label\nx,rice\n", "has no column path; it has place, label"),
        ("labels.csv", "path,label\nnowhere.tif,rice\n", "nothing in it belongs to a row"),
        (
            "labels.csv",
            "path,label\n/data/far.tif,\n/data/far.tif, \n",
            "none of its lines or features has a label",
        ),
        ("labels.csv", "", "is empty: give columns path and label"),
        ("labels.parquet", "no table", "cannot be read"),
        (
            "labels.geojson",
            '{"type": "Point", "coordinates": [0.5, 0.5]}',
            "has no column label; it has none",
        ),
        ("labels.geojson", "no json", "is no GeoJSON"),
        ("labels.gpkg", "no database", "is not what its ending .gpkg says"),
    ],
)
def test_a_file_without_labels_is_refused_and_nothing_changes(
    index: Index, tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content)
    before = labels_of(index)
    with pytest.raises(RetrievalError, match=says):
        index.label(tmp_path / name)
    assert labels_of(index) == before
    assert index.manifest.change == 1


def test_a_point_labels_one_of_the_chips_whose_boxes_overlap(tmp_path: Path) -> None:
    """Boxes in degrees around chips that stand askew overlap; those of other images are labelled, too."""
    edges = {"south": 0.0, "north": 1.0}
    rows: list[dict[str, Any]] = [
        {"key": "s#0", "image": "s", "window": [0, 0, 9, 9], "west": 0.0, "east": 1.1, **edges},
        {"key": "s#1", "image": "s", "window": [9, 0, 9, 9], "west": 0.9, "east": 2.0, **edges},
        {"key": "t#0", "image": "t", "window": [0, 0, 9, 9], "west": 0.5, "east": 1.5, **edges},
        {"key": "u", "image": "u", "west": 0.5, "east": 1.5, **edges},
    ]
    index = Index.from_vectors(tmp_path / "index", np.eye(4), rows, encoder="x")
    file = geojson(tmp_path / "labels.geojson", (Point(0.95, 0.5), "west"), (Point(1.05, 0.5), "east"))
    assert index.label(file) == 4
    found = labels_of(index)
    assert (found["s#0"], found["s#1"], found["t#0"], found["u"]) == (
        ["west"], ["east"], ["west", "east"], ["west", "east"],
    )  # fmt: skip


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "csv", "parquet"])
def test_what_was_exported_gives_its_labels_back(index: Index, tmp_path: Path, ending: str) -> None:
    if ending == "gpkg":
        pytest.importorskip("pyogrio", reason="vector files need the extra vector")
    (tmp_path / "labels.csv").write_text(
        "path,label\n/data/scene.tif#1,sea; Grün\n/data/far.tif,3\n", "utf-8"
    )
    index.label(tmp_path / "labels.csv")
    before = labels_of(index)
    assert (before["scene.tif#1"], before["far.tif"]) == (["sea", "Grün"], ["3"])
    index.export(tmp_path / f"rows.{ending}")
    (tmp_path / "other.csv").write_text(
        "path,label\n/data/scene.tif,other\n/data/far.tif,none of these\n", "utf-8"
    )
    assert index.label(tmp_path / "other.csv") == 4
    assert labels_of(index)["far.tif"] == []  # taken away
    index.label(tmp_path / f"rows.{ending}")
    found = labels_of(index)
    assert {key: found[key] for key in before if before[key]} == {
        key: one for key, one in before.items() if one
    }


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "parquet"])
def test_rows_without_a_place_get_their_exported_labels_back_by_key(tmp_path: Path, ending: str) -> None:
    if ending == "gpkg":
        pytest.importorskip("pyogrio", reason="vector files need the extra vector")
    place = {"west": 0.0, "east": 1.0, "south": 0.0, "north": 1.0}
    rows: list[dict[str, Any]] = [
        {"key": "/a.png", "image": "/a.png", "labels": ["sea"]},
        {"key": "/b.png", "image": "/b.png", "labels": ["ice"], **place},
        {"key": "/c.png", "image": "/c.png", **place},  # at the same place: the polygon of b is not its label
    ]
    index = Index.from_vectors(tmp_path / "index", np.eye(4)[:3], rows, encoder="x")
    index.export(tmp_path / f"rows.{ending}")
    assert index.label(tmp_path / f"rows.{ending}") == 2
    assert labels_of(index) == {"a.png": ["sea"], "b.png": ["ice"], "c.png": None}


def test_what_is_not_a_number_is_no_label(index: Index, tmp_path: Path) -> None:
    """Neither as pandas writes it into a csv nor as a column of numbers with gaps has it."""
    file = tmp_path / "labels.csv"
    file.write_text(
        "path,label\n/data/far.tif,nan\n/data/scene.tif#1,NaN; sea\n/data/scene.tif#2,3.0\n", "utf-8"
    )
    assert index.label(file) == 2
    expected = {"scene.tif#0": ["as it came"], "scene.tif#1": ["sea"], "scene.tif#2": ["3.0"]}
    expected |= {"scene.tif#3": ["as it came"]}
    assert labels_of(index) == {**expected, "far.tif": None, "own.png": None}
    points = tmp_path / "points.geojson"
    features = [
        {"type": "Feature", "properties": {"label": label}, "geometry": mapping(Point(x, 0.5))}
        for x, label in ((0.5, float("nan")), (1.5, 4.0))
    ]
    points.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    assert index.label(points) == 1
    assert labels_of(index) == {**expected, "scene.tif#1": ["4"], "far.tif": None, "own.png": None}


def test_a_feature_whose_key_is_a_list_goes_by_its_place(index: Index, tmp_path: Path) -> None:
    properties = {"label": "sea", "key": ["/data/far.tif"]}
    feature = {"type": "Feature", "properties": properties, "geometry": mapping(Point(1.5, 0.5))}
    file = tmp_path / "one.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    assert index.label(file) == 1
    assert labels_of(index)["scene.tif#1"] == ["sea"]


def test_many_chips_of_one_image_are_labelled_in_a_time_that_grows_with_them(tmp_path: Path) -> None:
    count = 30_000
    keys = [f"/data/scene.tif#{n}" for n in range(count)]
    table = pa.table({"key": keys, "image": ["/data/scene.tif"] * count})
    index = Index.from_vectors(tmp_path / "index", np.ones((count, 1)), table, encoder="x")
    file = tmp_path / "labels.csv"
    file.write_text("path,label\n" + "/data/scene.tif,sea\n" * 1000 + f"{keys[7]},ice\n", "utf-8")
    begun = time.process_time()
    assert index.label(file) == count
    assert time.process_time() - begun < 3, "for each chip it was looked for among all others"
    assert index.rows([7])["labels"].to_pylist() == [["sea", "ice"]]


def test_several_labels_of_a_row_and_labels_that_are_taken_away_are_told(
    index: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(
        "path,label\n/data/far.tif,sea\n/data/far.tif,ice\n/data/scene.tif,none of these\n", "utf-8"
    )
    assert index.label(file) == 1
    assert "1 of 5 rows have several labels, the first is /data/far.tif (sea; ice); --memory" in caplog.text
    assert "4 rows have no label any more" in caplog.text
    caplog.clear()
    assert index.label(geojson(tmp_path / "one.geojson", (box(-1, -1, 5, 2), "land"))) == 4
    assert caplog.text == ""


def test_a_polygon_beyond_180_labels_what_lies_on_both_sides(index: Index, tmp_path: Path) -> None:
    assert index.label(geojson(tmp_path / "one.geojson", (box(179.8, 0, 180.05, 1), "sea"))) == 1
    assert labels_of(index)["far.tif"] == ["sea"]
    for area in (box(180.5, 0, 181.5, 1), mapping(box(180.5, 0, 181.5, 1)), box(-181, 0, -180.5, 1)):
        [hits] = index.search_vectors(np.ones((1, 4)), filter=Filter(area=area))
        assert hits.keys == ["/data/far.tif"]


def test_what_belongs_to_no_row_is_told(
    index: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("path,label\nsea.tif,x\n/data/far.tif,y\nsky.tif,z\n", "utf-8")
    assert index.label(file) == 1
    assert "2 of its labels belong to no row, the first is that of sea.tif" in caplog.text
    places = geojson(tmp_path / "a.geojson", (Point(0.5, 0.5), "a"), (Point(50, 50), "b"), (Point(), "c"))
    places.write_bytes(b"\xef\xbb\xbf" + places.read_bytes())  # as Windows writes it
    assert index.label(places) == 1
    assert "2 of its labels belong to no row, the first is that of feature 1" in caplog.text
