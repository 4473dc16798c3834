"""From what pixels hold, codes or colours, to the classes of a legend."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.vocabularies import Legend

from ..errors import CaptioningError
from .sheets import Sheet

Indices = npt.NDArray[np.int16]
"""Places in `legend.classes`, or `NONE` or `UNKNOWN`."""

NONE = -1
"""No class: nodata, masked, outside of every raster."""
UNKNOWN = -2
"""A code or colour that the legend does not have."""

# Types of which all values fit a table. Where a float is no class (NaN, nodata), this stands in its place.
_TABLED = ("uint8", "int8", "uint16", "int16")
_NOTHING = int(np.iinfo(np.int64).min)
_LARGEST = 2**53


class Decoder:
    """Turns the pixels of one raster into places in the legend.

    Args:
        sheet: The raster's description.
        legend: What its codes or colours mean.
        palette: Colours by pixel value, where `sheet.coding` is "palette".
        dtype: numpy name of the pixels' type.
    """

    def __init__(self, sheet: Sheet, legend: Legend, palette: dict[int, tuple[int, ...]], dtype: str) -> None:
        self._sheet = sheet
        keys = _code_keys(legend) if sheet.coding == "codes" else _colour_keys(legend)
        if sheet.coding == "palette":
            keys = {i: keys[_pack(colour)] for i, colour in palette.items() if _pack(colour) in keys}
        if sheet.coding != "colours" and sheet.nodata is not None and abs(sheet.nodata) < _LARGEST:
            keys |= {int(sheet.nodata): NONE} if sheet.nodata == int(sheet.nodata) else {}
        keys[_NOTHING] = NONE
        self._keys = np.array(sorted(keys), dtype=np.int64)
        self._places = np.array([keys[key] for key in sorted(keys)], dtype=np.int16)
        self._table: Indices | None = None
        if sheet.coding != "colours" and dtype in _TABLED:
            values = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
            self._table = np.empty(values.size, np.int16)
            self._table[values] = self._look_up(values)  # negative ones from the table's end

    def values(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What stands for a class in each pixel: its code, or its colour as 0xRRGGBB.

        Args:
            pixels: (bands, H, W).

        Raises:
            CaptioningError: A pixel holds a number that is not whole.
        """
        if self._sheet.coding == "colours":
            red, green, blue = pixels[:3].astype(np.int64)
            packed: npt.NDArray[np.int64] = (red << 16) | (green << 8) | blue
            return packed
        band: npt.NDArray[Any] = pixels[0]
        if band.dtype.kind in "iu":
            return band
        band = band.astype(np.float64)
        known = np.isfinite(band) & (band != self._sheet.nodata) & (np.abs(band) < _LARGEST)
        odd = known & (band != np.round(band))
        if odd.any():
            raise CaptioningError(
                f"{self._sheet.title} holds {band[odd][0]:g}, and class codes are whole numbers: "
                "this is not a class raster"
            )
        return np.where(known, band, float(_NOTHING)).astype(np.int64)

    def classes(self, values: npt.NDArray[Any]) -> Indices:
        """Places in the legend of what `values` returned, in its shape."""
        return self._look_up(values) if self._table is None else self._table[values]

    def _look_up(self, values: npt.NDArray[Any]) -> Indices:
        spot = np.minimum(np.searchsorted(self._keys, values), self._keys.size - 1)
        return np.where(self._keys[spot] == values, self._places[spot], np.int16(UNKNOWN))


def show_value(sheet: Sheet, value: int) -> str:
    """A code, or a colour as people write it."""
    return f"#{value:06x}" if sheet.coding == "colours" else str(value)


def _code_keys(legend: Legend) -> dict[int, int]:
    """Places in the legend by code; a class may have a second one (CORINE's GRID_CODE) that rasters hold."""
    classes = list(enumerate(legend.classes))
    second = {item.grid_code: place for place, item in classes if item.grid_code is not None}
    return second | {item.code: place for place, item in classes if item.code is not None}


def _colour_keys(legend: Legend) -> dict[int, int]:
    return {_pack(item.color): place for place, item in enumerate(legend.classes) if item.color}


def _pack(colour: tuple[int, ...]) -> int:
    return (colour[0] << 16) | (colour[1] << 8) | colour[2]
