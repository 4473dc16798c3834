"""GeoJSON: valid by RFC 7946, where the chips are, whatever the image's CRS."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from shapely.geometry import Point, shape

from rsvlm.classification.result import SCHEMA
from rsvlm.classification.tables import write_predictions
from rsvlm.imagery import Grid
from rsvlm.imagery.windows import grid_windows

UTM = (10.0, 0.0, 300_000.0, 0.0, -10.0, 4_000_000.0)


def written(
    tmp_path: Path, rows: list[dict[str, Any]], grids: dict[str, Grid] | None = None
) -> list[dict[str, Any]]:
    path = tmp_path / "p.geojson"
    write_predictions(pa.Table.from_pylist(rows, SCHEMA), path, grids=grids)
    text = path.read_text(encoding="utf-8")
    collection = json.loads(text)
    assert set(collection) == {"type", "features"}  # no `crs`: RFC 7946 knows WGS84 only
    assert text.count("\n") == len(rows) + 2  # a feature a line
    features: list[dict[str, Any]] = collection["features"]
    for feature in features:
        assert set(feature) == {"type", "geometry", "properties"}
        if feature["geometry"] is not None:
            check_geometry(feature["geometry"])
    return features


def check_geometry(geometry: dict[str, Any]) -> None:
    """Section 3.1.6 of RFC 7946: closed rings, the outer one anticlockwise; 3.1.9: nothing past 180 degrees."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        for number, ring in enumerate(polygon):
            assert ring[0] == ring[-1]
            assert len(ring) >= 4
            area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))
            assert (area > 0) == (number == 0)
            assert all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in ring)
    assert shape(geometry).is_valid


def tile(grid: Grid, window: tuple[int, int, int, int], **values: Any) -> dict[str, Any]:
    box = grid.window(*window).bbox()
    sides = dict(zip(("west", "south", "east", "north"), box, strict=True)) if box else {}
    place = dict(zip(("x", "y", "width", "height"), window, strict=True))
    return (
        {"image": "a.tif", "key": "a", "label": "Forest", "score": 0.93, "calibrated": False}
        | place
        | sides
        | values
    )


def test_properties_are_the_columns(tmp_path: Path) -> None:
    grid = Grid(128, 64, "EPSG:32652", UTM)
    first, second = written(
        tmp_path,
        [
            tile(grid, (0, 0, 64, 64), top_labels=["Forest", '森林 "a"'], top_scores=[0.93, 0.07]),
            tile(grid, (64, 0, 64, 64)),
        ],
    )
    assert list(first["properties"]) == SCHEMA.names
    assert first["properties"]["score"] == 0.93
    assert first["properties"]["top_labels"] == ["Forest", '森林 "a"']
    assert first["properties"]["top_scores"] == [0.93, 0.07]
    assert second["properties"]["top_labels"] is None
    assert second["properties"]["x"] == 64


def test_without_the_grid_a_chip_is_its_box(tmp_path: Path) -> None:
    grid = Grid(64, 64, "EPSG:32652", UTM)
    (feature,) = written(tmp_path, [tile(grid, (0, 0, 64, 64))])
    assert shape(feature["geometry"]).bounds == pytest.approx(grid.bbox(), abs=1e-7)
    assert len(feature["geometry"]["coordinates"][0]) == 5


