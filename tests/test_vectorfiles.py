"""Vector files that would make GDAL open others, or run queries without end, are refused at every door."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rsvlm.captioning.osm import read_objects
from rsvlm.errors import RsvlmError
from rsvlm.rag.sources import read_source
from rsvlm.retrieval.features import read_features
from rsvlm.vectorfiles import name_to_open

ENDLESS = (
    "WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid, NULL AS geom FROM n"
)

Door = Callable[[Path], object]
DOORS = pytest.mark.parametrize(
    "door",
    [
        read_features,
        read_objects,
        lambda path: [*read_source(path).chunks()],
    ],
    ids=["area", "captions", "knowledge"],
)


def geopackage(path: Path, *statements: str) -> Path:
    """A layer of one point, by GDAL, and what else SQL makes of it."""
    pyogrio = pytest.importorskip("pyogrio")
    import numpy as np
    import shapely

    point = np.array([shapely.to_wkb(shapely.Point(7, 47))])
    pyogrio.raw.write(
        path,
        point,
        [np.array(["oak"], object)],
        ["name"],
        geometry_type="Point",
        crs="EPSG:4326",
        layer="trees",
    )
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


def as_layer(name: str) -> str:
    return f"INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('{name}', 'attributes', '{name}')"


@DOORS
@pytest.mark.parametrize("ending", [".gpkg", ".fgb"])
def test_a_list_of_other_files_is_not_opened(tmp_path: Path, door: Door, ending: str) -> None:
    (tmp_path / "secret.csv").write_text("WKT,name\nPOINT (7 47),secret\n")
    path = tmp_path / f"area{ending}"
    path.write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>secret.csv</SrcDataSource>'
        "<LayerSRS>EPSG:4326</LayerSRS></OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(RsvlmError, match=f"is not what its ending {ending} says"):
        door(path)


@DOORS
def test_a_view_without_end_is_refused(tmp_path: Path, door: Door) -> None:
    path = geopackage(tmp_path / "a.gpkg", f"CREATE VIEW endless AS {ENDLESS}", as_layer("endless"))
    with pytest.raises(RsvlmError, match="'endless', which is a view"):
        door(path)


def test_views_under_other_names_are_seen(tmp_path: Path) -> None:
    named = geopackage(
        tmp_path / "a.gpkg", f"CREATE VIEW geometry_columns AS {ENDLESS}", as_layer("geometry_columns")
    )
    said = geopackage(
        tmp_path / "b.gpkg", f"CREATE VIEW endless AS {ENDLESS}", "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET type = 'table' WHERE name = 'endless'",
    )  # fmt: skip
    for path in (named, said):
        with pytest.raises(ValueError, match=r"which is a view|malformed"):
            name_to_open(path, (".gpkg",))


def test_a_geopackage_with_the_views_of_the_standard_is_read(tmp_path: Path) -> None:
    path = geopackage(
        tmp_path / "a #1%.gpkg",
        "CREATE VIEW st_geometry_columns AS SELECT table_name, column_name FROM gpkg_geometry_columns",
    )
    (tree,) = read_features(path)
    assert tree["properties"]["name"] == "oak"


def test_an_area_of_another_kind_is_told_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    path.write_text("<kml/>")
    with pytest.raises(RsvlmError, match=r"no vector file that is read: give \.gpkg"):
        read_features(path)
