"""Grids: footprints, pixels and ground sample distance against PROJ, shapely and known places."""

import pickle

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely.geometry import Point

from rsvlm.imagery import Grid, ImageryError

GEOD = Geod(ellps="WGS84")


def grid(
    crs: str, west: float, south: float, east: float, north: float, width: int = 100, height: int = 100
) -> Grid:
    a, e = (east - west) / width, (south - north) / height
    return Grid(width, height, crs, (a, 0.0, west, 0.0, e, north))


MERCATOR_EDGE = 20037508.342789244
# One grid for each way in which places go wrong.
PLACES = {
    "utm": grid("EPSG:32652", 300_000, 4_000_000, 400_000, 4_100_000),
    "utm south": grid("EPSG:32723", 300_000, 7_000_000, 400_000, 7_100_000),
    "utm over its zone": grid("EPSG:32632", 100_000, 5_400_000, 900_000, 5_500_000),
    "rotated": Grid(500, 300, "EPSG:32633", (7.0, 7.0, 400_000.0, 7.0, -7.0, 5_000_000.0)),
    "degrees": grid("EPSG:4326", 6.5, 0.1, 6.75, 0.35),
    "web map": grid("EPSG:3857", 900_000, 6_000_000, 950_000, 6_050_000),
    "Korea 2000": grid("EPSG:5186", 200_000, 500_000, 210_000, 510_000),
    "NAD27": grid("EPSG:26717", 300_000, 4_000_000, 310_000, 4_010_000),
    "antimeridian in degrees": grid("EPSG:4326", 170, -10, 190, 10),
    "antimeridian from the west": grid("EPSG:4326", -190, -10, -170, 10),
    "antimeridian in zone 60": grid("EPSG:32660", 700_000, 4_000_000, 900_000, 4_100_000),
    "antimeridian in zone 1": grid("EPSG:32601", 100_000, 4_000_000, 300_000, 4_100_000),
    "antimeridian on a web map": grid("EPSG:3857", 20_000_000, 0, 20_100_000, 100_000),
    "antimeridian in the Pacific": grid("EPSG:3832", 3_300_000, 0, 3_400_000, 100_000),
    "80 north": grid("EPSG:32633", 480_000, 8_880_000, 520_000, 8_920_000),
    "polar": grid("EPSG:3413", 1_000_000, -1_500_000, 1_100_000, -1_400_000),
    "polar over the antimeridian": grid("EPSG:3413", -1_500_000, 1_400_000, -1_300_000, 1_600_000),
}
ALL = pytest.mark.parametrize("name", PLACES)


@ALL
def test_pixels_come_back(name: str) -> None:
    place = PLACES[name]
    rng = np.random.default_rng(0)
    column, row = rng.uniform(0, place.width, 500), rng.uniform(0, place.height, 500)
    lon, lat = place.to_lonlat(column, row)
    assert (np.abs(lon) <= 180).all()
    back = place.to_pixels(lon, lat)
    np.testing.assert_allclose(back, (column, row), atol=1e-5)


@ALL
def test_the_footprint_holds_every_pixel_and_the_box_is_its_own(name: str) -> None:
    place = PLACES[name]
    footprint = place.footprint()
    assert footprint.is_valid
    rng = np.random.default_rng(1)
    lon, lat = place.to_lonlat(
        rng.uniform(0.2, place.width - 0.2, 300), rng.uniform(0.2, place.height - 0.2, 300)
    )
    assert shapely.contains_xy(footprint, lon, lat).all()
    outside = place.to_lonlat([-0.5, place.width + 0.5, 50.0, 50.0], [50.0, 50.0, -0.5, place.height + 0.5])
    assert not shapely.contains_xy(footprint, *outside).any()
    west, south, east, north = place.bbox() or (0.0,) * 4
    assert -180 <= west <= 180
    assert -180 <= east <= 180
    assert (west > east) == name.startswith("antimeridian") or name == "polar over the antimeridian"
    inside = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    assert inside.all()
    assert (lat >= south).all()
    assert (lat <= north).all()
    bounds = footprint.bounds
    expected = (bounds[0], bounds[2]) if west <= east else (-180.0, 180.0)
    assert (bounds[0], bounds[2]) == pytest.approx(expected)


@ALL
def test_the_footprint_has_the_area_of_the_pixels(name: str) -> None:
    place = PLACES[name]
    footprint = place.footprint()
    parts = getattr(footprint, "geoms", [footprint])
    area = sum(abs(GEOD.geometry_area_perimeter(shapely.segmentize(part, 0.02))[0]) for part in parts)
    # area by small windows, whose own ground sample distance is right at their centre
    step = 10
    pixels = 0.0
    for x in range(0, place.width, step):
        for y in range(0, place.height, step):
            pixels += (place.window(x, y, step, step).gsd or 0.0) ** 2 * step * step
    tolerance = 2e-2 if name.startswith("antimeridian") and "degrees" in name else 2e-3
    assert area == pytest.approx(pixels, rel=tolerance)


