"""Whether a legend fits the rasters that it is to explain."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from rsvlm.vocabularies import Legend, legend_names, load_legend

from ..errors import CaptioningError
from .decode import NONE, show_value
from .files import OpenSheets
from .sheets import Sheet

# A look at so many rasters of a folder, in so many windows each way, of so many pixels a side.
_RASTERS, _WINDOWS, _SIDE = 5, 3, 256
_NAMED = 8


def check_legend(sheets: Sequence[Sheet], legend: Legend, files: OpenSheets) -> None:
    """Look at samples of the rasters and refuse a legend that does not know what they hold.

    Class codes: more than half of a raster's pixels are of codes that the legend lacks. Colours, where
    anything else is background by rule: not one pixel has a colour of the legend.

    Raises:
        CaptioningError: It names the codes that were found and the shipped legends that have them.
    """
    chosen = np.unique(np.linspace(0, len(sheets) - 1, _RASTERS).round().astype(int))
    for sheet in (sheets[i] for i in chosen):
        known, values = _sample(sheet, files)
        total = sum(values.values())
        if not total or known >= (1 if sheet.coding == "colours" else total / 2):
            continue
        found = ", ".join(show_value(sheet, value) for value, _ in values.most_common(_NAMED))
        what = "colours" if sheet.coding == "colours" else "codes"
        fitting = _fitting(sheet, values)
        advice = (
            f"legend {' or '.join(fitting)} has them" if fitting else "give a legend file that names them"
        )
        raise CaptioningError(
            f"wrong legend? {sheet.title} holds {what} {found}, of which legend {legend.name} knows "
            f"{100 * known // total}% of the pixels: {advice}"
        )


def _sample(sheet: Sheet, files: OpenSheets) -> tuple[int, Counter[int]]:
    """How many sampled pixels have a class, and what all that hold a value hold."""
    known, values = 0, Counter[int]()
    for y, height in _spans(sheet.grid.height):
        for x, width in _spans(sheet.grid.width):
            patch = files.read(sheet, x, y, width, height)
            known += int((patch.classes >= 0).sum())
            found, counts = np.unique(patch.values[patch.classes != NONE], return_counts=True)
            values.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
    return known, values


def _spans(size: int) -> list[tuple[int, int]]:
    """Starts and lengths of the sampled windows along one side; all of a side that is short."""
    if size <= _WINDOWS * _SIDE:
        return [(0, size)]
    return [(start, _SIDE) for start in np.linspace(0, size - _SIDE, _WINDOWS).astype(int).tolist()]


def _fitting(sheet: Sheet, values: Counter[int]) -> list[str]:
    """Shipped legends that know nine of ten pixels, those with the fewest other classes first."""
    if sheet.coding == "palette":
        return []
    total, fits = sum(values.values()), []
    for name in legend_names():
        legend = load_legend(name)
        known = [value for value in values if _knows(legend, sheet, value)]
        if sum(values[value] for value in known) >= 0.9 * total:
            fits.append((len(legend.classes) - len(known), name))
    return [name for _, name in sorted(fits)[:3]]


def _knows(legend: Legend, sheet: Sheet, value: int) -> bool:
    if sheet.coding == "colours":
        return legend.by_color((value >> 16, value >> 8 & 255, value & 255)) is not None
    return legend.by_code(value) is not None
