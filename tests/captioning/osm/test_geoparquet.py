"""GeoParquet files, plain and of Overture Maps."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
from drawing import told  # type: ignore[import-not-found]

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm import read_objects
from rsvlm.captioning.osm.overture import overture_tags

SQUARE = shapely.box(11.0, 47.0, 11.001, 47.001)
LINE = shapely.LineString([(11, 47), (11.01, 47)])


def geoparquet(
    path: Path, columns: dict[str, Any], shapes: list[Any], geo: dict[str, Any] | None = None
) -> Path:
    table = pa.table(columns | {"geometry": pa.array([shape and shapely.to_wkb(shape) for shape in shapes])})
    if geo is not None:
        told = {
            "version": "1.1.0",
            "primary_column": "geometry",
            "columns": {"geometry": {"encoding": "WKB"} | geo},
        }
        table = table.replace_schema_metadata({"geo": json.dumps(told)})
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize(
    "tags",
    [
        pa.array(
            [[("building", "house"), ("name", "x")], [("highway", "residential")]],
            pa.map_(pa.string(), pa.string()),
        ),
        pa.array([{"building": "house", "highway": None}, {"building": None, "highway": "residential"}]),
        pa.array(['{"building": "house"}', '"highway"=>"residential"']),
    ],
    ids=["map", "struct", "text"],
)
def test_a_column_of_tags(tmp_path: Path, tags: pa.Array) -> None:
    path = geoparquet(tmp_path / "a.parquet", {"id": ["way/1", "x"], "tags": tags}, [SQUARE, LINE], {})
    found = told(read_objects(path))
    assert found.pop("feature/1") == ("area", {"building": "house"})
    assert list(found.values()) == [("line", {"highway": "residential"})]


def test_columns_as_tags_in_another_crs(tmp_path: Path) -> None:
    crs = pyproj.CRS.from_epsg(32632).to_json_dict()
    shape = shapely.box(700_000, 5_200_000, 700_010, 5_200_010)
    path = geoparquet(tmp_path / "a.parquet", {"building": ["yes"], "osm_id": [4]}, [shape], {"crs": crs})
    table = read_objects(path, extents=[(11, 46, 12, 47)])
    assert told(table) == {"feature/4": ("area", {"building": "yes"})}
    assert 11.5 < table.table["west"][0].as_py() < 11.7


def overture(kind: str, path: Path, row: dict[str, Any], shape: Any) -> dict[str, tuple[str, dict[str, str]]]:
    rows = {
        "id": "08f1-a",
        "version": 1,
        "sources": [{"dataset": "OpenStreetMap"}],
        "theme": "x",
        "type": kind,
    } | row
    table = pa.Table.from_pylist([rows])
    path = geoparquet(path / "a.parquet", {name: table[name] for name in table.column_names}, [shape], {})
    found = read_objects(path)
    assert found.source["name"] == "Overture Maps"
    things: dict[str, tuple[str, dict[str, str]]] = told(found)
    return things


@pytest.mark.parametrize(
    ("kind", "row", "shape", "tags"),
    [
        ("building", {"subtype": None, "class": None, "num_floors": 2}, SQUARE, {"building": "yes"}),
        (
            "building",
            {"subtype": "religious", "class": "church", "roof_shape": "gabled"},
            SQUARE,
            {"building": "church", "roof:shape": "gabled"},
        ),
        ("land_use", {"subtype": "agriculture", "class": "farmland"}, SQUARE, {"landuse": "farmland"}),
        ("land", {"subtype": "tree", "class": "tree"}, shapely.Point(11, 47), {"natural": "tree"}),
        ("water", {"subtype": "river", "class": "river"}, LINE, {"waterway": "river"}),
        ("infrastructure", {"subtype": "pier", "class": "pier"}, SQUARE, {"man_made": "pier"}),
        (
            "segment",
            {
                "subtype": "road",
                "class": "residential",
                "road_surface": [{"value": "paved", "between": None}],
            },
            LINE,
            {"highway": "residential", "surface": "paved"},
        ),
        (
            "land_use",
            {
                "subtype": "recreation",
                "class": "pitch",
                "source_tags": [("leisure", "pitch"), ("sport", "tennis")],
            },
            SQUARE,
            {"leisure": "pitch", "sport": "tennis"},
        ),
    ],
)
def test_overture(tmp_path: Path, kind: str, row: dict[str, Any], shape: Any, tags: dict[str, str]) -> None:
    if "source_tags" in row:
        row = row | {"source_tags": dict(row["source_tags"])}
    found = overture(kind, tmp_path, row, shape)
    ((_, kept),) = found.values()
    assert kept == tags


@pytest.mark.parametrize(
    ("kind", "row", "area", "tags"),
    [
        (
            "water",
            {"subtype": "lake", "class": "lake", "is_salt": True},
            True,
            "natural=water water=lake salt=yes",
        ),
        ("water", {"subtype": "water", "class": "water"}, True, "natural=water"),
        ("water", {"subtype": "ocean", "class": "ocean"}, True, ""),
        ("water", {"subtype": "river", "class": "river"}, True, "natural=water water=river"),
        ("water", {"subtype": "human_made", "class": "swimming_pool"}, True, "leisure=swimming_pool"),
        ("segment", {"subtype": "rail", "class": "standard_gauge"}, False, "railway=rail"),
        ("segment", {"subtype": "road", "class": "unknown"}, False, ""),
        (
            "segment",
            {"subtype": "road", "class": "primary", "subclass": "link"},
            False,
            "highway=primary_link",
        ),
        (
            "segment",
            {
                "subtype": "road",
                "class": "footway",
                "subclass": "sidewalk",
                "road_flags": [{"values": ["is_bridge"]}],
            },
            False,
            "highway=footway footway=sidewalk bridge=yes",
        ),
        (
            "segment",
            {
                "subtype": "road",
                "class": "path",
                "road_flags": [{"values": ["is_tunnel"], "between": [0.0, 0.5]}],
            },
            False,
            "highway=path",
        ),
        ("land_cover", {"subtype": "crop"}, True, "landuse=farmland"),
        ("land_cover", {"subtype": "urban"}, True, ""),
        ("infrastructure", {"subtype": "power", "class": "power_tower"}, False, "power=tower"),
        ("infrastructure", {"subtype": "transit", "class": "bus_stop"}, False, ""),
        (
            "building",
            {"subtype": "residential", "class": None, "is_underground": True},
            True,
            "building=residential location=underground",
        ),
        ("place", {"class": "school"}, False, "amenity=school"),
    ],
)
def test_overture_classes(kind: str, row: dict[str, Any], area: bool, tags: str) -> None:
    assert overture_tags(kind, row, area) == [tuple(tag.split("=")) for tag in tags.split()]


def test_columns_that_say_nothing_are_told(tmp_path: Path) -> None:
    path = geoparquet(tmp_path / "a.parquet", {"id": [1], "klasse": ["Haus"]}, [SQUARE], {})
    with pytest.raises(CaptioningError, match=r"a\.parquet has no tags: its columns \(id, klasse\)"):
        read_objects(path)


@pytest.mark.parametrize(
    "damage", ["cut", "text", "no geometry", "encoding", "type", "no crs", "bad crs", "bad geo"]
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, damage: str) -> None:
    geo: Any = {"encoding": {"encoding": "point"}, "no crs": {"crs": None}, "bad crs": {"crs": "EPSG:1"}}.get(
        damage, {}
    )
    path = geoparquet(tmp_path / "a.parquet", {"building": ["yes"] * 99}, [SQUARE] * 99, geo)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("<html>", encoding="utf-8")
    elif damage == "no geometry":
        pq.write_table(pa.table({"building": ["yes"]}), path)
    elif damage == "type":
        pq.write_table(pa.table({"building": ["yes"], "geometry": ["POINT (0 0)"]}), path)
    elif damage == "bad geo":
        table = pq.read_table(path).replace_schema_metadata({"geo": "[1"})
        pq.write_table(table, path)
    with pytest.raises(CaptioningError, match=r"a\.parquet") as caught:
        read_objects(path)
    assert "\n" not in str(caught.value)
