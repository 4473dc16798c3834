"""Features with OpenStreetMap-like columns: GeoJSON, GeoPackage, FlatGeobuf."""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from drawing import told  # type: ignore[import-not-found]

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm import read_objects
from rsvlm.captioning.osm.attributes import bag_tags, column_keys, value_text

pyogrio = pytest.importorskip("pyogrio")

SQUARE = shapely.box(11.0, 47.0, 11.001, 47.001)


def geojson(path: Path, features: list[tuple[Any, dict[str, Any]]], **more: Any) -> Path:
    """Write features (geometry or None, properties)."""
    items = [
        {"type": "Feature", "properties": own, "geometry": shape and json.loads(shapely.to_geojson(shape))}
        for shape, own in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items, **more}), encoding="utf-8")
    return path


def test_geojson_with_columns_and_a_bag(tmp_path: Path) -> None:
    line = shapely.LineString([(11, 47), (11.01, 47)])
    features = [
        (SQUARE, {"osm_id": 12, "building": "house", "roof_shape": "flat", "landuse": "", "height": None}),
        (
            line,
            {"osm_id": 13, "other_tags": '"highway"=>"residential","name"=>"\\"A\\" => B"', "building": None},
        ),
        (shapely.Point(11, 47), {"osm_id": 14, "building": "", "zzz": "x"}),
    ]
    table = read_objects(geojson(tmp_path / "a.geojson", features))
    assert told(table) == {
        "feature/12": ("area", {"building": "house", "roof:shape": "flat"}),
        "feature/13": ("line", {"highway": "residential"}),
    }
    assert table.counts["without_used_tag"] == 1


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.geojson"])
@pytest.mark.parametrize("epsg", [4326, 32632, 3857])
def test_any_crs_comes_to_wgs84(tmp_path: Path, name: str, epsg: int) -> None:
    from pyproj import Transformer

    forward = Transformer.from_crs(4326, epsg, always_xy=True)
    shape = shapely.transform(SQUARE, lambda xy: np.column_stack(forward.transform(*xy.T)))
    pyogrio.raw.write(
        tmp_path / name,
        geometry=np.array([shapely.to_wkb(shape)]),
        field_data=[np.array(["yes"], object), np.array([7])],
        fields=["building", "osm_id"],
        crs=f"EPSG:{epsg}",
        geometry_type="Polygon",
        **({"RFC7946": "NO"} if name.endswith("json") else {}),
    )
    table = read_objects(tmp_path / name, extents=[(10.9, 46.9, 11.1, 47.1)])
    assert told(table) == {"feature/7": ("area", {"building": "yes"})}
    found = shapely.from_wkb(table.table["geometry"][0].as_py())
    assert shapely.hausdorff_distance(found, SQUARE) < 1e-7
    assert table.table["east"][0].as_py() == pytest.approx(11.001)


def test_metres_that_are_said_to_be_degrees_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    feature = {
        "type": "Feature",
        "properties": {"building": "yes"},
        "geometry": {"type": "Point", "coordinates": [500010, 5538000]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    with pytest.raises(
        CaptioningError, match=r"said to be in degrees, but 500010, 5538000 are none: .*a_srs"
    ):
        read_objects(path)


def test_all_layers_of_a_geopackage_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for layer, key, shape in (("points", "natural", shapely.Point(11, 47)), ("polygons", "building", SQUARE)):
        value = np.array(["tree" if key == "natural" else "yes"], object)
        pyogrio.raw.write(
            path,
            geometry=np.array([shapely.to_wkb(shape)]),
            field_data=[value],
            fields=[key],
            crs="EPSG:4326",
            layer=layer,
            geometry_type=shape.geom_type,
            append=layer != "points",
        )
    shapes = [shape for shape, _ in told(read_objects(path)).values()]
    assert sorted(shapes) == ["area", "point"]


def write_layer(path: Path, layer: str, column: str, value: str, crs: str = "EPSG:4326", **more: Any) -> None:
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.to_wkb(SQUARE)]),
        field_data=[np.array([value], object)],
        fields=[column],
        crs=crs,
        layer=layer,
        geometry_type="Polygon",
        append=path.exists(),
        **more,
    )


