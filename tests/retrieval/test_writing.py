"""Hits and rows as files, opened by other programs' readers."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, box, shape
from shapely.geometry.base import BaseGeometry

from rsvlm.retrieval import (
    Hits,
    Index,
    RetrievalError,
    check_output,
    feature_collection,
    snapshot,
    write_hits,
)
from rsvlm.retrieval.writing import ENDINGS, write_tables

PLACES: dict[str, tuple[float, float, float, float] | None] = {
    "/Wälder/plain.tif": (7.25, 47.0, 7.5, 47.25),
    "/Wälder/across.tif": (179.5, -17.0, -179.0, -16.0),
    "/Wälder/point.tif": (10.0, -5.0, 10.0, -5.0),
    "/Wälder/nowhere.tif": None,
    "/Wälder/gone.tif": (0.0, 0.0, 1.0, 1.0),
}
SHAPES = {
    "/Wälder/plain.tif": box(7.25, 47, 7.5, 47.25),
    "/Wälder/across.tif": MultiPolygon([box(179.5, -17, 180, -16), box(-180, -17, -179, -16)]),
    "/Wälder/point.tif": Point(10, -5),
    "/Wälder/nowhere.tif": None,
}
WHEN = datetime(2023, 9, 14, 23, 59, 59, 500_000, tzinfo=UTC)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Rows of all kinds of places; one was removed, and one has a label that it was given later."""
    rows: list[dict[str, Any]] = [
        {
            "key": key, "image": key, "captions": ['a "wood"', "Bäume; Wege"], "labels": ["forest"], "gsd": 10.0,
            "datetime": WHEN, "window": [0, 0, 64, 64],
        }
        | dict(zip(("west", "south", "east", "north"), place or [None] * 4, strict=True))
        for key, place in PLACES.items()
    ]  # fmt: skip
    rows[3] |= {"captions": None, "labels": None, "datetime": None, "gsd": float("nan"), "window": None}
    vectors = np.random.default_rng(0).normal(size=(5, 4))
    made = Index.from_vectors(tmp_path / "Ablage ä" / "index", vectors, rows, encoder="x")
    made.remove(["/Wälder/gone.tif"])
    (tmp_path / "labels.csv").write_text("path,label\n/Wälder/plain.tif,Straße\n", "utf-8")
    made.label(tmp_path / "labels.csv")
    return made


@pytest.fixture
def hits(index: Index) -> Hits:
    return index.search_vectors(np.ones((1, 4)), k=10)[0]


def assert_footprints(found: dict[str, BaseGeometry | None]) -> None:
    assert set(found) == set(SHAPES)
    for key, expected in SHAPES.items():
        known = found[key]
        assert known is expected is None or (known is not None and known.equals(expected)), key


def test_geojson(hits: Hits, tmp_path: Path) -> None:
    write_hits(hits, tmp_path / "hits.geojson")
    document = json.loads((tmp_path / "hits.geojson").read_text("utf-8"))
    assert document == json.loads(json.dumps(feature_collection(hits)))
    features = {feature["properties"]["key"]: feature for feature in document["features"]}
    assert list(features) == hits.keys
    assert_footprints({key: one["geometry"] and shape(one["geometry"]) for key, one in features.items()})
    assert features["/Wälder/plain.tif"]["properties"]["datetime"] == WHEN.isoformat()
    assert features["/Wälder/nowhere.tif"]["properties"]["gsd"] is None


def test_csv(hits: Hits, tmp_path: Path) -> None:
    write_hits(hits, tmp_path / "hits.csv")
    with (tmp_path / "hits.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["key"]: row for row in csv.DictReader(file)}
    assert list(listed) == hits.keys
    plain, nowhere = listed["/Wälder/plain.tif"], listed["/Wälder/nowhere.tif"]
    assert (plain["captions"], plain["labels"]) == ('a "wood"; Bäume; Wege', "Straße")
    assert (nowhere["west"], nowhere["gsd"], nowhere["datetime"]) == ("", "", "")


def test_geopackage_as_gdal_reads_it(hits: Hits, tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    write_hits(hits, tmp_path / "Häfen.gpkg")
    assert pyogrio.list_layers(tmp_path / "Häfen.gpkg").tolist() == [["hits", "Unknown"]]
    meta, table = pyogrio.read_arrow(tmp_path / "Häfen.gpkg")
    assert meta["crs"] == "EPSG:4326"
    rows = {row["key"]: row for row in table.to_pylist()}
    assert [row["rank"] for row in rows.values()] == [1, 2, 3, 4]
    assert list(rows) == hits.keys
    assert_footprints(
        {
            key: shapely.from_wkb(row[meta["geometry_name"]]) if row[meta["geometry_name"]] else None
            for key, row in rows.items()
        }
    )
    plain, nowhere = rows["/Wälder/plain.tif"], rows["/Wälder/nowhere.tif"]
    assert json.loads(plain["captions"]) == ['a "wood"', "Bäume; Wege"]
    assert (plain["labels"], plain["window"], plain["datetime"]) == ('["Straße"]', "[0, 0, 64, 64]", WHEN)
    assert (nowhere["labels"], nowhere["window"], nowhere["datetime"]) == (None, None, None)
    near = pyogrio.read_arrow(tmp_path / "Häfen.gpkg", bbox=(-179.5, -18, -179.2, -16.5))[1]  # by its index
    assert near["key"].to_pylist() == ["/Wälder/across.tif"]


def test_geoparquet_is_parquet_with_what_the_specification_wants(hits: Hits, tmp_path: Path) -> None:
    write_hits(hits, tmp_path / "hits.parquet")
    table = pq.read_table(tmp_path / "hits.parquet")
    assert table.column_names == [*hits.table.column_names, "geometry", "bbox"]
    assert table.drop_columns(["geometry", "bbox", "gsd"]).equals(
        hits.table.drop_columns("gsd")
    )  # NaN is no NaN
    assert json.loads(pq.read_metadata(tmp_path / "hits.parquet").metadata[b"geo"]) == {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["MultiPolygon", "Point", "Polygon"],
                "orientation": "counterclockwise",
                "bbox": [-180.0, -17.0, 180.0, 47.25],
                "covering": {
                    "bbox": {corner: ["bbox", corner] for corner in ("xmin", "ymin", "xmax", "ymax")}
                },
            }
        },
    }
    boxes = dict(zip(hits.keys, table["bbox"].to_pylist(), strict=True))
    assert boxes["/Wälder/nowhere.tif"] is None
    assert list(boxes["/Wälder/plain.tif"].items()) == [
        ("xmin", 7.25), ("ymin", 47.0), ("xmax", 7.5), ("ymax", 47.25),
    ]  # fmt: skip


