"""Sidecars: QGIS's style of rasters and tiles, and GDAL's names of classes, whatever the classes are called."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from rsvlm.classification.palette import palette
from rsvlm.classification.qml import write_category_names, write_raster_style, write_vector_style

NAMES = ['Wald & "Wiese" <script>', "Städte, dicht", "森林", "tabs\tand\nlines", "bell\x07 \ud800 \ufffe"]
SHOWN = ['Wald & "Wiese" <script>', "Städte, dicht", "森林", "tabs and lines", "bell"]
COLORS = palette(5)


def test_raster_style_has_what_qgis_reads(tmp_path: Path) -> None:
    # element and attribute names: QgsPalettedRasterRenderer::create and QgsRasterRenderer::readXml
    path = write_raster_style(tmp_path / "scene.classes.tif", NAMES, COLORS)
    assert path == tmp_path / "scene.classes.qml"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>")
    root = ET.fromstring(text)
    assert root.tag == "qgis"
    assert re.fullmatch(r"3\.\d+\.\d+", root.attrib["version"])
    renderer = root.find("pipe/rasterrenderer")
    assert renderer is not None
    assert renderer.attrib == {
        "type": "paletted",
        "band": "1",
        "opacity": "1",
        "alphaBand": "-1",
        "nodataColor": "",
    }
    entries = [entry.attrib for entry in renderer.findall("colorPalette/paletteEntry")]
    assert [entry["value"] for entry in entries] == ["0", "1", "2", "3", "4"]
    assert [entry["label"] for entry in entries] == SHOWN
    assert [entry["color"] for entry in entries] == ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2"]
    assert {entry["alpha"] for entry in entries} == {"255"}


def test_vector_style_has_a_symbol_for_each_class_and_one_for_the_rest(tmp_path: Path) -> None:
    path = write_vector_style(tmp_path / "tiles.geojson", NAMES[:3], COLORS[:3])
    assert path == tmp_path / "tiles.qml"
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert (renderer.attrib["type"], renderer.attrib["attr"]) == ("categorizedSymbol", "label")
    categories = [category.attrib for category in renderer.findall("categories/category")]
    assert [category["value"] for category in categories] == [*NAMES[:3], ""]
    assert [category["symbol"] for category in categories] == ["0", "1", "2", "3"]
    symbols = {symbol.attrib["name"]: symbol for symbol in renderer.findall("symbols/symbol")}
    assert list(symbols) == ["0", "1", "2", "3"]
    fills = [
        prop.attrib["v"]
        for symbol in symbols.values()
        for prop in symbol.findall("layer/prop")
        if prop.attrib["k"] == "color"
    ]
    assert fills == ["230,159,0,150", "86,180,233,150", "0,158,115,150", "0,0,0,0"]


def test_gdal_reads_names_and_attribute_table(tmp_path: Path) -> None:
    raster = tmp_path / "map.tif"
    with rasterio.open(
        raster, "w", driver="GTiff", width=5, height=1, count=1, dtype="uint8", crs="EPSG:32632", nodata=255,
        transform=rasterio.Affine(640, 0, 500_000, 0, -640, 5_000_000),
    ) as dataset:  # fmt: skip
        dataset.write(np.arange(5, dtype=np.uint8).reshape(1, 1, 5))
    path = write_category_names(raster, NAMES, COLORS, [1, 2, 3, 4, 5])
    assert path == tmp_path / "map.tif.aux.xml"
    # a copy as VRT spells out all that GDAL knows of the file
    rasterio.shutil.copy(raster, tmp_path / "copy.vrt", driver="VRT")
    band = ET.fromstring((tmp_path / "copy.vrt").read_text(encoding="utf-8")).find("VRTRasterBand")
    assert band is not None
    assert [category.text for category in band.findall("CategoryNames/Category")] == SHOWN
    table = band.find("GDALRasterAttributeTable")
    assert table is not None
    # GDALRATFieldUsage: MinMax, PixelCount, Name, Red, Green, Blue
    assert [usage.text for usage in table.findall("FieldDefn/Usage")] == ["5", "1", "2", "6", "7", "8"]
    rows = [[cell.text for cell in row.findall("F")] for row in table.findall("Row")]
    assert rows[1] == ["1", "2", "Städte, dicht", "86", "180", "233"]
    assert len(rows) == 5


def test_names_and_colours_must_match(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write_raster_style(tmp_path / "a.tif", NAMES, COLORS[:3])
    assert list(tmp_path.iterdir()) == []