def test_edges_are_densified() -> None:
    """A UTM tile's upper edge bends by hundreds of metres against the line between its corners."""
    place = grid("EPSG:32632", 300_000, 6_600_000, 409_800, 6_709_800, 10980, 10980)
    corners = [
        place.to_lonlat(column, row) for column, row in ((0, 0), (10980, 0), (10980, 10980), (0, 10980))
    ]
    straight = shapely.Polygon([(float(lon), float(lat)) for lon, lat in corners])
    footprint = place.footprint()
    assert footprint.symmetric_difference(straight).area > 1e-4
    middle = place.to_lonlat(5490, 10979.5)
    assert footprint.contains(Point(*map(float, middle)))
    # at most a metre of error half way between two vertices
    lon, lat = place.to_lonlat(np.full(2, 5490 + 10980 / 40), np.array([10980 - 0.15, 10980 + 0.15]))
    assert shapely.contains_xy(footprint, lon, lat).tolist() == [True, False]


def test_whole_earth() -> None:
    for west in (-180, 0):
        earth = grid("EPSG:4326", west, -90, west + 360, 90, 360, 180)
        assert earth.bbox() == (-180, -90, 180, 90)
        assert earth.footprint().is_valid
        assert earth.footprint().area == pytest.approx(360 * 180)
    web = grid("EPSG:3857", -MERCATOR_EDGE, -MERCATOR_EDGE, MERCATOR_EDGE, MERCATOR_EDGE)
    assert web.bbox() == pytest.approx((-180, -85.0511288, 180, 85.0511288))
    assert web.footprint().area == pytest.approx(360 * 2 * 85.0511288, rel=1e-6)


@pytest.mark.parametrize(("crs", "pole"), [("EPSG:3413", 90), ("EPSG:3995", 90), ("EPSG:3031", -90)])
def test_a_grid_around_a_pole_spans_all_longitudes(crs: str, pole: int) -> None:
    place = grid(crs, -1_000_000, -1_000_000, 1_200_000, 1_100_000)
    west, south, east, north = place.bbox() or (0.0,) * 4
    assert (west, east) == (-180, 180)
    assert (north if pole > 0 else south) == pole
    footprint = place.footprint()
    assert footprint.is_valid
    rng = np.random.default_rng(2)
    lon, lat = place.to_lonlat(rng.uniform(0.5, 99.5, 500), rng.uniform(0.5, 99.5, 500))
    assert shapely.contains_xy(footprint, lon, lat).all()


def test_a_grid_with_its_corner_on_the_pole_spans_a_quadrant() -> None:
    place = grid("EPSG:3413", 0, 0, 1_000_000, 1_000_000)
    assert place.bbox() == pytest.approx((45, 76.9988, 135, 90), abs=1e-4)
    assert place.footprint().is_valid


