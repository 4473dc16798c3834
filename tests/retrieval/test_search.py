"""Searching by words, by example, by where and when; making an index of images."""

import base64
import io
import json
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from colours import Colours  # type: ignore[import-not-found] # in tests/
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rasterio import Affine
from shapely.geometry import GeometryCollection, LineString, Point, Polygon, box, mapping

import rsvlm
from rsvlm.captioning.sample import SamplePaths
from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import (
    Filter,
    Hits,
    Index,
    RetrievalError,
    building,
    read_area,
    write_contact_sheet,
    write_page,
)
from rsvlm.retrieval.hits import short_names
from rsvlm.retrieval.minimap import minimap
from rsvlm.retrieval.thumbnails import Thumbnails
from rsvlm.shards import BusyError

SHADES = {"red": (250, 10, 10), "green": (10, 250, 10), "blue": (10, 10, 250), "grün": (60, 200, 60)}


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Pictures of one colour each, in a folder whose name is not ASCII."""
    folder = tmp_path / "Kacheln größer"
    folder.mkdir()
    for name, colour in SHADES.items():
        Image.new("RGB", (16, 16), colour).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def index(tiles: Path, tmp_path: Path) -> Index:
    return Index.build(tiles, tmp_path / "index", Colours())


def found(hits: Any) -> list[str]:
    assert isinstance(hits, Hits)
    return [Path(key).stem for key in hits.keys]


def test_words_an_example_and_both(index: Index, tiles: Path) -> None:
    assert found(index.search("green", k=2)) == ["green", "grün"]
    assert found(index.search(image=tiles / "grün.png", k=2)) == ["grün", "green"]
    assert found(index.search(image=np.full((4, 4, 3), (0, 0, 255), np.uint8), k=1)) == ["blue"]
    assert found(index.search("red", image=tiles / "blue.png", weight=0.9, k=1)) == ["blue"]
    assert found(index.search("red", image=tiles / "blue.png", weight=0.1, k=1)) == ["red"]
    several = index.search(["red", "blue"], k=1)
    assert isinstance(several, list)
    assert [found(hits) for hits in several] == [["red"], ["blue"]]


def test_like_this_but_not_that(index: Index) -> None:
    assert found(index.search("red green", k=2))[0] in ("red", "grün")
    assert found(index.search("red green", unlike="red", less=1.0, k=2)) == ["green", "grün"]


def test_pages_follow_one_another(index: Index) -> None:
    whole = index.search("green", k=4)
    assert isinstance(whole, Hits)
    pages = [index.search("green", k=2, offset=offset) for offset in (0, 2, 4)]
    assert [name for page in pages for name in found(page)] == found(whole)
    assert [rank for page in pages for rank in page.table["rank"].to_pylist()] == [1, 2, 3, 4]


def test_the_weighted_score_is_the_weighted_sum_of_cosines(index: Index, tiles: Path) -> None:
    both = index.search("red", image=tiles / "grün.png", weight=0.3, k=4)
    words, picture = index.search("red", k=4), index.search(image=tiles / "grün.png", k=4)
    assert isinstance(both, Hits)
    assert isinstance(words, Hits)
    assert isinstance(picture, Hits)
    by_words, by_picture = (dict(zip(one.keys, one.scores, strict=True)) for one in (words, picture))
    for key, score in zip(both.keys, both.scores, strict=True):
        assert score == pytest.approx(0.3 * by_picture[key] + 0.7 * by_words[key], abs=1e-6)


def test_another_encoder_or_revision_is_refused(index: Index) -> None:
    other = Colours()
    other.revision = "2"
    with pytest.raises(
        RetrievalError, match=r"made by colours \(1, 3 numbers\), and colours is another \(2, 3 num"
    ):
        Index.open(index.folder, other)
    with pytest.raises(RetrievalError, match="name the one that made it, or build the index anew"):
        Index.open(index.folder, other)


def test_what_is_asked_wrongly_is_refused(index: Index, tiles: Path) -> None:
    with pytest.raises(RetrievalError, match="nothing to search for: give text, an image, or both"):
        index.search()
    with pytest.raises(RetrievalError, match="text 0 is empty"):
        index.search(" ")
    with Image.open(tiles / "red.png") as red:
        wrongs: list[Any] = [red, [None], np.ones((1, 6)), {"text": "red"}]
        for wrong in wrongs:
            with pytest.raises(RetrievalError, match=r"^text is words, not a \w+: give a picture by image="):
                index.search(wrong)
    with pytest.raises(RetrievalError, match="text is words, not a int"):
        index.search("red", unlike=3)  # type: ignore[call-overload]
    with pytest.raises(RetrievalError, match="weight 2: how much the image counts"):
        index.search("red", weight=2)
    with pytest.raises(RetrievalError, match="2 texts for 3 images"):
        index.search(["red", "blue"], image=[tiles / "red.png"] * 3)
    with pytest.raises(RetrievalError, match="4 were found: name files"):
        index.search(image=tiles)
    (tiles / "cut.png").write_bytes((tiles / "red.png").read_bytes()[:40])
    with pytest.raises(RetrievalError, match=r"cut\.png"):
        index.search(image=tiles / "cut.png")


def test_images_that_cannot_be_read_are_told_and_the_others_are_there(tiles: Path, tmp_path: Path) -> None:
    (tiles / "empty.png").write_bytes(b"")
    (tiles / "cut.png").write_bytes((tiles / "red.png").read_bytes()[:60])
    index = Index.build(tiles, tmp_path / "index", Colours())
    assert len(index) == 4
    assert index.verify() == []
    assert index.report is not None
    assert index.report.failed == 2
    assert {Path(image).name for image, _ in index.report.failures} == {"empty.png", "cut.png"}

    for name in SHADES:
        (tiles / f"{name}.png").write_bytes(b"")
    with pytest.raises(RetrievalError, match="none of 6 chips can be read; the first, "):
        Index.build(tiles, tmp_path / "another", Colours())


def test_images_are_added_and_changed_ones_replaced(index: Index, tiles: Path, tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), (250, 250, 10)).save(tiles / "yellow.png")
    Image.new("RGB", (16, 16), (250, 10, 10)).save(tiles / "blue.png")
    opened = Index.open(index.folder, Colours())
    assert opened.add(tiles).chips == 5
    assert len(opened) == 5
    assert set(found(opened.search("red", k=3))) == {"red", "blue", "yellow"}
    assert opened.verify() == []


class Interrupted(Colours):  # type: ignore[misc] # untyped here
    """Stops the program after so many images, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after, self.encoded = after, 0

    def encode_images(self, images: Any) -> Any:
        if self.encoded >= self.after:
            raise KeyboardInterrupt
        self.encoded += len(images)
        return super().encode_images(images)