def forget_the_crs(path: Path, layer: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE gpkg_geometry_columns SET srs_id = -1 WHERE table_name = ?", (layer,))
    db.close()


def test_a_layer_without_tags_is_not_read_whatever_its_crs(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write_layer(path, "sheets", "sheet", "4711")
    write_layer(path, "houses", "building", "house")
    forget_the_crs(path, "sheets")
    table = read_objects(path)
    assert [tags for _, tags in told(table).values()] == [{"building": "house"}]
    assert (table.counts["read"], table.counts["without_used_tag"]) == (2, 1)
    forget_the_crs(path, "houses")
    with pytest.raises(CaptioningError, match=r"layer 'houses' of .*a\.gpkg cannot be brought to WGS84"):
        read_objects(path)


def test_columns_that_say_nothing_are_told(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [(SQUARE, {"osm_id": 1, "klasse": "Haus"})])
    with pytest.raises(CaptioningError, match=r"a\.geojson has no tags: its columns \(osm_id, klasse\)"):
        read_objects(path)
    path = geojson(tmp_path / "b.geojson", [(SQUARE, {f"c{n}": n for n in range(20)})])
    with pytest.raises(CaptioningError, match=r"c10, c11 and 8 more\)"):
        read_objects(path)
    path = geojson(tmp_path / "c.geojson", [(SQUARE, {})])
    with pytest.raises(CaptioningError, match=r"its columns \(none\)"):
        read_objects(path)


@pytest.mark.parametrize("value", [0, 0.0, "0", "None", "nan", "NULL", "False", "N", "", " no ", False])
def test_a_column_that_denies_a_thing_makes_none_and_hides_none(tmp_path: Path, value: Any) -> None:
    moved = shapely.transform(SQUARE, lambda xy: xy + 1)
    features = [
        (SQUARE, {"id": 1, "building": value, "tunnel": None}),
        (moved, {"id": 2, "building": "yes" if isinstance(value, str) else 1, "tunnel": value}),
    ]
    found = told(read_objects(geojson(tmp_path / "a.geojson", features)))
    assert list(found) == ["feature/2"]
    assert list(found["feature/2"][1]) == ["building"]


def test_an_area_in_pieces_is_as_many_things(tmp_path: Path) -> None:
    houses = [shapely.transform(SQUARE, lambda xy, by=by: xy + by) for by in (0, 1, 2)]
    speck = shapely.box(14, 47, 14 + 1e-8, 47 + 1e-8)
    together = shapely.MultiPolygon([*houses, speck])
    features = [
        (together, {"id": 5, "building": "house"}),
        (shapely.MultiPolygon(houses[:1]), {"id": 6, "building": "house"}),
        (together, {"id": 7, "zzz": "x"}),
    ]
    path = geojson(tmp_path / "a.geojson", features)
    table = read_objects(path)
    assert len(table) == table.counts["kept"] == 4
    assert table.counts["read"] == 5 == sum(table.counts.values()) - 5
    rows = table.table.to_pylist()
    areas = shapely.area(shapely.from_wkb([row["geometry"] for row in rows]))
    assert areas == pytest.approx([SQUARE.area] * 4)
    assert 6 in {row["id"] for row in rows}
    # a piece has the same id whatever else is kept
    last = read_objects(path, extents=[(12.9, 48.9, 13.1, 49.1)]).table.to_pylist()
    assert [row["id"] for row in last] == [row["id"] for row in rows if row["west"] > 12.5]


def test_lines_in_pieces_stay_one_thing(tmp_path: Path) -> None:
    pieces = shapely.MultiLineString([[(11, 47), (11.01, 47)], [(11.02, 47), (11.03, 47)]])
    table = read_objects(geojson(tmp_path / "a.geojson", [(pieces, {"id": 5, "highway": "primary"})]))
    assert told(table) == {"feature/5": ("line", {"highway": "primary"})}


def test_ids_are_numbers_or_made_from_what_the_feature_is(tmp_path: Path) -> None:
    house = {"building": "yes"}
    moved = shapely.transform(SQUARE, lambda xy: xy + 1)
    features = [
        (SQUARE, house | {"id": "way/5"}),
        (moved, house | {"id": "way/5"}),  # the same number for another thing
        (SQUARE, house | {"id": "a-b-c"}),
        (SQUARE, house),
        (moved, house),
        (SQUARE, house),  # the same once more
    ]
    path = geojson(tmp_path / "a.geojson", features)
    ids = read_objects(path).table["id"].to_pylist()
    assert 5 in ids
    assert len(ids) == len(set(ids)) == 5
    assert min(ids) >= 0
    assert read_objects(path).table["id"].to_pylist() == ids


def test_odd_geometry_is_tidied_or_counted(tmp_path: Path) -> None:
    house = {"building": "yes"}
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    flat = shapely.Polygon([(0, 0), (1, 0), (2, 0)])
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(2, 2), (3, 3)])])
    features = [
        (bow, house | {"id": 1}),
        (flat, house | {"id": 2}),
        (mixed, house | {"id": 3}),
        (None, house | {"id": 4}),
        (shapely.Point(11, 91), house | {"id": 5}),
        (shapely.MultiPoint([(1, 1)]), house | {"id": 6}),
        (shapely.MultiPoint([(1, 1), (2, 2)]), house | {"id": 7}),
        (shapely.LineString([(1, 1), (1, 1)]), house | {"id": 8}),
        (shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)]), house | {"id": 9}),
    ]
    table = read_objects(geojson(tmp_path / "a.geojson", features))
    shapes = {name: shape for name, (shape, _) in told(table).items()}
    assert shapes == {"feature/1": "area", "feature/3": "area", "feature/6": "point", "feature/9": "area"}
    geometry = shapely.from_wkb(table.table["geometry"].to_pylist())
    assert shapely.is_valid(geometry).all()
    assert not shapely.has_z(geometry).any()
    assert table.counts["invalid"] == 5


