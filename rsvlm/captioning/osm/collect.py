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
from rsvlm.captioning.osm.extent import Extents
from rsvlm.captioning.osm.shapes import Geometries, tidy
from rsvlm.captioning.osm.table import TYPES, ObjectTable, TableBuilder
from rsvlm.captioning.osm.tags import Tag, TagSorter

_REMEDY = "write the right one in (ogr2ogr -a_srs EPSG:...)"
_FEATURE = TYPES.index("feature")


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

    def add(
        self,
        wkb: Sequence[bytes | None],
        crs: str | None,
        tags: Sequence[list[Tag]],
        ids: Sequence[int | str | None],
    ) -> None:
        """Add features: geometry as WKB in a CRS, tags, and number or name.

        Raises:
            CaptioningError: There is no CRS, or none that can be brought to WGS84.
        """
        found = tidy(self._to_wgs84(shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore")), crs))
        sound = ~shapely.is_missing(found)
        numbers = np.array([self._sorter.number(own) for own in tags], np.int64)
        kept = self._extents.touch(found) & sound
        used = numbers >= 0
        self._counts["read"] += len(found)
        self._counts["without_used_tag"] += int((~used).sum())
        self._counts["invalid"] += int((used & ~sound).sum())
        self._counts["outside"] += int((used & sound & ~kept).sum())
        rows = np.flatnonzero(used & kept).tolist()
        names = np.array([self._number(ids[row], wkb[row], tags[row]) for row in rows], np.int64)
        shapes = shapely.get_dimensions(found[rows]).astype(np.int8)
        self._builder.add(_FEATURE, names, numbers[rows], shapes, found[rows])

    def finish(self, source: dict[str, str] | None = None) -> ObjectTable:
        """Make the table; source is that of the data, where it is known.

        Raises:
            CaptioningError: There was no feature.
        """
        if not self._counts["read"]:
            raise CaptioningError(f"{self._path} holds no feature: check that it is the file you meant")
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
        content = number if named else repr((number, wkb, tags))
        return int.from_bytes(hashlib.blake2b(str(content).encode(), digest_size=8).digest(), "big") >> 1

    def _to_wgs84(self, geometries: Geometries, crs: str | None) -> Geometries:
        if crs is None:
            raise CaptioningError(f"{self._path} does not say its coordinate reference system: {_REMEDY}")
        try:
            transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        except ProjError as error:
            reason = " ".join(str(error).split())
            raise CaptioningError(f"{self._path} cannot be brought to WGS84 ({reason}): {_REMEDY}") from error
        xy, owner = shapely.get_coordinates(geometries, return_index=True)
        lonlat = np.column_stack(transformer.transform(*xy.T))
        found: Geometries = shapely.set_coordinates(geometries, lonlat)
        wrong = ~(np.abs(lonlat) <= (180.0, 90.0)).all(axis=1)
        found[owner[wrong]] = None
        return found