def test_boxes_are_cut_at_the_antimeridian(tmp_path: Path) -> None:
    grid = Grid(400, 100, "EPSG:4326", (0.01, 0.0, 178.0, 0.0, -0.01, -16.0))
    (feature,) = written(tmp_path, [tile(grid, (100, 0, 200, 100))])
    assert feature["geometry"]["type"] == "MultiPolygon"
    east, west = sorted(shape(feature["geometry"]).geoms, key=lambda part: -part.bounds[0])
    assert east.bounds == pytest.approx((179, -17, 180, -16))
    assert west.bounds == pytest.approx((-180, -17, -179, -16))


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:32652", UTM),
        ("EPSG:32652", (8.0, 6.0, 300_000.0, 6.0, -8.0, 4_000_000.0)),  # rotated
        ("EPSG:4326", (0.01, 0.0, 178.0, 0.0, -0.01, -16.0)),  # over the antimeridian
        ("EPSG:32601", (5000.0, 0.0, -100_000.0, 0.0, -5000.0, 7_000_000.0)),  # large, and over it too
        ("EPSG:3413", (500.0, 0.0, -100_000.0, 0.0, -500.0, 75_000.0)),  # over the pole
    ],
    ids=["utm", "rotated", "antimeridian", "utm-antimeridian", "pole"],
)
def test_outlines_are_those_of_the_tiles(
    tmp_path: Path, crs: str, transform: tuple[float, float, float, float, float, float]
) -> None:
    grid = Grid(400, 300, crs, transform)
    windows = [tuple(window) for window in grid_windows(400, 300, 100).tolist()]
    features = written(tmp_path, [tile(grid, window) for window in windows], {"a.tif": grid})
    for (x, y, w, h), feature in zip(windows, features, strict=True):
        outline = shape(feature["geometry"])
        for column, row, inside in (
            (x + w / 2, y + h / 2, True),
            (x + 0.5, y + 0.5, True),
            (x + w - 0.5, y + h - 0.5, True),
            (x - 1, y + h / 2, False),
            (x + w / 2, y + h + 1, False),
        ):
            lon, lat = grid.to_lonlat([column], [row])
            assert outline.contains(Point(lon[0], lat[0])) == inside
    # straight edges need no more than their corners
    if crs == "EPSG:4326":
        assert max(len(ring) for f in features for ring in f["geometry"]["coordinates"] if len(ring) > 2) <= 5


def test_neighbours_touch_and_do_not_overlap(tmp_path: Path) -> None:
    grid = Grid(4000, 4000, "EPSG:32652", UTM)
    features = written(
        tmp_path, [tile(grid, (0, 0, 2000, 4000)), tile(grid, (2000, 0, 2000, 4000))], {"a.tif": grid}
    )
    left, right = (shape(feature["geometry"]) for feature in features)
    assert left.intersection(right).area < 1e-6 * left.area


def test_rows_without_a_place_have_no_geometry(tmp_path: Path) -> None:
    nowhere = Grid(64, 64)
    failed = {
        "image": "b.tif",
        "key": "b",
        "x": 0,
        "y": 0,
        "width": 0,
        "height": 0,
        "calibrated": False,
        "error": "gone",
    }
    features = written(
        tmp_path, [tile(nowhere, (0, 0, 64, 64)), failed], {"a.tif": nowhere, "b.tif": nowhere}
    )
    assert [feature["geometry"] for feature in features] == [None, None]
    assert features[1]["properties"]["error"] == "gone"


def test_a_grid_past_its_crs_gives_no_geometry(tmp_path: Path) -> None:
    disk = Grid(10, 10, "+proj=geos +h=35785831 +datum=WGS84", (1e6, 0.0, -5e6, 0.0, -1e6, 5e6))
    row = {"image": "a.tif", "key": "a", "x": 0, "y": 0, "width": 10, "height": 10, "calibrated": False}
    (feature,) = written(tmp_path, [row], {"a.tif": disk})
    assert feature["geometry"] is None


def test_gis_software_reads_it(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    grid = Grid(128, 64, "EPSG:32652", UTM)
    written(
        tmp_path,
        [tile(grid, (0, 0, 64, 64)), tile(Grid(64, 64), (0, 0, 64, 64), label=None)],
        {"a.tif": grid},
    )
    info = pyogrio.read_info(tmp_path / "p.geojson")
    assert info["crs"] == "EPSG:4326"
    assert info["features"] == 2
    assert {"label", "score", "x", "image"} <= set(info["fields"])
