"""Sidecars of a class map: how QGIS draws it (.qml), and what GDAL calls its classes (.aux.xml)."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from rsvlm.files import atomic_write

from .palette import Color, hex_color

# QGIS brings styles of older versions up to date and complains of newer ones
_QGIS = {"version": "3.16.0", "styleCategories": "Symbology"}
_DOCTYPE = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# What XML 1.0 cannot hold, escaped or not: control characters, halves of surrogate pairs, two non-characters
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Columns of GDAL's raster attribute table: name, type (0 whole number, 1 real, 2 text), usage (GDALRATFieldUsage)
_COLUMNS = (("Value", 0, 5), ("Count", 1, 1), ("Class", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8))


def write_raster_style(raster: Path, names: Sequence[str], colors: Sequence[Color]) -> Path:
    """Write the style with which QGIS opens a class map: a colour and a line of the legend for each class.

    QGIS takes it by itself, since it lies beside the raster and has its name with the ending .qml.

    Args:
        raster: The GeoTIFF whose pixels are numbers of classes.
        names: The classes, from number 0.
        colors: Their colours.

    Returns:
        The path of the style.
    """
    root = ET.Element("qgis", _QGIS)
    pipe = ET.SubElement(root, "pipe")
    renderer = ET.SubElement(
        pipe,
        "rasterrenderer",
        {"type": "paletted", "band": "1", "opacity": "1", "alphaBand": "-1", "nodataColor": ""},
    )
    ET.SubElement(renderer, "rasterTransparency")
    entries = ET.SubElement(renderer, "colorPalette")
    for number, (name, color) in enumerate(zip(names, colors, strict=True)):
        ET.SubElement(
            entries,
            "paletteEntry",
            {"value": str(number), "label": _plain(name), "color": hex_color(color), "alpha": "255"},
        )
    ET.SubElement(pipe, "brightnesscontrast", {"brightness": "0", "contrast": "0", "gamma": "1"})
    ET.SubElement(pipe, "huesaturation", {"saturation": "0", "colorizeOn": "0", "grayscaleMode": "0"})
    ET.SubElement(pipe, "rasterresampler", {"maxOversampling": "2"})
    ET.SubElement(root, "blendMode").text = "0"
    return _write(raster.with_suffix(".qml"), root, _DOCTYPE)


def write_vector_style(
    vector: Path, names: Sequence[str], colors: Sequence[Color], column: str = "label"
) -> Path:
    """Write the style with which QGIS opens tiles (GeoJSON): half transparent, coloured by their class.

    Args:
        vector: The file whose features have the class in a column.
        names: The classes.
        colors: Their colours.
        column: That column.

    Returns:
        The path of the style: the file's own with the ending .qml.
    """
    root = ET.Element("qgis", _QGIS)
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        {"type": "categorizedSymbol", "attr": column, "symbollevels": "0", "enableorderby": "0"},
    )
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, (name, color) in enumerate(zip(names, colors, strict=True)):
        _add_category(categories, number, _legal(name), _plain(name))
        _add_symbol(symbols, number, "{},{},{},150".format(*color))
    _add_category(categories, len(names), "", "other")  # an empty value stands for all that are not listed
    _add_symbol(symbols, len(names), "0,0,0,0")
    return _write(vector.with_suffix(".qml"), root, _DOCTYPE)


def _add_category(categories: ET.Element, number: int, value: str, label: str) -> None:
    attributes = {"value": value, "type": "string", "label": label, "symbol": str(number), "render": "true"}
    ET.SubElement(categories, "category", attributes)


def _add_symbol(symbols: ET.Element, number: int, color: str) -> None:
    symbol = ET.SubElement(
        symbols, "symbol", {"type": "fill", "name": str(number), "alpha": "1", "clip_to_extent": "1"}
    )
    layer = ET.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"}
    )
    for key, value in {
        "color": color,
        "style": "solid",
        "outline_color": "35,35,35,120",
        "outline_style": "solid",
        "outline_width": "0.1",
        "outline_width_unit": "MM",
    }.items():
        ET.SubElement(layer, "prop", {"k": key, "v": value})


def write_category_names(
    raster: Path, names: Sequence[str], colors: Sequence[Color], counts: Sequence[int]
) -> Path:
    """Write the names of a class map's classes where GDAL and ArcGIS look for them.

    GDAL keeps what GeoTIFF has no place for in a file of the same name with .aux.xml added: the category names,
    and a raster attribute table with numbers of pixels and colours.

    Args:
        raster: The GeoTIFF.
        names: The classes, from number 0.
        colors: Their colours.
        counts: Pixels of each class.

    Returns:
        The path of the .aux.xml.
    """
    root = ET.Element("PAMDataset")
    band = ET.SubElement(root, "PAMRasterBand", {"band": "1"})
    categories = ET.SubElement(band, "CategoryNames")
    table = ET.SubElement(band, "GDALRasterAttributeTable", {"tableType": "thematic"})
    for index, (title, kind, usage) in enumerate(_COLUMNS):
        column = ET.SubElement(table, "FieldDefn", {"index": str(index)})
        for tag, value in (("Name", title), ("Type", str(kind)), ("Usage", str(usage))):
            ET.SubElement(column, tag).text = value
    for number, (name, color, count) in enumerate(zip(names, colors, counts, strict=True)):
        ET.SubElement(categories, "Category").text = _plain(name)
        row = ET.SubElement(table, "Row", {"index": str(number)})
        for cell in (number, count, _plain(name), *color):
            ET.SubElement(row, "F").text = str(cell)
    return _write(raster.with_name(f"{raster.name}.aux.xml"), root)


def _legal(name: str) -> str:
    """A name that XML can hold."""
    return _FORBIDDEN.sub(" ", name)


def _plain(name: str) -> str:
    """A name that XML can hold, in one line."""
    return " ".join(_legal(name).split())


def _write(path: Path, root: ET.Element, start: bytes = b"") -> Path:
    ET.indent(root)
    with atomic_write(path) as temporary:
        temporary.write_bytes(start + ET.tostring(root, encoding="utf-8") + b"\n")
    return path
