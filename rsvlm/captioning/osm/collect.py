"""Features with tags to the table of map objects, whatever file they come from."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import ProjError

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.antimeridian import split_jumps
from rsvlm.captioning.osm.attributes import BAGS, holds_tags
from rsvlm.captioning.osm.extent import Extents
from rsvlm.captioning.osm.shapes import Geometries, take_apart, tidy
from rsvlm.captioning.osm.table import TYPES, ObjectTable, TableBuilder
from rsvlm.captioning.osm.tags import Tag, TagSorter
from rsvlm.errors import one_line

_REMEDY = "write the right one in (ogr2ogr -a_srs EPSG:...)"
_FEATURE = TYPES.index("feature")
_MOST_COLUMNS = 12  # told of a file whose columns say nothing


class FeatureCollector:
    """Takes the features of a file in batches."""

    def __init__(self, path: Path, extents: Extents, sorter: TagSorter) -> None:
        self._path = path
        self._extents = extents
        self._sorter = sorter
        self._builder = TableBuilder(sorter)
        self._counts: Counter[str] = Counter()
        self._ids: set[int] = set()
        self._names: set[int | str | None] = set()
        self._admitted: list[bool] = []  # one a layer
        self._columns: dict[str, None] = {}  # of the layers that were not

    def admits(self, columns: Sequence[str], features: int) -> bool:
        """Say whether a layer with these columns is to be read; where none can hold tags it is only counted."""
        self._admitted.append(holds_tags(columns, self._sorter.keys))
        if not self._admitted[-1]:
            self._columns |= dict.fromkeys(columns)
            self._counts["read"] += features
            self._counts["without_used_tag"] += features
        return self._admitted[-1]

    def add(
        self,
        wkb: Sequence[bytes | None],
        crs: str | None,
        tags: Sequence[list[Tag]],
        ids: Sequence[int | str | None],
        layer: str | None = None,
    ) -> None:
        """Add features: geometry as WKB in a CRS, tags, and number or name; `layer` is for messages.

        Of an area in several pieces, as a layer holds them once it was dissolved, each piece is an object: three
        houses are not one of three times the size.

        Raises:
            CaptioningError: There is no CRS, or none that can be brought to WGS84.
        """
        given = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore"))
        numbers = np.array([self._sorter.number(own) for own in tags], np.int64)
        several = (shapely.get_type_id(given) == shapely.GeometryType.MULTIPOLYGON) & (numbers >= 0)
        where = f"layer {layer!r} of {self._path}" if layer else str(self._path)
        found, places = take_apart(tidy(split_jumps(_to_wgs84(given, crs, where))), several)
        numbers = numbers[places]
        used = numbers >= 0
        sound = ~shapely.is_missing(found)
        kept = self._extents.touch(found) & sound
        self._counts["read"] += len(found)
        self._counts["without_used_tag"] += int((~used).sum())
        self._counts["invalid"] += int((used & ~sound).sum())
        self._counts["outside"] += int((used & sound & ~kept).sum())
        rows = np.flatnonzero(used & kept).tolist()
        apart = np.bincount(places)[places] > 1
        names = np.array(
            [
                _digest(repr((ids[place], shapely.to_wkb(found[row]), tags[place])))
                if apart[row]
                else self._number(ids[place], wkb[place], tags[place])
                for row, place in zip(rows, places[rows].tolist(), strict=True)
            ],
            np.int64,
        )
        shapes = shapely.get_dimensions(found[rows]).astype(np.int8)
        self._builder.add(_FEATURE, names, numbers[rows], shapes, found[rows])

    def finish(self, source: dict[str, str] | None = None) -> ObjectTable:
        """Make the table; source is that of the data, where it is known.

        Raises:
            CaptioningError: There was no feature, or no column that can hold tags.
        """
        if not self._counts["read"]:
            raise CaptioningError(f"{self._path} holds no feature: check that it is the file you meant")
        if self._admitted and not any(self._admitted):
            raise CaptioningError(f"{self._path} has no tags: {self._columns_told()}")
        unknown = {"name": self._path.name, "licence": "", "attribution": "", "url": ""}
        table, self._counts["doubled"] = self._builder.finish({})
        self._counts["kept"] = table.num_rows
        return ObjectTable(
            table, dict(sorted(self._counts.items())), self._sorter.unknown(), source or unknown
        )

    def _number(self, number: int | str | None, wkb: bytes | None, tags: list[Tag]) -> int:
        """The feature's own number where no other has it already, else one made from what it is."""
        if isinstance(number, int) and number not in self._ids:
            self._ids.add(number)
            return number
        named = isinstance(number, str) and number not in self._names
        self._names.add(number)
        return _digest(str(number) if named else repr((number, wkb, tags)))

    def _columns_told(self) -> str:
        names = list(self._columns)
        more = f" and {len(names) - _MOST_COLUMNS} more" if len(names) > _MOST_COLUMNS else ""
        return (
            f"its columns ({', '.join(names[:_MOST_COLUMNS]) or 'none'}{more}) are not named like OpenStreetMap keys "
            f"of what can be seen (building, landuse, ...), nor {', '.join(BAGS)}: rename the one that says what "
            "things are"
        )


def _digest(content: str) -> int:
    """A number above 0 that stands for a text."""
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8).digest(), "big") >> 1


def _to_wgs84(geometries: Geometries, crs: str | None, where: str) -> Geometries:
    if crs is None:
        raise CaptioningError(f"{where} does not say its coordinate reference system: {_REMEDY}")
    try:
        transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except ProjError as error:
        reason = one_line(error)
        raise CaptioningError(f"{where} cannot be brought to WGS84 ({reason}): {_REMEDY}") from error
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    lonlat = np.column_stack(transformer.transform(*xy.T))
    found: Geometries = shapely.set_coordinates(geometries, lonlat)
    wrong = ~(np.abs(lonlat) <= (180.0, 90.0)).all(axis=1)
    if len(xy) and wrong.all() and pyproj.CRS.from_user_input(crs).is_geographic:
        x, y = xy[0]
        raise CaptioningError(f"{where} is said to be in degrees, but {x:.10g}, {y:.10g} are none: {_REMEDY}")
    found[owner[wrong]] = None
    return found
