"""The sample town: what is written, that it is the same each time, and that map, picture and land cover
agree."""

import hashlib
import re
from collections import Counter
from importlib.resources import files

import numpy as np
import osmium
import pytest
import rasterio
import shapely
from PIL import Image

from rsvlm.captioning.landcover import LandCoverSource
from rsvlm.captioning.sample import SamplePaths, write_sample
from rsvlm.captioning.sample.render import render_town
from rsvlm.captioning.sample.town import PLACE, Feature, read_town
from rsvlm.vocabularies import load_legend, load_tags


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SamplePaths:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    return render_town()


@pytest.fixture(scope="module")
def pixels(town: SamplePaths) -> np.ndarray:
    with rasterio.open(town.image) as file:
        return np.asarray(np.moveaxis(file.read(), 0, 2))


def colours(pixels: np.ndarray, feature: Feature, inset: float = 2.0) -> np.ndarray:
    """Mean colour of the picture within an object."""
    shape = feature.shape.buffer(-inset)
    x0, y0, x1, y1 = (int(v) for v in shape.bounds)
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, 2048), min(y1, 2048)
    cols, rows = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
    inside = shapely.contains_xy(shape, cols, rows)
    return np.asarray(pixels[y0:y1, x0:x1][inside].mean(axis=0))


def test_what_is_written(town: SamplePaths) -> None:
    with rasterio.open(town.image) as image:
        assert (image.width, image.height, image.count, image.dtypes[0]) == (2048, 2048, 3, "uint8")
        assert image.crs.to_epsg() == 32632
        assert tuple(image.transform)[:6] == PLACE.transform
        assert "not a photograph" in image.tags()["TIFFTAG_IMAGEDESCRIPTION"]
        assert image.tags()["LICENCE"] == "CC0-1.0"
        assert PLACE.gsd == pytest.approx(0.5, abs=0.001)
    with rasterio.open(town.landcover) as cover:
        assert cover.crs.to_epsg() == 4326
        assert cover.nodata == 0
        codes = set(np.unique(cover.read(1)).tolist())
    assert codes == {0, 10, 30, 40, 50, 60, 80}
    assert town.image.stat().st_size < 10_000_000
    assert sorted(path.name for path in town.image.parent.iterdir()) == [
        "landcover.tif",
        "town.osm",
        "town.tif",
    ]


def test_nothing_large_ships() -> None:
    for file in files("rsvlm.captioning.sample").iterdir():
        if file.is_file():
            assert len(file.read_bytes()) < 150_000, file.name


def test_drawn_the_same_each_time(drawn: tuple[np.ndarray, np.ndarray], pixels: np.ndarray) -> None:
    picture, codes = drawn
    assert hashlib.sha256(picture.tobytes()).digest() == hashlib.sha256(pixels.tobytes()).digest()
    assert set(np.unique(codes).tolist()) == {10, 30, 40, 50, 60, 80}


def test_extents_agree(town: SamplePaths) -> None:
    """The map's bounds are those of the picture, and land cover covers all of it."""
    west, south, east, north = PLACE.bbox() or (0, 0, 0, 0)
    box = osmium.io.Reader(str(town.osm)).header().box()
    found = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    assert found == pytest.approx((west, south, east, north), abs=2e-5)
    source = LandCoverSource.open(town.landcover, load_legend("worldcover"))
    cover = source.labels("town", PLACE).landcover
    assert cover is not None
    assert cover["coverage"] == 1.0
    assert not cover["regions"]["overall"][0]["pixels"] > 0.7 * 2048**2  # no one class drowns the others


def test_the_map_says_that_it_is_invented(town: SamplePaths) -> None:
    text = town.osm.read_text(encoding="utf-8")
    assert "does not exist" in text[:300]
    assert "creativecommons.org/publicdomain/zero" in text[:500]
    assert not re.search(r"user=|changeset=|uid=", text)


def test_every_object_can_be_named() -> None:
    """All tags that the map uses are in the vocabulary, each object has a noun at half a metre, and variety
    is there."""
    vocabulary = load_tags()
    nouns: Counter[str] = Counter()
    for feature in read_town():
        assert feature.shape.is_valid
        tags = vocabulary.visible(feature.tags, 0.5)
        assert tags, feature.tags
        key, value = next(iter(tags.items()))
        entry = vocabulary.entry(key, value)
        assert entry is not None
        nouns[entry.phrase] += 1
    assert len(nouns) >= 50
    assert sum(nouns.values()) >= 150
    assert nouns["house"] >= 100


def test_the_forest_has_its_hole() -> None:
    """The multipolygon is read with its inner ring: no tree is drawn in the quarry."""
    features = read_town()
    (forest,) = (feature for feature in features if feature.has("landuse", "forest"))
    (quarry,) = (feature for feature in features if feature.has("landuse", "quarry"))
    assert len(forest.shape.interiors) == 1
    assert forest.shape.intersection(quarry.shape).area == pytest.approx(0, abs=1e-6)


def test_the_picture_shows_what_the_map_says(pixels: np.ndarray) -> None:
    """Colours where the map has objects: water blue-green and dark, red roofs red, rape yellow, woods
    dark."""
    features = read_town()
    seen = 0
    for feature in features:
        if feature.shape.geom_type != "Polygon" or not shapely.box(0, 0, 2048, 2048).contains(feature.shape):
            continue
        if feature.has("water", "pond"):
            red, green, blue = colours(pixels, feature)
            assert blue > red
            assert max(red, green, blue) < 130
        elif feature.has("building", "house"):
            red, green, blue = colours(pixels, feature)
            if feature.has("roof:colour", "red", "orange"):
                assert red > 1.3 * blue, feature.id
            elif feature.has("roof:colour", "darkgrey"):
                assert abs(red - blue) < 20, feature.id
        elif feature.has("leisure", "swimming_pool"):
            red, green, blue = colours(pixels, feature)
            assert blue > red + 50
        elif feature.has("sport", "tennis"):
            red, green, blue = colours(pixels, feature)
            assert red > blue + 40
        elif feature.has("landuse", "quarry"):
            assert colours(pixels, feature, 40).mean() > 150
        else:
            continue
        seen += 1
    assert seen > 100


def test_no_tree_stands_on_a_roof_or_in_the_river(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    _, codes = drawn
    for feature in read_town():
        shape = feature.shape.buffer(-4)
        if not (feature.has("building") or feature.has("natural", "water")) or shape.is_empty:
            continue
        x0, y0, x1, y1 = (int(v) for v in np.clip(shape.bounds, 0, 2047))
        cols, rows = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
        inside = shapely.contains_xy(shape, cols, rows)
        if inside.sum() > 20:
            assert (codes[y0:y1, x0:x1][inside] == 10).mean() < 0.1, feature.tags


def test_the_picture_is_no_flat_drawing(pixels: np.ndarray) -> None:
    """Every 64 pixel square has texture, and shadows and light roofs both occur."""
    grey = np.asarray(Image.fromarray(pixels).convert("L"), float)
    squares = grey.reshape(32, 64, 32, 64).std(axis=(1, 3))
    assert squares.min() > 1.5
    assert (grey < 50).mean() > 0.01
    assert (grey > 200).mean() > 0.003
