"""Several sheets as one map: which of them lie under a chip, and which contradict each other."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import shapely

from rsvlm.imagery.grid import Grid

from ..errors import CaptioningError
from .align import Spot
from .sheets import Sheet

TOUCH = 0.5
"""Rasters that overlap, or are apart, by up to this many pixels only touch: their headers were rounded."""


class Hit(NamedTuple):
    """A sheet that lies under a chip, and where."""

    order: int
    sheet: Sheet
    spot: Spot
    shift: float


class SheetIndex:
    """Finds the sheets under a chip, by one R-tree for each CRS that they come in.

    Args:
        sheets: In their order of precedence; those without a place are never found.
    """

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        by_crs: dict[str, list[int]] = {}
        for order, sheet in enumerate(sheets):
            if sheet.grid.crs is not None:
                by_crs.setdefault(sheet.grid.crs, []).append(order)
        self._sheets = sheets
        self._trees = {
            crs: (orders, shapely.STRtree([shapely.box(*sheets[i].bounds) for i in orders]))
            for crs, orders in by_crs.items()
        }

    def under(self, grid: Grid) -> list[Hit]:
        """The sheets that hold a pixel centre of a chip, in their order.

        Raises:
            CaptioningError: Two of them are of different dates or products, and overlap.
        """
        hits = []
        for crs, (orders, tree) in self._trees.items():
            spot = Spot(grid, crs)
            if spot.bounds is None:
                continue
            west, south, east, north = spot.bounds
            for shift in spot.shifts:
                for found in tree.query(shapely.box(west + shift, south, east + shift, north)):
                    hits.append(Hit(orders[found], self._sheets[orders[found]], spot, shift))
        check_agreement(hit.sheet for hit in hits)
        return sorted(hits, key=lambda hit: (hit.order, hit.shift))

    def neighbours(self) -> Iterable[tuple[Sheet, Sheet]]:
        """All pairs of sheets of one CRS whose boxes touch."""
        for orders, tree in self._trees.values():
            for first, second in tree.query(tree.geometries).T:
                if first < second:
                    yield self._sheets[orders[first]], self._sheets[orders[second]]


def check_agreement(sheets: Iterable[Sheet]) -> None:
    """Refuse overlapping rasters of different dates or products: nobody can say which of them is right.

    Raises:
        CaptioningError: It names the first two of them.
    """
    for first, second in combinations(dict.fromkeys(sheets), 2):
        if problem := _contradiction(first, second):
            raise CaptioningError(problem)


@lru_cache(maxsize=4096)
def _contradiction(first: Sheet, second: Sheet) -> str | None:
    alike = _product(first) == _product(second)
    if (alike and first.date == second.date) or not overlap(first, second):
        return None
    if first.date != second.date:
        what = f"{first.title} ({first.date or 'no date'}) and {second.title} ({second.date or 'no date'})"
        return f"land-cover rasters of different dates overlap: {what}; choose with --landcover-date"
    what = f"{first.title} ({_product(first)}) and {second.title} ({_product(second)})"
    return f"land-cover rasters of different products overlap: {what}; keep one of them in the folder"


def _product(sheet: Sheet) -> str:
    return f"{'colours' if sheet.coding == 'colours' else 'codes'}, {sheet.resolution}"


def overlap(first: Sheet, second: Sheet) -> bool:
    """Say whether two rasters cover common ground, by more than the rounding of their headers."""
    if first.grid.crs == second.grid.crs:
        (w1, s1, e1, n1), (w2, s2, e2, n2) = first.bounds, second.bounds
        size_x, size_y = first.pixel
        return min(e1, e2) - max(w1, w2) > TOUCH * size_x and min(n1, n2) - max(s1, s2) > TOUCH * size_y
    common = first.grid.footprint().intersection(second.grid.footprint())
    metres = (first.grid.gsd or 0.0) * TOUCH
    return not bool(common.buffer(-metres / 111_000).is_empty)
