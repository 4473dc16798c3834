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
from PIL import Image
from pyproj import Transformer
from pyproj.exceptions import CRSError
from rasterio.features import rasterize
from shapely.geometry import shape

from rsvlm.datasets.textfiles import read_utf8
from rsvlm.eval.errors import EvalError
from rsvlm.imagery import ChipReader, ImageryError, open_scene

from .drafts import Panel
from .sources import Objects
from .windows import WindowSearch, ground_of

_LEAST = 12
"""Pixels along the shorter side of the smallest outline that is counted as a thing to be seen."""
_LIGHT = (40.0, 235.0)
"""Mean brightness, of 255, between which a thing can be seen: not lost in shade, nor on ground as bright as it."""


@dataclass(frozen=True, eq=False)
class ObjectChip:
    """A window without a cut outline, upright or turned.

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

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.panel.window[2]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.panel.window[3]

    @cached_property
    def ground(self) -> shapely.Polygon:
        """What it shows, in pixels of the image."""
        return ground_of(self.panel.window, self.panel.turn)


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
        certain, doubtful = self._outlines()
        if not certain:
            raise EvalError(
                f"{source.features}: no outline that can be seen for certain lies in {source.image}"
            )
        self._search = WindowSearch(certain, doubtful, (self.scene.grid.width, self.scene.grid.height))
        self._rng = rng

    @cached_property
    def chips(self) -> list[ObjectChip]:
        """All windows; looked for when they are asked for first, as it takes long and some kinds ask for none."""
        return list(self.find())

    def find(self) -> Iterator[ObjectChip]:
        """Look for windows, one after the other."""
        for found in self._search.find(self._rng):
            panel = Panel(self.number, self.source.image.name, found.window, turn=found.turn)
            yield ObjectChip(panel, found.shapes, self.pixel)

    def pixels(self, panel: Panel) -> npt.NDArray[np.uint8]:
        """What a panel shows, (height, width, 3)."""
        if not panel.turn:
            return self._reader.rgb(self.scene, panel.window)
        x, y, width, height = panel.window
        ground = ground_of(panel.window, panel.turn)
        left, top = (int(side) for side in ground.bounds[:2])
        right = min(int(ground.bounds[2]) + 1, self.scene.grid.width)
        bottom = min(int(ground.bounds[3]) + 1, self.scene.grid.height)
        upright = Image.fromarray(self._reader.rgb(self.scene, (left, top, right - left, bottom - top)))
        cos, sin = float(np.cos(np.radians(panel.turn))), float(np.sin(np.radians(panel.turn)))
        middle = x + width / 2 - left, y + height / 2 - top
        way = (
            cos, -sin, middle[0] - cos * width / 2 + sin * height / 2,
            sin, cos, middle[1] - sin * width / 2 - cos * height / 2,
        )  # fmt: skip
        turned = upright.transform((width, height), Image.Transform.AFFINE, way, Image.Resampling.BICUBIC)
        return np.asarray(turned)

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


def read_outlines(path: Path) -> Iterator[tuple[shapely.Polygon, dict[str, Any]]]:
    """Read the polygons of a GeoJSON file in WGS84 degrees, with their properties; other geometry is passed over.

    Raises:
        EvalError: It is no GeoJSON.
    """
    try:
        content = json.loads(read_utf8(path))
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