def test_spacenet_columns(data_dir: Path) -> None:
    table = read_objects(data_dir / "spacenet-atlanta" / "buildings.geojson")
    assert len(table) == 43
    assert {shape for shape, _ in told(table).values()} == {"area"}
    assert -85 < table.table["west"][0].as_py() < -84


def test_columns_and_their_keys() -> None:
    keys = ["building", "roof:shape", "generator:source", "generator:method", "construction", "surface"]
    columns = [
        "Building",
        "roof_shape",
        "roof:shape",
        "constructi",
        "generator_",
        "generator:",
        "surf",
        "construct",
    ]
    assert column_keys(columns, keys) == {
        "Building": "building",
        "roof_shape": "roof:shape",
        "roof:shape": "roof:shape",
        "constructi": "construction",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (2.0, "2"),
        (2.5, "2.5"),
        (3, "3"),
        (True, "yes"),
        (" x ", "x"),
        (b"x", ""),
    ],
)
def test_values_as_openstreetmap_writes_them(value: object, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    "bag",
    [
        '"a"=>"1","b"=>"x \\"y\\", \\\\z"',
        '{"a": 1, "b": "x \\"y\\", \\\\z", "c": null}',
        {"a": 1, "b": 'x "y", \\z', "c": None},
        [("a", "1"), ("b", 'x "y", \\z')],
        [{"key": "a", "value": "1"}, {"key": "b", "value": 'x "y", \\z'}],
    ],
)
def test_bags_of_tags(bag: object) -> None:
    assert bag_tags(bag) == [("a", "1"), ("b", 'x "y", \\z')]


@pytest.mark.parametrize("bag", [None, "", "{", "no pairs", 5, [], {}, [("a",)], '{"a": {"b": 1}}', "[1]"])
def test_bags_without_tags(bag: object) -> None:
    assert bag_tags(bag) == []


VRT = (
    b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"
    b"</OGRVRTDataSource>"
)


@pytest.mark.filterwarnings("ignore:GPKG:RuntimeWarning")  # GDAL's own word on the damage
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.geojson", b"", "is empty"),
        ("a.geojson", VRT, "not what its ending"),
        ("a.gpkg", VRT, "not what its ending"),
        ("a.fgb", b"<html></html>", "not what its ending"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "cannot be read"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "no feature"),
        ("a.geojson", b'{"a": 1}', "cannot be read"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(200), "not what its ending"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(52) + b"GPKG" + bytes(200), "cannot be read"),
        ("a.fgb", b"fgb\x03fgb\x00" + bytes(20), "cannot be read|no feature"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CaptioningError, match=reason) as caught:
        read_objects(path)
    assert "\n" not in str(caught.value)


def test_without_a_crs_nothing_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.raw.write(
            path,
            geometry=np.array([shapely.to_wkb(SQUARE)]),
            field_data=[np.array(["yes"], object)],
            fields=["building"],
            geometry_type="Polygon",
        )
    with sqlite3.connect(path) as db:
        db.execute("UPDATE gpkg_geometry_columns SET srs_id = -1")
    db.close()
    with pytest.raises(CaptioningError, match=r"a\.gpkg cannot be brought to WGS84.*ogr2ogr"):
        read_objects(path)


def test_without_pyogrio_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    with pytest.raises(CaptioningError, match=r"pip install 'rsvlm\[vector\]'"):
        read_objects(geojson(tmp_path / "a.geojson", [(SQUARE, {"building": "yes"})]))
