"""Outlines of things over an image as a source of questions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from pyproj.exceptions import CRSError
from rasterio.features import rasterize
from shapely.geometry import shape

from rsvlm.eval.errors import EvalError
from rsvlm.eval.jsonlines import read_text
from rsvlm.imagery import ChipReader, ImageryError, open_scene

from .drafts import Panel, Window
from .sources import Objects

_MOST_CHIPS = 900
_MOST_ALIKE, _MOST_EMPTY = 3, 12
"""Windows of one size with the same outlines, and with none."""
_APART = 0.2
"""Share of their side by which two such windows are apart."""
_LEAST = 12
"""Pixels along the shorter side of the smallest outline that is counted as a thing to be seen."""
_LIGHT = (40.0, 235.0)
"""Mean brightness, of 255, between which a thing can be seen: not lost in shade, nor on ground as bright as it."""
_SIDES = (10.0, 7.0, 5.0, 3.5)
"""Sides of windows, in typical lengths of a thing."""


@dataclass(frozen=True, eq=False)
class ObjectChip:
    """A window without a cut outline.

    Attributes:
        panel: What is shown.
        shapes: The outlines in it, in pixels of the window.
        pixel: Square metres of a pixel.
    """

    panel: Panel
    shapes: tuple[shapely.Polygon, ...]
    pixel: float

    @cached_property
    def centres(self) -> npt.NDArray[np.float64]:
        """(n, 2) x and y of the outlines' centres."""
        return np.array([(one.centroid.x, one.centroid.y) for one in self.shapes]).reshape(-1, 2)


class ObjectData:
    """All windows of one source of outlines.

    Raises:
        EvalError: The image has no place, or the outlines cannot be read, or none lies in the image.
    """

    def __init__(self, source: Objects, number: int, rng: np.random.Generator) -> None:
        self.source = source
        self.number = number
        self.noun = source.noun
        self.nouns = source.plural or f"{source.noun}s"
        try:
            self.scene = open_scene(source.image)
        except ImageryError as error:
            raise EvalError(str(error)) from error
        gsd = self.scene.grid.gsd
        if gsd is None:
            raise EvalError(
                f"{source.image}: has no place, so outlines cannot be laid over it; give a GeoTIFF"
            )
        self.pixel = gsd**2
        self._reader = ChipReader()
        self._certain, uncertain = self._outlines()
        if not self._certain:
            raise EvalError(
                f"{source.features}: no outline that can be seen for certain lies in {source.image}"
            )
        self._tree = shapely.STRtree(self._certain)
        self._doubtful = shapely.STRtree(uncertain)
        self.chips = list(self._choose(rng))

    def pixels(self, panel: Panel) -> npt.NDArray[np.uint8]:
        """What a panel shows, (height, width, 3)."""
        return self._reader.rgb(self.scene, panel.window)

    def label_files(self, panel: Panel) -> list[Path]:  # noqa: ARG002 - as the other sources
        """The file of the outlines."""
        return [self.source.features]

    def close(self) -> None:
        """Close the image."""
        self._reader.close()

    def _outlines(self) -> tuple[list[shapely.Polygon], list[shapely.Polygon]]:
        """Outlines in pixels of the image: those that can be seen for certain, and the others."""
        certain: list[shapely.Polygon] = []
        uncertain: list[shapely.Polygon] = []
        frame = shapely.box(0, 0, self.scene.grid.width, self.scene.grid.height)
        for polygon, properties in read_outlines(self.source.features):
            col, row = self.scene.grid.to_pixels(*polygon.exterior.coords.xy)
            if not np.isfinite(col + row).all():
                continue
            outline = shapely.Polygon(np.column_stack([col, row]))
            if not outline.intersects(frame):
                continue
            left, top, right, bottom = outline.bounds
            doubt = any(str(properties.get(key)) == value for key, value in self.source.uncertain.items())
            small = min(right - left, bottom - top) < _LEAST or not outline.is_valid
            (uncertain if doubt or small or not self._lit(outline) else certain).append(outline)
        return certain, uncertain

    def _lit(self, outline: shapely.Polygon) -> bool:
        """Whether a thing stands in light, as the picture shows it."""
        left, top, right, bottom = (int(side) for side in outline.bounds)
        window = (left, top, right - left + 1, bottom - top + 1)
        pixels = self._reader.rgb(self.scene, window).mean(axis=2)
        moved = shapely.affinity.translate(outline, -left, -top)
        inside = rasterize([moved], out_shape=pixels.shape, all_touched=True) > 0
        return bool(inside.any() and _LIGHT[0] <= pixels[inside].mean() <= _LIGHT[1])

    def _choose(self, rng: np.random.Generator) -> Iterator[ObjectChip]:
        """Windows of several sizes whose outlines are whole and certain; few with the same outlines, well apart."""
        width, height = self.scene.grid.width, self.scene.grid.height
        typical = float(np.median([np.sqrt(one.area) for one in self._certain]))
        seen: dict[tuple[int, tuple[int, ...]], list[tuple[int, int]]] = {}
        found = 0
        for factor in _SIDES:
            side = min(int(factor * typical) // 4 * 4, width, height)
            starts = np.column_stack(
                [rng.integers(0, room + 1, 6000) for room in (width - side, height - side)]
            )
            for x, y in starts.tolist():
                chip, inside = self._window((x, y, side, side))
                if chip is None or found >= _MOST_CHIPS:
                    continue
                same = seen.setdefault((side, inside), [])
                near = any(max(abs(x - a), abs(y - b)) < side * _APART for a, b in same)
                if near or len(same) >= (_MOST_ALIKE if inside else _MOST_EMPTY):
                    continue
                same.append((x, y))
                found += 1
                yield chip

    def _window(self, window: Window) -> tuple[ObjectChip | None, tuple[int, ...]]:
        x, y, width, height = window
        frame = shapely.box(x, y, x + width, y + height)
        if self._doubtful.query(frame, predicate="intersects").size:
            return None, ()
        inside = tuple(np.sort(self._tree.query(frame, predicate="intersects")).tolist())
        inner = shapely.box(x + 2, y + 2, x + width - 2, y + height - 2)
        if not all(inner.contains(self._certain[place]) for place in inside):
            return None, ()
        shapes = tuple(shapely.affinity.translate(self._certain[place], -x, -y) for place in inside)
        return ObjectChip(Panel(self.number, self.source.image.name, window), shapes, self.pixel), inside


def read_outlines(path: Path) -> Iterator[tuple[shapely.Polygon, dict[str, Any]]]:
    """Read the polygons of a GeoJSON file in WGS84 degrees, with their properties; other geometry is passed over.

    Raises:
        EvalError: It is no GeoJSON.
    """
    try:
        content = json.loads(read_text(path))
        name = (content.get("crs") or {}).get("properties", {}).get("name", "EPSG:4326")
        way = Transformer.from_crs(str(name), "EPSG:4326", always_xy=True)
        features = content["features"]
        for feature in features:
            geometry = shape(feature["geometry"]) if feature.get("geometry") else shapely.Polygon()
            for part in getattr(geometry, "geoms", [geometry]):
                if isinstance(part, shapely.Polygon) and not part.is_empty:
                    yield (
                        shapely.transform(part, lambda xy: np.column_stack(way.transform(*xy.T))),
                        dict(feature.get("properties") or {}),
                    )
    except (ValueError, KeyError, TypeError, AttributeError, CRSError) as error:
        if isinstance(error, EvalError):
            raise
        raise EvalError(f"{path}: is no GeoJSON of polygons ({type(error).__name__}: {error})") from None
