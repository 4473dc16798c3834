"""Rows with geometries: GeoPackage, shapefiles, FlatGeobuf and GeoParquet as sources of knowledge."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from rsvlm.rag import Chunk, RagError
from rsvlm.rag.sources import Source, read_source

LAKE, MILL = shapely.box(500_000, 5_300_000, 501_000, 5_301_000), shapely.Point(600_000, 5_300_000)
"""In EPSG:32632."""


def read(path: Path) -> tuple[list[Chunk], Source]:
    source = read_source(path)
    return list(source.chunks()), source


def write_shapes(path: Path, crs: str | None = "EPSG:32632", layer: str | None = None, **more: Any) -> Path:
    pyogrio = pytest.importorskip("pyogrio")
    names, areas = np.array(["Moossee", "Mühle"], object), np.array([1.5, np.nan])
    pyogrio.raw.write(
        path, shapely.to_wkb([LAKE, MILL]), [names, areas], ["name", "area"], geometry_type="Unknown",
        crs=crs, layer=layer, **more,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("ending", [".gpkg", ".fgb"])
def test_vector_files(tmp_path: Path, ending: str) -> None:
    found, source = read(write_shapes(tmp_path / f"wässer{ending}"))
    lake, mill = sorted(found, key=lambda one: one.where)  # FlatGeobuf has an order of its own
    assert (source.kind, source.problems) == ("table", [])
    assert (lake.text, mill.text) == ("name: Moossee; area: 1.5", "name: Mühle")
    assert lake.bbox == pytest.approx((9.0, 47.854, 9.0134, 47.863), abs=1e-3)
    assert mill.bbox == pytest.approx((10.336, 47.845, 10.336, 47.845), abs=1e-2)


def test_all_layers_of_a_geopackage(tmp_path: Path) -> None:
    path = write_shapes(tmp_path / "a.gpkg", layer="waters")
    write_shapes(path, layer="others", append=True)
    chunks, _ = read(path)
    assert [one.text for one in chunks] == ["name: Moossee; area: 1.5", "name: Mühle"] * 2
    assert len({one.where for one in chunks}) == 4


def test_a_shapefile_is_all_of_its_files(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio")

    def write(name: str) -> None:
        pyogrio.raw.write(
            tmp_path / "lakes.shp", shapely.to_wkb([LAKE]), [np.array([name], object)], ["name"],
            geometry_type="Polygon", crs="EPSG:32632",
        )  # fmt: skip

    write("Moossee")
    (lake,), before = read(tmp_path)
    assert (lake.text, before.problems) == ("name: Moossee", [])
    assert lake.bbox == pytest.approx((9.0, 47.854, 9.0134, 47.863), abs=1e-3)
    file = tmp_path / "lakes.shp"
    digests = {read_source(file).digest, read_source(tmp_path).digest}
    write("Weiher")
    assert digests.isdisjoint({read_source(file).digest, read_source(tmp_path).digest})


def test_without_a_crs_there_are_no_places(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        file = write_shapes(tmp_path / "a.fgb", crs=None)
    chunks, source = read(file)
    assert [one.bbox for one in chunks] == [None, None]
    [problem] = source.problems
    assert "does not say in which CRS it is" in problem.reason


def test_what_only_has_the_ending_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("name,text\na,secret\n", encoding="utf-8")
    layer = f"<OGRVRTLayer name='secret'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
    linked = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    for ending in (".gpkg", ".fgb", ".shp"):
        file = tmp_path / f"a{ending}"
        file.write_text(linked, encoding="utf-8")
        with pytest.raises(RagError, match=rf"not what its ending \{ending} says"):
            read(file)


def test_a_damaged_vector_file_costs_itself_only(tmp_path: Path) -> None:
    whole = write_shapes(tmp_path / "a.gpkg").read_bytes()
    (tmp_path / "a.gpkg").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "b.kml").write_text("<kml/>", encoding="utf-8")
    (tmp_path / "c.txt").write_text("A note.", encoding="utf-8")
    (chunk,), source = read(tmp_path)
    assert chunk.text == "A note."
    damaged, other = source.problems
    assert "a.gpkg" in damaged.file
    assert (other.file.endswith("b.kml"), "save it as GeoJSON or GeoPackage" in other.reason) == (True, True)


def write_geoparquet(path: Path, crs: Any, encoding: str = "WKB") -> Path:
    """Two rows; a crs of "" is left out, which means degrees."""
    column = {"encoding": encoding, "geometry_types": []} | ({} if crs == "" else {"crs": crs})
    shapes = [LAKE, None] if crs else [shapely.box(179.5, 1, 180, 2), shapely.Point(-179.5, 1)]
    table = pa.table(
        {"name": ["Moossee", "Mühle"], "bbox": [[1.0] * 4] * 2, "shape": shapely.to_wkb(np.array(shapes))}
    )
    told = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": column}}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(told)}), path)
    return path


def test_geoparquet(tmp_path: Path) -> None:
    import pyproj

    (lake, mill), source = read(
        write_geoparquet(tmp_path / "a.parquet", pyproj.CRS("EPSG:32632").to_json_dict())
    )
    assert (lake.text, mill.text, source.problems) == ("name: Moossee", "name: Mühle", [])
    assert lake.bbox == pytest.approx((9.0, 47.854, 9.0134, 47.863), abs=1e-3)
    assert mill.bbox is None
    (lake, mill), _ = read(write_geoparquet(tmp_path / "b.parquet", ""))
    assert (lake.bbox, mill.bbox) == ((179.5, 1, 180, 2), (-179.5, 1, -179.5, 1))
    (lake, _), source = read(write_geoparquet(tmp_path / "c.parquet", None))
    assert lake.bbox == (1, 1, 1, 1)  # as its own column has it
    assert "does not say in which CRS it is" in source.problems[0].reason
    (lake, _), source = read(write_geoparquet(tmp_path / "d.parquet", {"type": "nonsense"}))
    assert "is in a CRS that is not known" in source.problems[0].reason
