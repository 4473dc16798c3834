"""What a table says of images stays where they are named again; pictures are read as the index's were; filters."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from colours import Colours  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.datasets import DatasetError
from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Filter, Hits, Index, RetrievalError
from rsvlm.retrieval.areas import read_area

COLOURS = {"a": (200, 30, 30), "b": (30, 200, 30), "c": (30, 30, 200)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, and a table that says something of two."""
    place = tmp_path / "set"
    place.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (32, 32), colour).save(place / f"{name}.png")
    rows = [
        "path,label,datetime,latitude,longitude,caption",
        "a.png,roof,2023-09-14,49,8,a roof",
        "b.png,wood,,,,",
    ]
    (place / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    return place


def rows_of(index: Index) -> dict[str, dict[str, Any]]:
    return {Path(row["key"]).name: row for table in index.tables() for row in table.to_pylist()}


@pytest.mark.parametrize("order", [0, 1])
def test_a_table_and_the_folder_of_its_images(folder: Path, tmp_path: Path, order: int) -> None:
    named = [folder / "list.csv", folder] if order else [folder, folder / "list.csv"]
    index = Index.build(named, tmp_path / "index", Colours(), licence="CC0")
    rows = rows_of(index)
    assert sorted(rows) == ["a.png", "b.png", "c.png"]
    assert (rows["a.png"]["labels"], rows["b.png"]["labels"], rows["c.png"]["labels"]) == (
        ["roof"],
        ["wood"],
        None,
    )
    assert (rows["a.png"]["captions"], str(rows["a.png"]["datetime"])[:10]) == (["a roof"], "2023-09-14")
    assert (rows["a.png"]["west"], rows["a.png"]["north"]) == (8, 49)
    assert index.verify() == []


def test_what_a_table_said_stays_where_the_image_is_added_again(folder: Path, tmp_path: Path) -> None:
    index = Index.build(folder / "list.csv", tmp_path / "index", Colours(), licence="CC BY 4.0")
    Image.new("RGB", (32, 32), COLOURS["c"]).save(folder / "a.png")
    index.add(folder / "a.png")
    row = rows_of(index)["a.png"]
    assert (row["labels"], row["captions"], row["west"], row["licence"]) == (
        ["roof"],
        ["a roof"],
        8,
        "CC BY 4.0",
    )
    hits = index.search("blue", k=1)
    assert isinstance(hits, Hits)
    assert [Path(one["key"]).name for one in hits] == ["a.png"]
    (folder / "new.csv").write_text("path,label\na.png,lake\n", encoding="utf-8")
    index.add(folder / "new.csv", licence="CC0")
    row = rows_of(index)["a.png"]
    assert (row["labels"], row["captions"], row["licence"]) == (["lake"], ["a roof"], "CC0")
    assert Index(index.folder, Colours()).verify() == []


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_picture_is_read_as_those_of_the_index(tmp_path: Path) -> None:
    for name, first in (("a", 200), ("b", 1900)):
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", driver="GTiff", width=16, height=16, count=4, dtype="uint16"
        ) as file:
            steps = np.arange(256, dtype=np.uint16).reshape(16, 16)
            file.write(np.stack([np.full((16, 16), first, np.uint16), steps, steps[::-1], steps.T]))
    options = ChipOptions(bands=("red", "green", "blue", "nir"), stretch="0..2000")
    files = [tmp_path / "a.tif", tmp_path / "b.tif"]
    index = Index.build(files, tmp_path / "index", Colours(), options=options)
    for file in files:
        hits = index.search(image=file, k=1)
        assert isinstance(hits, Hits)
        assert [(Path(one["key"]).name, round(one["score"], 6)) for one in hits] == [(file.name, 1.0)]
    Image.new("RGB", (16, 16), COLOURS["a"]).save(tmp_path / "plain.png")
    assert len(index.search(image=tmp_path / "plain.png", k=2)) == 2  # has not these bands


