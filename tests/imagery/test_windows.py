"""Windows: tiles that leave out nothing, sizes in metres."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from rsvlm.imagery import Grid, ImageryError
from rsvlm.imagery.frames import cut
from rsvlm.imagery.windows import grid_windows, sides_in_pixels, size_in_pixels

UTM = Grid(1000, 800, "EPSG:32652", (10.0, 0.0, 300_000.0, 0.0, -10.0, 4_000_000.0))


@settings(max_examples=200, deadline=None)
@given(width=st.integers(1, 300), height=st.integers(1, 300), size=st.integers(1, 310))
def test_every_pixel_lies_in_a_full_tile(width: int, height: int, size: int) -> None:
    windows = grid_windows(width, height, size)
    assert windows.dtype == np.int32
    assert len(np.unique(windows, axis=0)) == len(windows)
    assert set(map(tuple, windows[:, 2:].tolist())) == {(min(size, width), min(size, height))}
    seen = np.zeros((height, width), dtype=bool)
    for x, y, w, h in windows.tolist():
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        seen[y : y + h, x : x + w] = True
    assert seen.all()
    for axis in (0, 1):
        starts = np.unique(windows[:, axis])
        steps = np.diff(starts)
        assert (steps[:-1] == size).all()
        assert (steps <= size).all()


def test_tiles_in_reading_order() -> None:
    assert grid_windows(600, 300, 256).tolist() == [
        [0, 0, 256, 256],
        [256, 0, 256, 256],
        [344, 0, 256, 256],
        [0, 44, 256, 256],
        [256, 44, 256, 256],
        [344, 44, 256, 256],
    ]
    assert grid_windows(512, 512, 256).shape == (4, 4)
    assert grid_windows(64, 64, 256).tolist() == [[0, 0, 64, 64]]
    assert grid_windows(64, 300, 256).tolist() == [[0, 0, 64, 256], [0, 44, 64, 256]]
    assert len(grid_windows(36_000, 36_000, 256)) == 141 * 141


@pytest.mark.parametrize("size", [0, -1])
def test_tiles_that_cannot_be(size: int) -> None:
    with pytest.raises(ImageryError, match="at least 1"):
        grid_windows(100, 100, size)


@pytest.mark.parametrize(
    ("size", "gsd", "pixels"),
    [
        ("256", None, 256),
        (256, 10.0, 256),
        ("640m", 10.0, 64),
        (" 640 M ", 0.5, 1280),
        ("100m", 30.0, 3),
        ("64px", 1.0, 64),
    ],
)
def test_sizes(size: str | int, gsd: float | None, pixels: int) -> None:
    assert size_in_pixels(size, gsd) == pixels


@pytest.mark.parametrize(
    ("size", "gsd", "message"),
    [
        ("640m", None, "needs an image with a place"),
        ("12.5", 10.0, "whole pixels"),
        ("abc", 10.0, "neither pixels, such as 256, nor metres"),
        ("-5", 10.0, "neither"),
        ("", 10.0, "neither"),
        ("640 km", 10.0, "neither"),
        ("1m", 10.0, "between 1 and"),
        ("1000000m", 10.0, "between 1 and 32,768"),
        ("0", None, "between 1 and"),
    ],
)
def test_sizes_that_cannot_be(size: str, gsd: float | None, message: str) -> None:
    with pytest.raises(ImageryError, match=message):
        size_in_pixels(size, gsd)


def ground(grid: Grid) -> list[float]:
    """Metres along the upper and the left edge."""
    lon, lat = grid.to_lonlat([0, 0], [0, grid.height])
    east, north = grid.to_lonlat([grid.width, 0], [0, 0])
    geod = Geod(ellps="WGS84")
    return [geod.inv(lon[0], lat[0], east[0], north[0])[2], geod.inv(lon[0], lat[0], lon[1], lat[1])[2]]


@pytest.mark.parametrize(
    ("grid", "sides"),
    [
        (UTM, (64, 64)),
        (Grid(900, 450, "EPSG:4326", (2e-4, 0.0, 9.0, 0.0, -2e-4, 65.0)), (68, 29)),
        (Grid(400, 400, "EPSG:4326", (1e-4, 0.0, 9.0, 0.0, -1e-4, 0.0)), (58, 58)),  # as good as square
        (Grid(500, 300, "EPSG:32632", (10.0, 0.0, 500_000.0, 0.0, -20.0, 5_400_000.0)), (64, 32)),
        (Grid(500, 300, "EPSG:32632", (0.0, 20.0, 500_000.0, 10.0, 0.0, 5_400_000.0)), (64, 32)),  # turned
    ],
)
def test_metres_are_as_many_both_ways(grid: Grid, sides: tuple[int, int]) -> None:
    assert sides_in_pixels("640m", grid) == sides
    assert sides_in_pixels("256", grid) == (256, 256)
    windows = cut(grid, None, "640m")
    assert set(map(tuple, windows[:, 2:].tolist())) == {sides}
    for window in windows[[0, -1]].tolist():
        chip = grid.window(*window)
        across, down = ground(chip)
        assert across == pytest.approx(640, rel=0.03)
        assert down == pytest.approx(640, rel=0.03)
        assert chip.width * chip.height * (chip.gsd or 0) ** 2 == pytest.approx(across * down, rel=0.01)


def test_oblong_tiles_reach_every_edge() -> None:
    assert grid_windows(100, 50, (60, 20)).tolist() == [[x, y, 60, 20] for y in (0, 20, 30) for x in (0, 40)]


@given(text=st.text(max_size=12))
def test_any_text_is_a_size_or_an_error(text: str) -> None:
    with suppress(ImageryError):
        assert 1 <= size_in_pixels(text, 10.0) <= 2**15