def test_a_stopped_build_goes_on(tiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "SHARD_SIZE", 1)
    with pytest.raises(KeyboardInterrupt, match="2 shards done; run the same command again to go on"):
        Index.build(tiles, tmp_path / "index", Interrupted(2))
    with pytest.raises(RetrievalError, match="is no index"):
        Index.open(tmp_path / "index")

    rest = Interrupted(2)
    index = Index.build(tiles, tmp_path / "index", rest)
    assert rest.encoded == 2
    assert index.report is not None
    assert index.report.resumed == 2
    whole = Index.build(tiles, tmp_path / "whole", Colours())
    for name in ("vectors.f32", "rows.parquet"):
        [one], [other] = index.folder.rglob(name), whole.folder.rglob(name)
        assert one.read_bytes() == other.read_bytes()
    assert not (index.folder / building.WORK).exists()


def test_what_was_encoded_for_another_command_is_not_taken(
    tiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(building, "SHARD_SIZE", 1)
    with pytest.raises(KeyboardInterrupt):
        Index.build(tiles, tmp_path / "index", Interrupted(2))
    other = Interrupted(4)
    Index.build(tiles, tmp_path / "index", other, options=ChipOptions(stretch="none"))
    assert other.encoded == 4
    [told] = caplog.messages
    assert told == (
        f"{tmp_path / 'index'}: what a stopped run had encoded, 2 chips, does not count any more, and all is encoded "
        "anew (they are read or cut in another way)"
    )


def test_what_was_encoded_is_told_where_a_file_came_in_between_and_kept_for_another_licence(
    tiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(building, "SHARD_SIZE", 1)
    for licence in (None, "CC0"):
        with pytest.raises(KeyboardInterrupt):
            Index.build(tiles, tmp_path / "index", Interrupted(1), licence=licence)
    assert caplog.messages == []
    Image.new("RGB", (16, 16), "red").save(tiles / "new.png")
    rest = Interrupted(5)
    index = Index.build(tiles, tmp_path / "index", rest, licence="CC0")
    assert rest.encoded == 5
    [told] = caplog.messages
    assert "2 chips, does not count any more" in told
    assert "(the images are others: a file was added, removed or changed)" in told
    assert {row["licence"] for table in index.tables() for row in table.to_pylist()} == {"CC0"}


class Waiting(Colours):  # type: ignore[misc] # untyped here
    """Waits in the middle of a build until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def encode_images(self, images: Any) -> Any:
        self.begun.set()
        assert self.go_on.wait(30)
        return super().encode_images(images)


def test_two_builds_at_once(tiles: Path, tmp_path: Path) -> None:
    first = Waiting()
    thread = threading.Thread(target=Index.build, args=(tiles, tmp_path / "index", first))
    thread.start()
    assert first.begun.wait(30)
    with pytest.raises(BusyError, match="another run is writing here"):
        Index.build(tiles, tmp_path / "index", Colours(), licence="CC0")
    first.go_on.set()
    thread.join()
    assert len(Index.open(tmp_path / "index")) == 4


def test_a_scene_in_chips_knows_where_it_is(tmp_path: Path) -> None:
    pixels = np.zeros((3, 64, 96), np.uint8)
    pixels[0, :, :32], pixels[1, :, 32:64], pixels[2, :, 64:] = 255, 255, 255
    with rasterio.open(
        tmp_path / "scene.tif", "w", driver="GTiff", width=96, height=64, count=3, dtype="uint8", crs="EPSG:32632",
        transform=Affine(10, 0, 500_000, 0, -10, 5_000_000),
    ) as file:  # fmt: skip
        file.write(pixels)
        file.update_tags(TIFFTAG_DATETIME="2023:09:14 02:11:00")
    index = Index.build(tmp_path / "scene.tif", tmp_path / "index", Colours(), options=ChipOptions(size="32"))
    assert len(index) == 6
    hits = index.search("blue", k=2)
    assert isinstance(hits, Hits)
    for row in hits:
        assert row["window"][0] == 64
        assert row["key"].endswith(f"scene.tif#64,{row['window'][1]},32,32")
        assert row["gsd"] == pytest.approx(10, rel=0.01)
        assert 9.0 < row["west"] < row["east"] < 9.02
    inside = index.search("red", k=6, bbox=(9.0085, 45.0, 9.02, 46.0))
    assert isinstance(inside, Hits)
    assert {row["window"][0] for row in inside} == {64}


# Filters

SPANS = [(0.0, 10.0), (170.0, -170.0), (-180.0, -175.0), (175.0, 180.0), (-10.0, 5.0)]


@settings(max_examples=60, deadline=None)
@given(
    west=st.integers(-180, 180),
    east=st.integers(-180, 180),
    south=st.integers(-90, 90),
    height=st.integers(0, 60),
)
def test_a_box_finds_the_footprints_that_touch_it_also_across_the_antimeridian(
    placed: Index, west: int, east: int, south: int, height: int
) -> None:
    north = min(south + height, 90)
    [hits] = placed.search_vectors(np.ones((1, 2)), k=100, filter=Filter(bbox=(west, south, east, north)))

    def pieces(left: float, right: float) -> list[tuple[float, float]]:
        return [(left, right)] if left <= right else [(left, 180.0), (-180.0, right)]

    expected = {
        f"{number} {low}"
        for number, (left, right) in enumerate(SPANS)
        for low in (-20, 30)
        if any(
            box(a, low, b, low + 10).intersects(box(c, south, d, north))
            for a, b in pieces(left, right)
            for c, d in pieces(west, east)
        )
    }
    assert set(hits.keys) == expected


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Index:
    rows: list[dict[str, Any]] = [
        {
            "key": f"{number} {low}", "west": left, "east": right, "south": low, "north": low + 10,
            "datetime": datetime(2023, number + 1, 28, 23, 59, 59, 500_000, tzinfo=UTC), "gsd": 10.0**number / 100,
            "labels": ["Forest", f"class {number}"], "licence": "CC BY 4.0" if number % 2 else "ODbL 1.0",
        }
        for number, (left, right) in enumerate(SPANS)
        for low in (-20, 30)
    ]  # fmt: skip
    rows.append({"key": "knows nothing"})
    vectors = np.random.default_rng(0).normal(size=(len(rows), 2))
    return Index.from_vectors(tmp_path_factory.mktemp("placed") / "index", vectors, rows, encoder="x")


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Filter(start="2023-03"), {2, 3, 4}),
        (Filter(end="2023-02"), {0, 1}),
        (Filter(start="2023-02-28", end="2023-02-28"), {1}),
        (Filter(start="2023-02-28T23:59:59.5Z", end="2023-02-28T23:59:59.5+00:00"), {1}),
        (Filter(end="2023-02-28T23:59:59Z"), {0}),
        (Filter(start=datetime(2023, 4, 1)), {3, 4}),
        (Filter(start="2023", end="2023"), {0, 1, 2, 3, 4}),
        (Filter(gsd=(0.05, 1.0)), {1, 2}),
        (Filter(gsd=(None, 0.01)), {0}),
        (Filter(labels=["FOREST"]), {0, 1, 2, 3, 4}),
        (Filter(labels=["class 3", "class 1"]), {1, 3}),
        (Filter(licences=["odbl 1.0"]), {0, 2, 4}),
        (Filter(licences=["odbl 1.0"], start="2023-02", gsd=(None, 50)), {2}),
        (Filter(labels=["nobody"]), set()),
        (Filter(), {0, 1, 2, 3, 4, None}),
    ],
)
def test_filters(placed: Index, filter: Filter, expected: set[int | None]) -> None:
    [hits] = placed.search_vectors(np.ones((1, 2)), k=100, filter=filter)
    assert {None if key == "knows nothing" else int(key.split()[0]) for key in hits.keys} == expected
    assert hits.total == len(hits) == sum(1 if number is None else 2 for number in expected)


def test_an_area_from_geojson(placed: Index, tmp_path: Path) -> None:
    triangle = Polygon([(-20, -25), (-9.5, -25), (-20, 0)])  # touches no corner of the box from -10 on
    file = tmp_path / "area.geojson"
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {}, "geometry": mapping(shape)}
            for shape in (triangle, box(2, 35, 3, 36))
        ],
    }
    file.write_text(json.dumps(collection), "utf-8")
    [hits] = placed.search_vectors(np.ones((1, 2)), k=100, filter=Filter(area=read_area(file)))
    assert set(hits.keys) == {"0 30", "4 30"}


def test_an_area_as_other_libraries_have_it(placed: Index) -> None:
    geopandas = pytest.importorskip("geopandas", exc_type=ImportError)
    triangle, square = Polygon([(-20, -25), (-9.5, -25), (-20, 0)]), box(2, 35, 3, 36)
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(one)} for one in (triangle, square)]
    series = geopandas.GeoSeries([triangle, None, square])
    areas = [
        {"type": "FeatureCollection", "features": features},
        {"type": "GeometryCollection", "geometries": [mapping(triangle), mapping(square)]},
        series,
        series.set_crs(4326).to_crs(3857),
        geopandas.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=series, crs=4326),
    ]
    areas += [features[1], mapping(square)]
    for area in areas:
        [hits] = placed.search_vectors(np.ones((1, 2)), k=9, filter=Filter(area=area))
        assert set(hits.keys) == {"0 30", "4 30"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is no GeoJSON with polygons"),
        ('{"type": "Topology"}', "is no GeoJSON with polygons"),
        ('{"type": "FeatureCollection", "features": []}', "holds no geometry"),
        ('{"type": "Polygon", "coordinates": [[[0,0],[1,1],[1,0],[0,1],[0,0]]]}', "crosses itself"),
        ('{"type": "Point", "coordinates": [500000, 5000000]}', "GeoJSON is in degrees"),
    ],
)
def test_an_area_that_is_none(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "area.geojson").write_text(content)
    with pytest.raises(RetrievalError, match=says):
        read_area(tmp_path / "area.geojson")


def test_an_area_of_which_one_polygon_crosses_itself_is_refused_for_that() -> None:
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    features = [
        {"type": "Feature", "properties": {}, "geometry": mapping(one)} for one in (box(5, 5, 6, 6), bow)
    ]
    for area in ({"type": "FeatureCollection", "features": features}, features[1]):
        with pytest.raises(RetrievalError, match=r"^area: a geometry crosses itself \(Self-intersection"):
            Filter(area=area)


def test_an_area_beyond_180_keeps_its_points_and_lines() -> None:
    given = GeometryCollection([Point(190, 0), LineString([(170, 5), (190, 5)]), box(10, 10, 20, 20)])
    found = Filter(area=given).area
    assert found is not None
    for inside in (Point(-170, 0), Point(175, 5), Point(-175, 5), Point(15, 15)):
        assert found.intersects(inside)
    assert not found.intersects(Point(170, 0))


def test_a_geopackage_in_which_a_style_was_saved_is_one_area(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    file = tmp_path / "fields.gpkg"
    table = pa.table({"crop": ["rice"], "geometry": [box(1, 2, 3, 4).wkb]})
    places: dict[str, Any] = {"driver": "GPKG", "geometry_type": "Polygon", "geometry_name": "geometry"}
    pyogrio.write_arrow(table, file, layer="fields", crs="EPSG:4326", **places)
    styles = pa.table({"f_table_name": ["fields"], "styleQML": ["<qgis/>"]})
    pyogrio.write_arrow(styles, file, layer="layer_styles", driver="GPKG", append=True)
    assert [name for name, _ in pyogrio.list_layers(file)] == ["fields", "layer_styles"]
    assert read_area(file).bounds == (1, 2, 3, 4)
    pyogrio.write_arrow(table, file, layer="more", crs="EPSG:4326", append=True, **places)
    with pytest.raises(RetrievalError, match="has the layers fields, more; save the one"):
        read_area(file)


def test_an_area_in_another_crs_than_it_names(tmp_path: Path) -> None:
    pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    geopandas = pytest.importorskip("geopandas")
    metres = geopandas.GeoSeries([Polygon([(500000, 5e6), (500100, 5e6), (500000, 5.1e6)])])
    metres.set_crs(4326).to_file(tmp_path / "wrong.gpkg")
    with pytest.raises(
        RetrievalError, match=r"wrong\.gpkg: reaches 500000,.* the CRS that it names is not its own"
    ):
        read_area(tmp_path / "wrong.gpkg")
    metres.set_crs(32632).to_file(tmp_path / "right.gpkg")
    assert 8 < read_area(tmp_path / "right.gpkg").bounds[0] < 10


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"bbox": (0, 10, 1, 5)}, "south first"),
        ({"bbox": (0, 0, 200, 5)}, "longitudes lie in -180..180"),
        ({"bbox": (0, 0, float("nan"), 5)}, "in degrees"),
        ({"start": "yesterday"}, "time 'yesterday': give 2023"),
        ({"start": "2023-13"}, "time '2023-13'"),
        ({"start": "2024", "end": "2023"}, "start 2024 is after end 2023"),
        ({"area": Polygon()}, "area: is empty"),
        ({"area": {"type": "FeatureCollection", "features": []}}, "area: is empty"),
        (
            {"area": "berlin.geojson"},
            r"^area is a str: give a shapely geometry, GeoJSON .*read_area reads files$",
        ),
        ({"area": {"type": "Topology"}}, "^area is a dict: give a shapely geometry"),
        ({"gsd": 10}, r"^gsd 10: give the least and the largest: \(5, 10\), or \(None, 10\)$"),
        ({"gsd": (1, 2, 3)}, r"^gsd \(1, 2, 3\): give the least and the largest"),
    ],
)
def test_a_filter_that_makes_no_sense(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(RetrievalError, match=says):
        Filter(**wrong)


# Data sets and pairs


def test_a_data_set_with_its_labels_captions_and_places(tmp_path: Path) -> None:
    from rsvlm.retrieval.parts import unit_vectors

    table = {"image": [], "label": [], "captions": [], "longitude": [], "latitude": [], "time": []}  # type: ignore[var-annotated]
    for number, (name, colour) in enumerate(SHADES.items()):
        Image.new("RGB", (8, 8), colour).save(tmp_path / "one.png")
        table["image"].append({"bytes": (tmp_path / "one.png").read_bytes(), "path": f"{name}.png"})
        table["label"].append(name)
        table["captions"].append([f"a {name} square", "a square"])
        table["longitude"].append(170.0 + 10 * number)
        table["latitude"].append(-5.0)
        table["time"].append(f"2023-0{number + 1}-01T00:00:00Z")
    (tmp_path / "sets").mkdir()
    for split, rows in (("train", slice(0, 3)), ("test", slice(3, 4))):
        part = {name: values[rows] for name, values in table.items()}
        pq.write_table(pa.table(part), tmp_path / "sets" / f"{split}.parquet")

    index = Index.build(tmp_path / "sets", tmp_path / "index", Colours(), licence="CC0")

    assert len(index) == 4
    assert index.verify() == []
    hits = index.search("blue", k=1, labels=["BLUE"], start="2023-03", bbox=(-175, -6, -165, 0))
    assert isinstance(hits, Hits)
    [row] = hits.to_list()
    assert row["key"] == row["image"] == f"{(tmp_path / 'sets' / 'train.parquet').as_posix()}#2"
    assert row["captions"] == ["a blue square", "a square"]
    assert (row["west"], row["north"], row["licence"]) == (-170.0, -5.0, "CC0")
    expected = unit_vectors(Colours().encode_images([np.full((8, 8, 3), SHADES["blue"], np.uint8)]))
    np.testing.assert_allclose(index.search_vectors(expected, k=1)[0].scores, [1.0], atol=1e-6)


def test_pairs_keep_footprint_captions_and_licences(town: SamplePaths, tmp_path: Path) -> None:
    rsvlm.caption([town.image], osm=town.osm, size="128", out=tmp_path / "pairs")
    pairs = {pair.key: pair for pair in rsvlm.open_pairs(tmp_path / "pairs")}

    index = Index.build(tmp_path / "pairs", tmp_path / "index", Colours())

    assert len(index) == len(pairs)
    hits = index.search("green", k=len(pairs))
    assert isinstance(hits, Hits)
    for row in hits:
        pair = pairs[row["key"].rsplit("#", 1)[1]]
        assert (row["west"], row["south"], row["east"], row["north"]) == pytest.approx(pair.bbox)
        assert row["captions"][0] in [caption["text"] for caption in pair.captions]
        assert row["gsd"] == pair.gsd
        assert row["licence"].startswith("CC0-1.0")


def test_images_and_data_sets_together_and_a_second_time(tiles: Path, tmp_path: Path) -> None:
    class_list = tmp_path / "list.csv"
    class_list.write_text(f"image,label\n{tiles / 'red.png'},warm\n{tiles / 'blue.png'},cold\n", "utf-8")
    index = Index.build([class_list, tiles], tmp_path / "index", Colours())
    # a file that is named twice is there once, as it was named last
    assert len(index) == 4
    assert index.verify() == []


# To look at


def test_a_page_shows_the_right_pictures_in_order_and_asks_nobody_for_anything(
    index: Index, tiles: Path, tmp_path: Path
) -> None:
    hits = index.search("green", k=4)
    assert isinstance(hits, Hits)
    (tiles / "blue.png").unlink()
    write_page(hits, tmp_path / "hits.html", "green <b>")
    page = (tmp_path / "hits.html").read_text("utf-8")
    pictures = re.findall(
        r'<li id="hit-(\d)">(?:<img src="data:image/jpeg;base64,([^"]+)"|<span class="none">)', page
    )
    assert [rank for rank, _ in pictures] == ["1", "2", "3", "4"]
    for (_, data), name in zip(pictures, found(hits), strict=True):
        if name == "blue":
            assert data == ""
            continue
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            middle = np.asarray(picture)[picture.height // 2, picture.width // 2].astype(int)
        assert np.abs(middle - SHADES[name]).max() < 12
    assert "green &lt;b&gt;" in page
    assert "<p>4 of 4 images, the best first.</p>" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)|url\(|@import|<script', page)


def test_a_page_says_what_could_be_found_and_of_how_many(tmp_path: Path) -> None:
    rows = [{"key": str(number), "labels": ["wood <"] if number < 3 else None} for number in range(5)]
    index = Index.from_vectors(tmp_path / "index", np.eye(5), rows, encoder="x")

    def lead(filter: Filter | None, offset: int = 0) -> str:
        [hits] = index.search_vectors(np.ones((1, 5)), k=2, offset=offset, filter=filter)
        write_page(hits, tmp_path / "hits.html", filter=filter, count=len(index))
        [found] = re.findall("<p>(.*)</p>\n</header>", (tmp_path / "hits.html").read_text("utf-8"))
        return str(found)

    assert lead(None) == "2 of 5 images, the best first."
    wood = Filter(labels=["wood <"])
    assert lead(wood) == "2 of 3 of 5 images with the label wood &lt;, the best first."
    assert lead(wood, 2) == "3 to 3 of 3 of 5 images with the label wood &lt;, the best first."
    nowhere = Filter(bbox=(1, 2, 3, 4), start="2023", gsd=(None, 10))
    assert lead(nowhere) == (
        "No hit: there are 0 of 5 images with a place in 1,2,3,4, a time from 2023, 10 m a pixel or less."
    )


def test_folders_and_patterns_are_removed_also_where_they_are_gone(
    index: Index, tiles: Path, tmp_path: Path
) -> None:
    moved = tiles.rename(tmp_path / "moved")
    opened = Index.open(index.folder, Colours())
    report = opened.add(moved)
    [note] = [note for note in report.notes if "their files are gone" in note]
    assert note.startswith("4 images of ")
    assert str(tiles.as_posix()) in note
    assert len(opened) == 8
    assert opened.remove(tiles) == 4
    assert opened.add(moved).notes == []
    assert opened.remove(f"{moved}/[rb]*.png") == 2
    with pytest.raises(RetrievalError, match="nothing was removed"):
        opened.remove([moved, f"{moved}/*.tif"])
    assert opened.remove(moved) == 2


def test_a_map_has_each_hit_where_it_lies_also_across_the_antimeridian() -> None:
    def row(rank: int, west: float, east: float, south: float) -> dict[str, Any]:
        return {
            "rank": rank,
            "key": f"<{rank}>",
            "west": west,
            "east": east,
            "south": south,
            "north": south + 1,
        }

    drawn = minimap([row(1, 178.0, 179.0, 10), row(2, 179.5, -179.5, 10), row(3, -178.0, -177.0, 12)])
    assert drawn is not None
    circles = re.findall(r'href="#hit-(\d)"><title>&lt;\d&gt;</title>.*?cx="([\d.]+)" cy="([\d.]+)"', drawn)
    place = {int(rank): (float(x), float(y)) for rank, x, y in circles}
    assert place[1][0] < place[2][0] < place[3][0]
    assert place[2][0] - place[1][0] == pytest.approx((place[3][0] - place[1][0]) * 1.5 / 4, abs=0.2)
    assert place[3][1] < place[1][1] == place[2][1]
    assert ">180\u00b0<" in drawn
    assert minimap([{"rank": 1, "key": "x", "west": None}]) is None


def test_a_contact_sheet(index: Index, tmp_path: Path) -> None:
    hits = index.search("green", k=3)
    assert isinstance(hits, Hits)
    write_contact_sheet(hits, tmp_path / "sheet.png", "green", columns=3)
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    for place, name in enumerate(found(hits)):
        x = 24 + 128 + place * (256 + 24)
        assert np.abs(pixels[68 + 128, x] - SHADES[name]).max() < 3


def test_names_for_people_lack_the_folder_that_all_share() -> None:
    def names(*keys: str) -> list[str]:
        return short_names([{"key": key} for key in keys])

    assert names("/a/b/c.tif", "/a/d.tif#1,2,3,4") == ["b/c.tif", "d.tif#1,2,3,4"]
    assert names("/a/b.tif") == ["b.tif"]
    assert names("k1", "k2") == ["k1", "k2"]
    assert names("/a/b.tif", "k2") == ["/a/b.tif", "k2"]
    assert names("/a.tif", "/b.tif") == ["a.tif", "b.tif"]
    assert names() == []


# What was easy to get wrong


def test_a_csv_beside_tiles_is_no_data_set(tiles: Path, tmp_path: Path) -> None:
    (tiles / "weather.csv").write_text("day,rain\n1,2\n", "utf-8")
    assert len(Index.build(tiles, tmp_path / "index", Colours())) == 4


def test_labels_that_were_given_stay_when_an_image_is_added_again(index: Index, tiles: Path) -> None:
    (tiles.parent / "labels.csv").write_text(f"path,label\n{tiles / 'red.png'},warm\n", "utf-8")
    opened = Index.open(index.folder, Colours())
    opened.label(tiles.parent / "labels.csv")
    opened.add(tiles)
    assert found(opened.search("blue", labels=["warm"])) == ["red"]
    assert opened.verify() == []


def test_labels_and_licences_are_found_whatever_their_case(tmp_path: Path) -> None:
    rows = [{"key": "a", "labels": ["Straße"], "licence": "ÖDL"}, {"key": "b"}]
    index = Index.from_vectors(tmp_path / "index", np.eye(2), rows, encoder="x")
    for filter in (Filter(labels=["straße"]), Filter(licences=["ödl"])):
        assert index.search_vectors(np.ones((1, 2)), filter=filter)[0].keys == ["a"]


def test_pictures_of_hits_are_opened_as_their_vectors_were(tmp_path: Path) -> None:
    bands = np.zeros((4, 32, 32), np.uint8)
    bands[0], bands[3] = 200, 10  # in the order blue, green, nir, red
    with rasterio.open(
        tmp_path / "four.tif", "w", driver="GTiff", width=32, height=32, count=4, dtype="uint8", crs="EPSG:32632",
        transform=Affine(10, 0, 500_000, 0, -10, 5_000_000),
    ) as file:  # fmt: skip
        file.write(bands)
    options = ChipOptions(bands=("blue", "green", "nir", "red"), stretch="none")
    index = Index.build(tmp_path / "four.tif", tmp_path / "index", Colours(), options=options)
    [row] = index.search_vectors(np.ones((1, 3)), k=1)[0].to_list()
    with Thumbnails() as thumbnails:
        picture = thumbnails.picture(row)
    assert picture is not None
    assert picture.getpixel((5, 5)) == (10, 0, 200)


class Elsewhere(Colours):  # type: ignore[misc] # untyped here
    """An encoder that a folder was loaded from."""

    name = "model"


def test_an_encoder_from_a_folder_is_found_from_anywhere(
    tiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    index = Index.build(tiles, "index", Elsewhere())
    assert index.manifest.encoder.name == (tmp_path / "model").as_posix()


def test_hits_by_number_and_as_a_frame(index: Index) -> None:
    hits = index.search("red", k=3)
    assert isinstance(hits, Hits)
    assert hits[0] == hits.to_list()[0]
    assert hits[-1]["rank"] == 3
    with pytest.raises(IndexError):
        hits[3]
    assert hits.to_pandas()["key"].tolist() == hits.keys
    assert repr(hits) == f"<Hits: 3 of {len(index)} rows; the best {hits.keys[0]!r}, {hits.scores[0]:.3f}>"
    none = index.search("red", labels=["nothing is called so"])
    assert repr(none) == "<Hits: 0 of 0 rows>"


def test_a_footprint_around_the_earth_is_as_wide_as_the_map() -> None:
    from rsvlm.retrieval.minimap import _unwrapped

    assert _unwrapped([{"west": -180.0, "east": 180.0, "south": -60.0, "north": 60.0}]) == [
        (-180, -60, 180, 60)
    ]