def test_labels_in_letters_that_have_several_small_ones(folder: Path, tmp_path: Path) -> None:
    labels = ["\u0130stanbul", "\u0394\u0391\u03a3\u039f\u03a3"]
    (folder / "list.csv").write_text(f"path,label\na.png,{labels[0]}\nb.png,{labels[1]}\n", encoding="utf-8")
    index = Index.build(folder / "list.csv", tmp_path / "index", Colours())
    for label, name in zip(labels, ("a.png", "b.png"), strict=True):
        hits = index.search("red", labels=[label])
        assert isinstance(hits, Hits)
        assert [Path(row["key"]).name for row in hits] == [name]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2023-09-14T02", "02:59:59.999999"),
        ("2023-09-14T02:11", "02:11:59.999999"),
        ("2023-09-14 02:11:30", "02:11:30.000000"),
        ("2023-09-14T02:11:30.5", "02:11:30.500000"),
        ("2023-09-14T04:11+02:00", "02:11:59.999999"),
        ("2023-09-14T02:11Z", "02:11:59.999999"),
    ],
)
def test_an_end_lasts_as_long_as_what_is_said_of_it(end: str, last: str) -> None:
    start, moment = Filter(start=end, end=end).moments
    assert moment is not None
    assert start is not None
    assert moment.astimezone(tz=start.tzinfo).strftime("%H:%M:%S.%f") in (last, last.replace("02:", "04:", 1))
    assert start <= moment


def _square(folder: Path, crs: str) -> Path:
    """GeoJSON of before 2016, which names its CRS."""
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    content = {
        "type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": square}],
        "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}},
    }  # fmt: skip
    (folder / "a.geojson").write_text(json.dumps(content), encoding="utf-8")
    return folder / "a.geojson"


def test_areas_that_would_be_taken_for_others(tmp_path: Path) -> None:
    for crs, says in (("EPSG::999999", "write it in longitude and latitude"), ("OGC:1.3:CRS84", None)):
        file = _square(tmp_path, crs)
        if says:
            with pytest.raises(RetrievalError, match=says):
                read_area(file)
        else:
            assert read_area(file).area == 0.5
    assert read_area(_square(tmp_path, "EPSG::3857")).bounds[2:] == pytest.approx(
        (8.983e-6, 8.983e-6), rel=1e-3
    )
    content = json.loads(_square(tmp_path, "EPSG::3857").read_text("utf-8"))
    area = Filter(area=content).area
    assert area is not None
    assert area.bounds == read_area(tmp_path / "a.geojson").bounds
    with pytest.raises(RetrievalError, match=r"^area: is in .*EPSG::999999"):
        Filter(area=json.loads(_square(tmp_path, "EPSG::999999").read_text("utf-8")))
    with pytest.raises(RetrievalError, match="is a folder; name a file with polygons"):
        read_area(tmp_path)


