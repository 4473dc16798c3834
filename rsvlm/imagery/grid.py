"""Where pixels lie on the Earth: an image's grid, its footprint, and the way between places and pixels."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.projection import Floats, cut, from_lonlat, short, to_lonlat, unwrap, within, world_width

BBox = tuple[float, float, float, float]
"""West, south, east, north in WGS84 degrees; west > east across the antimeridian (RFC 7946, 5.2)."""

Transform = tuple[float, float, float, float, float, float]
"""Affine a b c d e f: x = a * column + b * row + c, y = d * column + e * row + f; (0, 0) is a corner."""

# Segments for one edge of a footprint. Over the 100 km of a Sentinel-2 tile at 60 degrees, an edge in UTM
# bends by some 340 m; 20 chords leave less than 1 m of it, and a chip's edge less than a millimetre.
_SEGMENTS = 20
_UP_TOLERANCE = 10.0
_SQUARE = 1.02
"""Pixels whose sides differ less are square: in degrees they do by 0.7 % on the equator."""
_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Grid:
    """A pixel grid and where it lies; plain, hashable and picklable.

    Attributes:
        width: Columns.
        height: Rows.
        crs: "EPSG:32652" or WKT; None where the image has no place.
        transform: From (column, row) to coordinates of the CRS, as `Transform`; None where the image has no
            place.
    """

    width: int
    height: int
    crs: str | None = None
    transform: Transform | None = None

    @property
    def gsd(self) -> float | None:
        """Ground sample distance: metres a pixel at the centre, on the ellipsoid; None without a place.

        It is the geometric mean of the two axes. A 10 m pixel in UTM measures 9.99 to 10.004 m, since the
        projection stretches; whoever compares it with a nominal resolution leaves room for that.
        """
        axes = self._axes()
        return None if axes is None else math.sqrt(axes[0][1] * axes[1][1])

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Metres of a pixel along a row and along a column, at the centre; None without a place.

        Both are `gsd` where they are as good as equal: a projection's own stretch makes no other pixels. Pixels in
        degrees are narrower than high away from the equator, by half at 60 degrees.
        """
        axes = self._axes()
        if axes is None:
            return None
        across, down = axes[0][1], axes[1][1]
        if max(across, down) <= _SQUARE * min(across, down):
            across = down = math.sqrt(across * down)
        return across, down

    @property
    def north_up(self) -> bool:
        """Whether, at the centre, image up is true north and image right is east, within 10 degrees."""
        axes = self._axes()
        if axes is None:
            return False
        (right, _), (up, _) = axes
        return abs(up) <= _UP_TOLERANCE and abs(right - 90.0) <= _UP_TOLERANCE

    def window(self, x: int, y: int, width: int, height: int) -> "Grid":
        """The grid of a window whose upper left pixel is (x, y); it may reach past the edges of this one."""
        if self.transform is None:
            return Grid(width, height, self.crs, None)
        a, b, c, d, e, f = self.transform
        return Grid(width, height, self.crs, (a, b, a * x + b * y + c, d, e, d * x + e * y + f))

    def footprint(self) -> Polygon | MultiPolygon:
        """The outline in WGS84 with densified edges, in two parts where it crosses the antimeridian.

        A grid that contains a pole gives the polygon that reaches up to +-90 degrees and over all longitudes.

        Raises:
            ImageryError: The grid has no place, or reaches past what its CRS can describe.
        """
        lon, lat = self._ring()
        polygon = Polygon(np.column_stack([lon, lat]))
        if not polygon.is_valid:
            polygon = polygon.buffer(0)
        return cut(polygon)

    def bbox(self) -> BBox | None:
        """West, south, east, north in WGS84 degrees, west > east across the antimeridian; None without place.

        A grid that contains a pole spans -180 to 180 and reaches the pole.

        Raises:
            ImageryError: The grid reaches past what its CRS can describe.
        """
        if self.crs is None or self.transform is None:
            return None
        lon, lat = self._ring()
        south, north = float(lat.min()), float(lat.max())
        if lon.max() - lon.min() >= 360.0 - 1e-9:
            return (-180.0, south, 180.0, north)
        west, east = within(np.array([lon.min(), lon.max()]))
        return (float(west), south, float(east), north)

    def bbox_if_any(self) -> BBox | None:
        """As `bbox`; None also where the grid reaches past what its CRS can describe, as a full disk does."""
        try:
            return self.bbox()
        except ImageryError:
            return None

    def to_pixels(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Bring places to the grid.

        Args:
            lon: Longitudes, WGS84 degrees, any shape.
            lat: Latitudes of the same shape.

        Returns:
            Columns and rows (0, 0 is the upper left corner of the first pixel), not finite where the CRS has
            no such place. On a grid over the antimeridian, both 179.9 and -179.9 fall where they belong.

        Raises:
            ImageryError: The grid has no place.
        """
        place = self._placed()
        x, y = from_lonlat(place[0], np.asarray(lon, float), np.asarray(lat, float))
        turn = world_width(place[0])
        a, b, c, d, e, f = place[1]
        if turn is not None:
            middle = a * self.width / 2 + b * self.height / 2 + c
            with np.errstate(invalid="ignore"):
                x = x + turn * np.round((middle - x) / turn)
        determinant = a * e - b * d
        dx, dy = x - c, y - f
        with np.errstate(invalid="ignore"):
            return (e * dx - b * dy) / determinant, (a * dy - d * dx) / determinant

    def to_lonlat(self, col: npt.ArrayLike, row: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Bring pixel positions to WGS84 degrees, longitudes within -180 to 180; the inverse of `to_pixels`.

        Raises:
            ImageryError: The grid has no place.
        """
        crs, (a, b, c, d, e, f) = self._placed()
        col, row = np.asarray(col, float), np.asarray(row, float)
        lon, lat = to_lonlat(crs, a * col + b * row + c, d * col + e * row + f)
        return within(lon), lat

    def _placed(self) -> tuple[str, Transform]:
        if self.crs is None or self.transform is None:
            raise ImageryError(
                "the image has no place: give it a CRS and a transform, a world file or a STAC item"
            )
        return self.crs, self.transform

    def _axes(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Azimuth in degrees and length in metres of one pixel at the centre, to the right and up."""
        if self.crs is None or self.transform is None:
            return None
        x, y = self.width / 2, self.height / 2
        lon, lat = self.to_lonlat([x - 0.5, x + 0.5, x, x], [y, y, y + 0.5, y - 0.5])
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            return None
        azimuth, _, metres = _GEOD.inv(lon[[0, 2]], lat[[0, 2]], lon[[1, 3]], lat[[1, 3]])
        return (float(azimuth[0]), float(metres[0])), (float(azimuth[1]), float(metres[1]))

    def _ring(self) -> tuple[Floats, Floats]:
        """The closed outline in degrees; longitudes run on past 180 rather than jump."""
        crs, (a, b, c, d, e, f) = self._placed()
        steps = np.linspace(0.0, 1.0, _SEGMENTS + 1)[:-1]
        col = self.width * np.concatenate([steps, np.ones(_SEGMENTS), 1 - steps, np.zeros(_SEGMENTS), [0.0]])
        row = self.height * np.concatenate([np.zeros(_SEGMENTS), steps, np.ones(_SEGMENTS), 1 - steps, [0.0]])
        lon, lat = to_lonlat(crs, a * col + b * row + c, d * col + e * row + f)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            raise ImageryError(
                f"the grid reaches past what its CRS can describe ({short(crs)}): crop the image"
            )
        return unwrap(lon, np.clip(lat, -90.0, 90.0))
