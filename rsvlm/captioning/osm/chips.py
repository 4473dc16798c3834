"""From a table of map objects to the labels of chips."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.captioning.labels import ObjectLabel
from rsvlm.captioning.osm.bulk import collection_paused
from rsvlm.captioning.osm.clip import Boxes, Geometries, clip
from rsvlm.captioning.osm.measure import pixel_sizes, pixel_stretch, three_digits
from rsvlm.captioning.osm.repeats import repeats
from rsvlm.captioning.osm.shapes import AREA, LINE, POINT
from rsvlm.captioning.osm.table import SHAPES, ObjectTable
from rsvlm.captioning.unknown import ExtendedVocabulary
from rsvlm.imagery.grid import Grid
from rsvlm.vocabularies.osm import TagVocabulary

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

_SLIVER = 1e-3  # pixels: what a cut leaves of a neighbour whose corners were rounded over the edge
_LEAST_SHOWN = 0.125  # of a chip's side: what a cut object must show to be spoken of first
_BEHIND = 1 << 40  # puts those that show less behind all others, whatever their rarity


class _Pairs(NamedTuple):
    """Objects in chips: places of both, in the order of chips, and what of the object lies in the chip."""

    chips: npt.NDArray[np.intp]
    objects: npt.NDArray[np.intp]
    parts: Geometries
    whole: npt.NDArray[np.bool_]

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "_Pairs":
        return _Pairs(self.chips[chosen], self.objects[chosen], self.parts[chosen], self.whole[chosen])


class ChipObjects:
    """The objects of a table in the pixels of one image: brought there once, indexed once.

    Where pixels are not square on the ground (degrees, away from the equator), geometry is kept in pixels
    whose width is stretched to the height, so that lengths and distances are right in all directions.

    Attributes:
        grid: The image.
        rows: Rows of the table that have something to show in this image, ascending, each thing once (n,).
        names: Their names, as `way/123` (n).
        shapes: Their places in `table.SHAPES` (n,).
        geometries: They themselves, in stretched pixels (n,).
        stretch: How much wider a pixel is than high, on the ground.
    """

    def __init__(self, table: ObjectTable, grid: Grid, vocabulary: TagVocabulary) -> None:
        """Bring the objects to the image.

        Raises:
            ImageryError: The image has no place.
        """
        self.table = table
        self.grid = grid
        self.gsd = grid.gsd
        self.stretch = pixel_stretch(grid)
        box = grid.bbox()
        rows = table.index.rows_in(box) if box else np.empty(0, np.int64)
        sights = table.index.sights(self.gsd, vocabulary)
        sets = table.index.tag_sets[1][rows]
        seen = sights.rarity[sets] > 0
        rows, sets = rows[seen], sets[seen]
        geometries = table.index.geometries(rows)
        once = ~repeats(geometries, sets, sights.tags, vocabulary)
        rows, sets, geometries = rows[once], sets[once], self._to_pixels(geometries[once])
        there = ~shapely.is_missing(geometries)
        self.rows = rows[there]
        self.geometries = geometries[there]
        self.shapes = table.index.shapes[self.rows]
        self._sets = sets[there]
        self._sights = sights
        self._inferred = _inferred(sights.tags, vocabulary)
        self._guessed = np.array(
            [next(iter(tags), None) in told for tags, told in zip(sights.tags, self._inferred, strict=True)],
            bool,
        )
        self.names = table.index.names(self.rows)
        self._bounds = shapely.bounds(self.geometries).reshape(-1, 4)
        self._tree = shapely.STRtree(self.geometries)

    def __len__(self) -> int:
        return len(self.rows)

    def tags(self, place: int) -> dict[str, str]:
        """Return the visible tags of the object at a place in `rows`, the main one first."""
        return dict(self._sights.tags[self._sets[place]])

    def labels(self, windows: Ints, focus: Ints) -> list[list[ObjectLabel]]:
        """Label chips.

        Args:
            windows: x, y, width and height of the chips, in pixels of the image (n, 4).
            focus: The row in the table of each chip's focus object (n,). -1 chooses one, as does a row that
                shows nothing in its chip: of the objects that show more than a strip at the chip's edge, the
                one whose main tag is rarest in the table, of these the one nearest to the chip's centre, of
                these the first in the table; a thing whose main tag was inferred only where there is no other.

        Returns:
            For each chip the objects in it: the focus, then the others by their distance to it, then in the
            table's order. An object that only touches the chip's edge is not in it, and a point on the right
            or lower edge belongs to the next chip.
        """
        corners = np.asarray(windows, float).reshape(-1, 4)
        corners = np.column_stack([corners[:, :2], corners[:, :2] + corners[:, 2:]])
        pairs = self._pairs(corners * (self.stretch, 1, self.stretch, 1))
        leads = self._leads(pairs, corners, np.asarray(focus, np.int64))
        with collection_paused():
            return self._told(pairs, leads, corners)

    def _pairs(self, boxes: Boxes) -> _Pairs:
        """All objects in all chips; boxes in stretched pixels."""
        chips, objects = self._tree.query(shapely.box(*boxes.T))
        order = np.lexsort((objects, chips))
        chips, objects = chips[order], objects[order]
        bounds, box, shapes = self._bounds[objects], boxes[chips], self.shapes[objects]
        whole = (bounds[:, :2] >= box[:, :2]).all(axis=1) & (bounds[:, 2:] <= box[:, 2:]).all(axis=1)
        parts = self.geometries[objects]
        cut = ~whole & (shapes != POINT)
        parts[cut] = clip(self.geometries, objects[cut], boxes, chips[cut])
        size = np.where(shapes == AREA, shapely.area(parts), shapely.length(parts))
        inside = np.where(shapes == POINT, (bounds[:, :2] < box[:, 2:]).all(axis=1), size > cut * _SLIVER)
        return _Pairs(chips, objects, parts, whole).take(inside)

    def _leads(self, pairs: _Pairs, corners: Floats, focus: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """The place in the pairs of each chip's focus object, for each pair."""
        asked = self.rows[pairs.objects] == focus[pairs.chips]
        # a person does not name a strip of a school at the edge before the four greenhouses in the middle
        sets = self._sets[pairs.objects]
        last = self._marginal(pairs, corners) + 2 * self._guessed[sets]
        rarity = self._sights.rarity[sets] + _BEHIND * last
        rarest = np.full(len(corners), np.iinfo(np.int64).max)
        np.minimum.at(rarest, pairs.chips, rarity)
        near = np.full(len(pairs.chips), np.inf)
        rare = np.flatnonzero(rarity == rarest[pairs.chips])
        centre = (corners[:, :2] + corners[:, 2:]) / 2 * (self.stretch, 1)
        near[rare] = shapely.distance(pairs.parts[rare], shapely.points(centre[pairs.chips[rare]]))
        order = np.lexsort((near, ~asked, pairs.chips))  # stable: the first in the table among equals
        chips, first = np.unique(pairs.chips[order], return_index=True)
        lead = np.zeros(len(corners), np.intp)
        lead[chips] = order[first]
        return lead[pairs.chips]

    def _marginal(self, pairs: _Pairs, corners: Floats) -> npt.NDArray[np.bool_]:
        """Objects that go on outside of their chip and show little of themselves in it (pairs,)."""
        side = (corners[:, 2:] - corners[:, :2]).min(axis=1)[pairs.chips]
        bounds = shapely.bounds(pairs.parts).reshape(-1, 4)
        extent = bounds[:, 2:] - bounds[:, :2]
        thin = (self.shapes[pairs.objects] == AREA) & (extent.min(axis=1) < _LEAST_SHOWN * side)
        marginal: npt.NDArray[np.bool_] = ~pairs.whole & (
            thin | (extent.max(axis=1) < 2 * _LEAST_SHOWN * side)
        )
        return marginal

    def _told(self, pairs: _Pairs, leads: npt.NDArray[np.intp], corners: Floats) -> list[list[ObjectLabel]]:
        metre = self._metre(corners)[pairs.chips]
        apart = np.round(shapely.distance(pairs.parts, pairs.parts[leads]) * metre, 1)
        leading = np.arange(len(leads)) == leads
        order = np.lexsort((apart, ~leading, pairs.chips))
        pairs, apart, leading, metre = pairs.take(order), apart[order], leading[order], metre[order]
        shapes = self.shapes[pairs.objects]
        area = np.where(shapes == AREA, three_digits(shapely.area(pairs.parts) * metre**2), np.nan)
        length = np.where(shapes == LINE, three_digits(shapely.length(pairs.parts) * metre), np.nan)
        bounds = shapely.bounds(pairs.parts).reshape(-1, 4) / (self.stretch, 1, self.stretch, 1)
        box = np.round(bounds - np.tile(corners[pairs.chips, :2], 2), 1) + 0.0  # no minus zero
        labels: list[list[ObjectLabel]] = [[] for _ in corners]
        columns = (pairs.chips, pairs.objects, leading, shapes, box, pairs.whole, area, length, apart)
        for chip, place, lead, shape, sides, whole, square, metres, far in zip(
            *(c.tolist() for c in columns), strict=True
        ):
            label: ObjectLabel = {
                "id": self.names[place],
                "role": "focus" if lead else "surrounding",
                "shape": SHAPES[shape],
                "tags": self.tags(place),
                "box": sides,
                "whole": whole,
                "area_m2": square if shape == AREA else None,
                "length_m": metres if shape == LINE else None,
                "distance_m": None if lead else far,
            }
            if scores := self._inferred[self._sets[place]]:
                label["inferred"] = dict(scores)
            labels[chip].append(label)
        return labels

    def _metre(self, corners: Floats) -> Floats:
        """Metres that a stretched pixel is long at the centres of chips (n,)."""
        centre = (corners[:, :2] + corners[:, 2:]) / 2
        metres: Floats = np.sqrt(pixel_sizes(self.grid, *centre.T).prod(axis=1) / self.stretch)
        return metres

    def _to_pixels(self, geometries: Geometries) -> Geometries:
        """Bring WGS84 geometries to stretched pixels; None where the image's CRS has no place for one."""
        lonlat, owner = shapely.get_coordinates(geometries, return_index=True)
        col, row = self.grid.to_pixels(*lonlat.T)
        found: Geometries = shapely.set_coordinates(geometries, np.column_stack([col * self.stretch, row]))
        found[owner[~np.isfinite(col + row)]] = None
        return found


def _inferred(sets: list[dict[str, str]], vocabulary: TagVocabulary) -> list[dict[str, float]]:
    """For each set of visible tags, the scores of those that the tag classifier chose, by key."""
    if not isinstance(vocabulary, ExtendedVocabulary):
        return [{}] * len(sets)
    chosen = vocabulary.inferred
    return [
        {key: chosen[tag].score for key, value in tags.items() if (tag := (key, value)) in chosen}
        for tags in sets
    ]
