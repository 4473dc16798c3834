"""Whom labels are credited to."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from small_rasters import raster  # type: ignore[import-not-found]

from rsvlm.captioning.credit import cover_credit, map_credit
from rsvlm.captioning.landcover import LandCoverSource
from rsvlm.vocabularies import load_legend

CODES = np.full((1, 32, 32), 10, np.uint8)


def credit(path: Path, legend: str | Path = "worldcover") -> tuple[str, str | None]:
    source = cover_credit(LandCoverSource.open(path, load_legend(legend)))
    return source["name"], source["licence"]


def test_a_raster_with_the_codes_of_a_product_is_not_that_product(tmp_path: Path) -> None:
    assert credit(raster(tmp_path / "mine.tif", CODES)) == ("mine.tif", None)


@pytest.mark.parametrize("name", ["ESA_WorldCover_10m_2021_v200_N00E006_Map.tif", "world_cover/tile_1.tif"])
def test_names_say_what_the_product_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    assert credit(raster(tmp_path / name, CODES))[1] == "CC BY 4.0"


def test_tags_say_what_the_product_is_or_its_licence(tmp_path: Path) -> None:
    path = raster(tmp_path / "tile.tif", CODES)
    with rasterio.open(path, "r+") as file:
        file.update_tags(title="ESA WorldCover product 2021")
    assert credit(path)[1] == "CC BY 4.0"
    with rasterio.open(path, "r+") as file:
        file.update_tags(LICENCE="ODC-By-1.0")
    assert credit(path) == ("tile.tif", "ODC-By-1.0")


def test_a_licence_in_the_tags_goes_with_whom_they_name(tmp_path: Path) -> None:
    path = raster(tmp_path / "worldcover.tif", CODES)
    with rasterio.open(path, "r+") as file:
        file.update_tags(LICENSE="CC0-1.0", TIFFTAG_COPYRIGHT="Town of X")
    source = cover_credit(LandCoverSource.open(path, load_legend("worldcover")))
    assert list(source.values()) == ["worldcover.tif", "CC0-1.0", "Town of X", None]


@pytest.mark.parametrize(
    ("legend", "name"),
    [("corine", "U2018_CLC2018_V2020_20u1.tif"), ("chatearthnet", "ESA_WorldCover_10m_2020.tif")],
)
def test_products_have_other_names_too(tmp_path: Path, legend: str, name: str) -> None:
    known = load_legend(legend)
    found = cover_credit(LandCoverSource.open(raster(tmp_path / name, CODES), known))
    assert list(found.values()) == [known.title, known.licence, known.attribution, known.url]
    assert known.licence


def test_a_legend_of_ones_own_says_the_licence(tmp_path: Path) -> None:
    legend = tmp_path / "mine.yaml"
    legend.write_text(
        "title: My map\nlicence: MIT\nclasses:\n  - {code: 10, name: wood, phrase: wood}\n", "utf-8"
    )
    assert credit(raster(tmp_path / "any.tif", CODES), legend) == ("My map", "MIT")


def test_licences_of_maps(tmp_path: Path) -> None:
    path = tmp_path / "a.osm"
    path.write_text(
        '<osm version="0.6" license="https://creativecommons.org/publicdomain/zero/1.0/"></osm>', "utf-8"
    )
    known = {"name": "OpenStreetMap", "licence": "ODbL-1.0", "attribution": "them", "url": ""}
    assert map_credit(str(path), known)["licence"] == "CC0-1.0"
    own = map_credit(
        str(tmp_path / "a.geojson"), {"name": "a.geojson", "licence": "", "attribution": "", "url": ""}
    )
    assert list(own.values()) == ["a.geojson", None, None, None]


def plain(path: Path, text: bytes) -> None:
    path.write_bytes(text)


def gzipped(path: Path, text: bytes) -> None:
    path.write_bytes(gzip.compress(text))


def bzipped(path: Path, text: bytes) -> None:
    path.write_bytes(bz2.compress(text))


@pytest.mark.parametrize(("suffix", "write"), [(".osm", plain), (".osm.gz", gzipped), (".osm.bz2", bzipped)])
def test_a_map_s_first_element_states_its_licence(
    tmp_path: Path, suffix: str, write: Callable[[Path, bytes], None]
) -> None:
    known = {"name": "OpenStreetMap", "licence": "ODbL-1.0", "attribution": "them", "url": "https://x"}
    path = tmp_path / f"a{suffix}"
    write(path, b"""<?xml version='1.0'?><osm version='0.6' license='https://x.org/?a=1&amp;b=2'></osm>""")
    assert list(map_credit(str(path), known).values()) == [path.name, "https://x.org/?a=1&b=2", None, None]
    write(path, b'<osm version="0.6" license="http://opendatacommons.org/licenses/odbl/1-0/"></osm>')
    assert map_credit(str(path), known) == known