def test_a_file_with_several_layers_is_refused(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    import shapely

    for layer in ("first", "second"):
        pyogrio.raw.write(
            tmp_path / "a.gpkg", shapely.to_wkb([shapely.box(0, 0, 1, 1)]), [np.array(["x"], object)], ["name"],
            geometry_type="Polygon", crs="EPSG:4326", layer=layer, append=layer == "second",
        )  # fmt: skip
    with pytest.raises(RetrievalError, match=r"has the layers first, second; save the one that is meant"):
        read_area(tmp_path / "a.gpkg")


def test_times_of_tables_in_other_forms_and_those_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    table = folder / "when.csv"
    table.write_text("path;date\na.png;05/06/2011\nb.png;31/05/2011\nc.png;summer\n", encoding="utf-8")
    index = Index.build(table, tmp_path / "index", Colours())
    rows = rows_of(index)
    assert [str(rows[f"{name}.png"]["datetime"])[:10] for name in "abc"] == [
        "2011-06-05",
        "2011-05-31",
        "None",
    ]
    assert index.report is not None
    assert index.report.notes == [f"{table}: 1 of 3 times cannot be read, as 'summer' (write 2011-05-31)"]
    hits = index.search("red", start="2011-06", end="2011-06")
    assert isinstance(hits, Hits)
    assert [Path(hit["key"]).name for hit in hits] == ["a.png"]
    (folder / "labels.tsv").write_text("Filename\tLabel\nb.png\twood, dense\n", encoding="utf-8")
    assert index.label(folder / "labels.tsv") == 1
    assert rows_of(index)["b.png"]["labels"] == ["wood, dense"]


def test_times_that_name_no_day_are_told(folder: Path, tmp_path: Path) -> None:
    table = folder / "when.csv"
    table.write_text("path,year\na.png,2011\nb.png,Jan 2011\nc.png,2011-05-31\n", encoding="utf-8")
    index = Index.build(table, tmp_path / "index", Colours())
    assert index.report is not None
    assert index.report.notes == [
        f"{table}: 2 of 3 times name only a year or a month, as '2011': each is taken as its first day"
    ]


@pytest.mark.parametrize(
    ("longitude", "latitude", "says"),
    [
        ("8", "52,1", "row 2: lat '52,1' is no number of degrees: mend it, or leave it empty"),
        ("east", "52", "row 2: lon 'east' is no number of degrees"),
        ("8", "95", "row 2: lon 8 and lat 95 must be degrees, at most 360 and 90; are they swapped"),
    ],
)
def test_a_place_that_is_none_is_named_by_row_and_value(
    folder: Path, tmp_path: Path, longitude: str, latitude: str, says: str
) -> None:
    table = folder / "where.tsv"
    table.write_text(f"path\tlon\tlat\na.png\t8\t49\nb.png\t{longitude}\t{latitude}\nc.png\t\t\n", "utf-8")
    with pytest.raises(DatasetError, match=says):
        Index.build(table, tmp_path / "index", Colours())


def made(folder: Path, rows: Any) -> list[dict[str, Any]]:
    index = Index.from_vectors(folder, np.eye(len(rows)), rows, encoder="x")
    found: list[dict[str, Any]] = index.rows(index.numbers()).to_pylist()
    return found


def test_one_label_and_one_caption_need_no_list(tmp_path: Path) -> None:
    rows = [
        {"key": "a", "labels": "Forest", "captions": "a river"},
        {"key": "b", "labels": ["Forest", "River"]},
    ]
    first, second = made(tmp_path / "index", rows)
    assert (first["labels"], first["captions"]) == (["Forest"], ["a river"])
    assert (second["labels"], second["captions"]) == (["Forest", "River"], None)


def test_times_of_rows_are_what_people_write(tmp_path: Path) -> None:
    times = [
        "2023-09-14",
        "2023-09-14T02:00:00+02:00",
        date(2023, 9, 14),
        np.datetime64("2023-09-14"),
        "14.9.2023",
    ]
    rows = made(tmp_path / "index", [{"key": str(n), "datetime": time} for n, time in enumerate(times)])
    assert {row["datetime"] for row in rows} == {datetime(2023, 9, 14, tzinfo=UTC)}
    with pytest.raises(
        RetrievalError, match=r"^row 1: datetime 'yesterday' is no time: give a datetime, 2023-09-14"
    ):
        made(tmp_path / "other", [{"key": "a"}, {"key": "b", "datetime": "yesterday"}])


def test_rows_may_be_a_data_frame(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "key": ["a", "b"], "labels": ["Forest", None], "gsd": [1.5, float("nan")],
            "datetime": pandas.to_datetime(["2023-09-14", None]), "licence": [float("nan"), "CC BY 4.0"],
        }
    )  # fmt: skip
    first, second = made(tmp_path / "index", frame)
    assert (first["labels"], first["gsd"], first["licence"]) == (["Forest"], 1.5, None)
    assert first["datetime"] == datetime(2023, 9, 14, tzinfo=UTC)
    told = ("labels", "gsd", "datetime", "licence")
    assert [second[name] for name in told] == [None, None, None, "CC BY 4.0"]
    with pytest.raises(RetrievalError, match="row 0 has a column 'label'; there are key"):
        made(tmp_path / "other", frame.rename(columns={"labels": "label"}))
    with pytest.raises(RetrievalError, match=r"^row 0 is a str: give dicts, a data frame or an Arrow table$"):
        made(tmp_path / "other", ["a.png", "b.png"])