def test_geoparquet_as_geopandas_reads_it(hits: Hits, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    write_hits(hits, tmp_path / "hits.parquet")
    frame = geopandas.read_parquet(tmp_path / "hits.parquet")
    assert frame.crs == "OGC:CRS84"
    assert_footprints(dict(zip(frame["key"], frame.geometry, strict=True)))
    near = geopandas.read_parquet(tmp_path / "hits.parquet", bbox=(-179.5, -18, -179.2, -16.5))
    assert near["key"].tolist() == ["/Wälder/across.tif"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_index_exports_the_rows_that_count_in_blocks(
    index: Index, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ending == ".gpkg":
        pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    monkeypatch.setattr(snapshot, "_BLOCK", 3)
    told: list[tuple[int, int]] = []
    file = tmp_path / f"rows{ending}"
    assert index.export(file, progress=lambda done, total: told.append((done, total))) == 4
    assert told == [(3, 4), (4, 4)]
    rows = read(file)
    assert [row["key"] for row in rows] == list(SHAPES)
    assert [row["labels"] for row in rows] == [
        as_text(ending, one) for one in (["Straße"], ["forest"], ["forest"], None)
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_written_as_a_file_without_rows(index: Index, tmp_path: Path, ending: str) -> None:
    if ending == ".gpkg":
        pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    index.remove(SHAPES)
    assert index.export(tmp_path / f"rows{ending}") == 0
    assert read(tmp_path / f"rows{ending}") == []


def read(file: Path) -> list[dict[str, Any]]:
    """Rows of a file, as one who does not know who wrote it reads them."""
    if file.suffix == ".gpkg":
        import pyogrio

        table = pyogrio.read_arrow(file, layer="rows")[1]
    elif file.suffix == ".parquet":
        table = pq.read_table(file)
    elif file.suffix == ".geojson":
        return [feature["properties"] for feature in json.loads(file.read_text("utf-8"))["features"]]
    else:
        with file.open(encoding="utf-8", newline="") as opened:
            return list(csv.DictReader(opened))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def as_text(ending: str, labels: list[str] | None) -> Any:
    if ending == ".csv":
        return "; ".join(labels or [])
    return labels if ending != ".gpkg" or labels is None else json.dumps(labels, ensure_ascii=False)


def test_parquet_has_a_row_group_a_block_and_the_same_bytes_again(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_BLOCK", 3)
    for name in ("one.parquet", "other.parquet"):
        index.export(tmp_path / name)
    assert pq.ParquetFile(tmp_path / "one.parquet").num_row_groups == 2
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


# What goes wrong


def test_a_file_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    for path, says in (
        (tmp_path / "hits.kml", r"hits\.kml: write \.gpkg, \.geojson, \.parquet, \.csv"),
        (tmp_path, r"write \.gpkg"),
        (tmp_path / "nowhere" / "hits.csv", "cannot be written .there is no folder"),
    ):
        with pytest.raises(RetrievalError, match=says):
            check_output(path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RetrievalError, match="is a folder: name a file in it"):
        check_output(tmp_path / "folder.csv")


def test_without_pyogrio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    with pytest.raises(
        RetrievalError, match=r"writing hits\.gpkg needs pyogrio: pip install 'rsvlm\[vector\]'"
    ):
        check_output(tmp_path / "hits.gpkg")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_stops_in_the_middle_leaves_the_older_file_alone(
    hits: Hits, tmp_path: Path, ending: str
) -> None:
    if ending == ".gpkg":
        pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    out = tmp_path / "out"
    out.mkdir()
    (out / f"rows{ending}").write_bytes(b"older")

    def damaged() -> Iterator[pa.Table]:
        yield hits.table
        raise RetrievalError("parts/00001/rows.parquet: is damaged")

    with pytest.raises(RetrievalError, match=r"^parts/00001/rows\.parquet: is damaged$"):
        write_tables(damaged(), hits.table.schema, out / f"rows{ending}", "rows")
    assert [(file.name, file.read_bytes()) for file in out.iterdir()] == [(f"rows{ending}", b"older")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_grows_too_large_is_one_line(hits: Hits, tmp_path: Path, ending: str) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process are POSIX only")
    if ending == ".gpkg":
        pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    out = tmp_path / "out"
    out.mkdir()
    many = hits.table.take(pa.array(np.random.default_rng(0).integers(0, 4, 20_000)))
    many = many.set_column(1, "score", pa.array(np.random.default_rng(0).random(20_000)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, limits[1]))
    try:
        with pytest.raises(RetrievalError, match=rf"rows\{ending}: cannot be written \(.+\)$"):
            write_tables([many], many.schema, out / f"rows{ending}", "rows")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(out.iterdir()) == []
