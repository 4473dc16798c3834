"""The map of the sample town: its OpenStreetMap file, read into the pixels of the picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np
import osmium
import shapely
from osmium.geom import WKBFactory
from osmium.osm import Area, Node, Way
from shapely.geometry.base import BaseGeometry

from rsvlm.imagery.grid import Grid

MAP_NAME = "town.osm"
GSD = 0.5
"""Metres per pixel of the picture."""
SIZE = 2048
"""Pixels along each side of the picture: 1,024 m."""
PLACE = Grid(SIZE, SIZE, "EPSG:32632", (GSD, 0.0, 571_150.0, 0.0, -GSD, 5_539_620.0))
"""Where the picture claims to lie: fields in the middle of Germany. The town itself is invented."""

# Closed ways with these keys are lines, unless they say area=yes.
_LINEAR = ("highway", "barrier", "railway", "waterway", "power")


@dataclass(frozen=True)
class Feature:
    """One object of the map.

    Attributes:
        id: OSM id; it seeds what the object is drawn with.
        tags: Its tags.
        shape: Polygon, LineString or Point in pixels of the picture, y down.
    """

    id: int
    tags: Mapping[str, str]
    shape: BaseGeometry

    def has(self, key: str, *values: str) -> bool:
        """Whether a tag is there, with one of the values where any are given."""
        return key in self.tags and (not values or self.tags[key] in values)

    @property
    def height(self) -> float:
        """Height in metres; 6 where the map does not say."""
        return float(self.tags.get("height", "6"))


def map_bytes() -> bytes:
    """The OpenStreetMap file as it ships."""
    return files(__package__).joinpath(MAP_NAME).read_bytes()


def read_town() -> list[Feature]:
    """All tagged objects of the map, in the order of the file, polygons with their holes."""
    wkb = WKBFactory()
    features = []
    with as_file(files(__package__).joinpath(MAP_NAME)) as path:
        for item in osmium.FileProcessor(str(path)).with_areas():
            tags = dict(item.tags)
            if not tags:
                continue
            if isinstance(item, Node):
                features.append(Feature(item.id, tags, _to_pixels(wkb.create_point(item))))
            elif isinstance(item, Way) and (not item.is_closed() or _is_linear(tags)):
                features.append(Feature(item.id, tags, _to_pixels(wkb.create_linestring(item))))
            elif isinstance(item, Area) and not (item.from_way() and _is_linear(tags)):
                parts = _to_pixels(wkb.create_multipolygon(item)).geoms
                features += [Feature(item.orig_id(), tags, part) for part in parts]
    return features


def _is_linear(tags: Mapping[str, str]) -> bool:
    if tags.get("area") == "yes" or "platform" in tags.values() or tags.get("power") == "plant":
        return False
    return any(key in tags for key in _LINEAR)


def _to_pixels(wkb: str) -> BaseGeometry:
    def project(lonlat: np.ndarray) -> np.ndarray:
        return np.column_stack(PLACE.to_pixels(lonlat[:, 0], lonlat[:, 1]))

    return shapely.transform(shapely.from_wkb(wkb), project)