@settings(max_examples=150, deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-80, 80),
    gsd=st.floats(0.05, 60),
    width=st.integers(1, 12_000),
    height=st.integers(1, 12_000),
    zone_shift=st.integers(-1, 1),
)
@example(lon=180.0, lat=0.0, gsd=10.0, width=1, height=1, zone_shift=0)
@example(lon=-180.0, lat=-80.0, gsd=60.0, width=12_000, height=12_000, zone_shift=1)
def test_any_utm_grid(lon: float, lat: float, gsd: float, width: int, height: int, zone_shift: int) -> None:
    zone = (int((lon + 180) // 6) + zone_shift) % 60 + 1
    crs = f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    place = Grid(width, height, crs, (gsd, 0.0, x, 0.0, -gsd, y))
    box = place.bbox()
    assume(box is not None)
    footprint = place.footprint()
    assert footprint.is_valid
    centre = place.to_lonlat(width / 2, height / 2)
    assert footprint.buffer(1e-9).contains(Point(*map(float, centre)))
    np.testing.assert_allclose(place.to_pixels(*centre), (width / 2, height / 2), atol=1e-3)
    assert place.gsd == pytest.approx(gsd, rel=0.03)
    corner = place.to_lonlat(0, 0)
    np.testing.assert_allclose(place.window(3, 5, 7, 9).to_lonlat(-3, -5), corner, atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    west=st.floats(-540, 540),
    south=st.floats(-90, 89),
    across=st.floats(1e-4, 360),
    up=st.floats(1e-4, 180),
)
@example(west=180.0, south=0.0, across=10.0, up=1.0)
@example(west=170.0, south=0.0, across=10.0, up=1.0)
@example(west=-180.0, south=-90.0, across=360.0, up=180.0)
def test_any_grid_in_degrees(west: float, south: float, across: float, up: float) -> None:
    north = min(south + up, 90.0)
    place = grid("EPSG:4326", west, south, west + across, north)
    box = place.bbox()
    assert box is not None
    assert (box[2] - box[0]) % 360 == pytest.approx(across % 360, abs=1e-6) or across > 359.999999
    assert place.footprint().area == pytest.approx(across * (north - south), rel=1e-6)
    lon, lat = place.to_lonlat(np.array([0.5, 50.0, 99.5]), np.array([0.5, 50.0, 99.5]))
    np.testing.assert_allclose(place.to_pixels(lon, lat), ([0.5, 50.0, 99.5], [0.5, 50.0, 99.5]), atol=1e-5)


def test_box_that_ends_on_the_antimeridian_does_not_cross_it() -> None:
    assert grid("EPSG:4326", 170, 0, 180, 10).bbox() == (170, 0, 180, 10)
    assert grid("EPSG:4326", 180, 0, 190, 10).bbox() == (-180, 0, -170, 10)
    assert grid("EPSG:3857", 20_000_000, 0, MERCATOR_EDGE, 37_508).bbox() == pytest.approx(
        (179.663057, 0, 180, 0.336936), abs=1e-5
    )


def test_gsd_is_measured_on_the_ellipsoid() -> None:
    assert PLACES["utm"].gsd == pytest.approx(1000, rel=1e-3)
    web = grid("EPSG:3857", 0, 8_399_738, 1000, 8_400_738)  # 60 degrees north: twice as many map metres
    assert web.gsd == pytest.approx(5.0, rel=0.005)
    assert grid("EPSG:4326", 0, -0.05, 0.1, 0.05).gsd == pytest.approx(111, abs=0.5)
    assert grid("EPSG:32633", 499_995, 5e6, 500_005, 5e6 + 10, 10, 10).gsd == pytest.approx(
        1 / 0.9996, rel=1e-6
    )


def test_north_up() -> None:
    assert PLACES["utm"].north_up
    assert not PLACES["rotated"].north_up
    assert not PLACES["polar"].north_up
    upside_down = Grid(10, 10, "EPSG:32633", (1.0, 0.0, 5e5, 0.0, 1.0, 5e6))
    mirrored = Grid(10, 10, "EPSG:32633", (-1.0, 0.0, 5e5, 0.0, -1.0, 5e6))
    assert not upside_down.north_up
    assert not mirrored.north_up
    for degrees, up in ((9.0, True), (11.0, False), (-9.0, True), (-11.0, False)):
        sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        turned = Grid(10, 10, "EPSG:32633", (cos, sin, 500_000.0, sin, -cos, 5e6))
        assert turned.north_up is up, degrees


def test_without_a_place() -> None:
    nowhere = Grid(10, 20)
    assert nowhere.gsd is None
    assert nowhere.bbox() is None
    assert not nowhere.north_up
    assert nowhere.window(1, 2, 3, 4) == Grid(3, 4)
    for act in (nowhere.footprint, lambda: nowhere.to_pixels(0, 0), lambda: nowhere.to_lonlat(0, 0)):
        with pytest.raises(ImageryError, match="no place"):
            act()


def test_outside_of_the_projection() -> None:
    disk = "+proj=geos +h=35785831 +lon_0=0 +datum=WGS84 +type=crs"
    place = grid(disk, -5_500_000, -5_500_000, 5_500_000, 5_500_000)
    with pytest.raises(ImageryError, match="reaches past what its CRS can describe"):
        place.bbox()
    assert place.bbox_if_any() is None
    column, row = place.to_pixels(np.array([0.0, 170.0]), np.array([0.0, 0.0]))
    assert np.isfinite([column[0], row[0]]).all()
    assert not np.isfinite(column[1])
    with pytest.raises(ImageryError, match="cannot convert"):
        grid('LOCAL_CS["site",UNIT["metre",1]]', 0, 0, 1, 1).bbox()


def test_grids_are_plain() -> None:
    place = PLACES["utm"]
    assert pickle.loads(pickle.dumps(place)) == place
    assert hash(place) == hash(PLACES["utm"])
    assert place.window(0, 0, 100, 100) == place


def test_a_million_points_at_once() -> None:
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(127, 128, 1_000_000), rng.uniform(36, 37, 1_000_000)
    column, row = PLACES["utm"].to_pixels(lon, lat)
    assert column.shape == row.shape == (1_000_000,)
    expected = Transformer.from_crs("EPSG:4326", "EPSG:32652", always_xy=True).transform(lon[:9], lat[:9])
    np.testing.assert_allclose(column[:9], (np.array(expected[0]) - 300_000) / 1000)
    np.testing.assert_allclose(row[:9], (4_100_000 - np.array(expected[1])) / 1000)
