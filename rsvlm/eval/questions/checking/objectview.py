"""The outlines in a window, read and measured apart from how questions are made: burnt into a fine raster."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS, Transformer
from rasterio.errors import RasterioError
from rasterio.features import rasterize
from shapely import Polygon, transform
from shapely.geometry import shape

from rsvlm.eval.errors import EvalError
from rsvlm.imagery.guard import open_dataset, raster_env

from ..sources import Objects
from .places import at, moved, turned

FINE = 4
"""Cells of the raster along a pixel."""
Outlines = list[tuple[Any, dict[str, Any]]]
"""Polygons with their properties."""


class Thing:
    """An outline in a window, in pixels of it, to a quarter of a pixel."""

    def __init__(self, rows: Any, columns: Any) -> None:
        self.x, self.y = (columns.mean() + 0.5) / FINE, (rows.mean() + 0.5) / FINE
        self.left, self.top = columns.min() / FINE, rows.min() / FINE
        self.right, self.bottom = (columns.max() + 1) / FINE, (rows.max() + 1) / FINE
        self.area = len(rows) / FINE**2
        self.cells = np.column_stack([columns + 0.5, rows + 0.5]) / FINE

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom

    def distance(self, x: float, y: float) -> float:
        """How far a point is from it."""
        return float(np.hypot(*(self.cells - (x, y)).T).min())


class ObjectView:
    """The things of a window, which may be turned about its middle.

    Args:
        source: The source of the window.
        window: Left, top, width and height.
        turn: Degrees, clockwise.
        outlines: What gives all outlines of a file in a CRS; see `read_outlines`.

    Raises:
        EvalError: The files cannot be read, or an outline is cut by the window's edge or cannot be seen for certain.
    """

    def __init__(
        self,
        source: Objects,
        window: tuple[int, ...],
        turn: int,
        outlines: Callable[[Path, str], Outlines],
    ) -> None:
        x, y, self.width, self.height = window
        try:
            with raster_env(), open_dataset(str(source.image.absolute())) as image:
                upright = moved(image.transform, x, y)
                known = outlines(source.features, image.crs.to_wkt())
        except RasterioError as error:
            raise EvalError(f"{source.image}: cannot be read again ({error})") from None
        place = turned(upright, self.width, self.height, turn)
        self.pixel = abs(place.a * place.e - place.b * place.d)
        fine = moved(place, 0, 0, 1 / FINE)
        size = (self.height * FINE, self.width * FINE)
        self.things: list[Thing] = []
        corners = ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
        frame = Polygon([at(place, *corner) for corner in corners])
        for outline, properties in known:
            if not outline.intersects(frame):
                continue
            cells = rasterize([(outline, 1)], out_shape=size, transform=fine)
            rows, columns = np.nonzero(cells)
            if not len(rows):
                continue
            if any(str(properties.get(key)) == value for key, value in source.uncertain.items()):
                raise EvalError("an outline in the window cannot be seen for certain")
            if not frame.contains(outline):
                raise EvalError("an outline is cut by the edge of the window")
            self.things.append(Thing(rows, columns))


def read_outlines(path: Path, crs: str) -> Outlines:
    """All polygons of a file in another CRS, with their properties."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    own = CRS.from_user_input(str((content.get("crs") or {}).get("properties", {}).get("name", "EPSG:4326")))
    way = (
        None
        if own.equals(CRS.from_wkt(crs), ignore_axis_order=True)
        else Transformer.from_crs(own, crs, always_xy=True)
    )
    found = []
    for feature in content["features"]:
        if not feature.get("geometry"):
            continue  # GeoJSON's null: a thing without a place
        geometry = shape(feature["geometry"])
        parts = [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon"]
        for part in parts:
            moved = part if way is None else transform(part, lambda xy: np.column_stack(way.transform(*xy.T)))
            found.append((moved, feature.get("properties") or {}))
    return found
