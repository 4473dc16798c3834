"""What an index exports, asked in PostGIS: `ST_Intersects` finds the rows that `--bbox` and `--area` find."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from postgis_server import Server, postgis_server  # type: ignore[import-not-found] # beside this
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from rsvlm.imagery.boxes import split_at_antimeridian
from rsvlm.retrieval import Filter, Index

pytestmark = pytest.mark.postgis

BBox = tuple[float, float, float, float]
STEP = 15.0
"""Degrees between the lines that footprints and boxes lie on, so that many touch without having an area in common."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgis_server() as started:
        yield started


def random_box(random: np.random.Generator) -> BBox:
    """On lines that are `STEP` apart; west of its east half of the time: across the antimeridian."""
    west, east = random.integers(-12, 13, 2) * STEP
    south, north = np.sort(random.integers(-6, 7, 2)) * STEP
    return float(west), float(south), float(east), float(north)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Footprints of every kind: polygons, lines and points, many across the antimeridian; some rows are removed."""
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number in range(300):
        west, south, east, north = random_box(random)
        if number % 10 == 0:
            east, north = west, south
        elif number % 10 == 1:
            north = south
        place = {} if number % 10 == 2 else {"west": west, "south": south, "east": east, "north": north}
        rows.append({"key": f"Kachel größer/{number}.tif", "labels": ["forest"], **place})
    folder = tmp_path_factory.mktemp("made") / "index"
    made = Index.from_vectors(folder, random.normal(size=(len(rows), 4)), rows, encoder="x")
    made.remove(row["key"] for row in rows[::7])
    return made


def load_geopackage(server: Server, index: Index, folder: Path) -> None:
    pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    if shutil.which("ogr2ogr") is None:
        pytest.skip("no ogr2ogr here: install GDAL's programs (Debian: gdal-bin)")
    index.export(folder / "rows.gpkg")
    file = str(folder / "rows.gpkg")
    load = ["ogr2ogr", "-f", "PostgreSQL", f"PG:{server.address}", file, "-nln", "tiles", "-overwrite"]
    done = subprocess.run(load, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def load_geoparquet(server: Server, index: Index, folder: Path) -> None:
    index.export(folder / "rows.parquet")
    table = pq.read_table(folder / "rows.parquet", columns=["key", "geometry"])
    lines = [
        f"{row['key']}\t{row['geometry'].hex() if row['geometry'] else chr(92) + 'N'}\n"
        for row in table.to_pylist()
    ]
    server.sql("DROP TABLE IF EXISTS tiles, wkb; CREATE TABLE wkb (key text, hex text)")
    server.sql("COPY wkb FROM STDIN", "".join(lines))
    server.sql("CREATE TABLE tiles AS SELECT key, ST_GeomFromWKB(decode(hex, 'hex'), 4326) AS geom FROM wkb")


@pytest.mark.parametrize("load", [load_geopackage, load_geoparquet])
def test_postgis_finds_the_rows_that_a_filter_finds(
    server: Server, index: Index, tmp_path: Path, load: Any
) -> None:
    load(server, index, tmp_path)
    assert server.sql("SELECT count(*), count(geom), bool_and(ST_IsValid(geom)) FROM tiles") == [
        ["257", "231", "t"]
    ]

    random = np.random.default_rng(1)
    boxes = [random_box(random) for _ in range(24)] + [
        (-180.0, -90.0, 180.0, 90.0),
        (165.0, 0.0, -180.0, 15.0),
    ]
    areas = [Polygon(random.uniform((-180, -90), (180, 90), (3, 2))) for _ in range(6)]
    filters = [Filter(bbox=one) for one in boxes] + [Filter(area=one) for one in areas]
    shapes = [[box(*part) for part in split_at_antimeridian(one)] for one in boxes] + [[one] for one in areas]
    answers = intersecting(server, shapes)

    for number, filter in enumerate(filters):
        [hits] = index.search_vectors(np.ones((1, 4)), k=1000, filter=filter)
        assert answers.get(number, set()) == set(hits.keys), (filter.bbox, filter.area)
    # the boxes ask what is easy to get wrong
    assert sum(west > east for west, _, east, _ in boxes) > 5
    assert int(server.sql(joined("count(*)", "ST_Touches", shapes))[0][0]) > 100
    assert len({len(keys) for keys in answers.values()}) > 10


def intersecting(server: Server, shapes: Sequence[Sequence[BaseGeometry]]) -> dict[int, set[str]]:
    """Keys of the rows that PostGIS finds for each of the queries."""
    found: dict[int, set[str]] = {}
    for number, key in server.sql(joined("DISTINCT number, key", "ST_Intersects", shapes)):
        found.setdefault(int(number), set()).add(key)
    return found


def joined(wanted: str, predicate: str, shapes: Sequence[Sequence[BaseGeometry]]) -> str:
    asked = ", ".join(
        f"({number}, ST_GeomFromText('{part.wkt}', 4326))"
        for number, parts in enumerate(shapes)
        for part in parts
    )
    return f"SELECT {wanted} FROM tiles JOIN (VALUES {asked}) AS asked (number, shape) ON {predicate}(geom, shape)"
