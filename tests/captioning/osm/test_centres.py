"""Chips centred on objects."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import UTM, VOCABULARY, table_of  # type: ignore[import-not-found]

from rsvlm.captioning.osm import ChipObjects, object_windows
from rsvlm.captioning.osm.centres import (
    MARGIN,
    OFF_CENTRE,
    POINT_TILE,
    REPEATED,
    TILE_SIZES,
    TOO_LARGE,
    TOO_NEAR,
)
from rsvlm.imagery.grid import Grid

HOUSE = {"building": "yes"}
DEGREES = Grid(1000, 800, "EPSG:4326", (1e-5, 0.0, 10.0, 0.0, -1e-5, 60.0))
"""An image whose pixels are half as wide as high."""


def objects_of(things: list[Any], grid: Grid = UTM) -> ChipObjects:
    return ChipObjects(table_of(things, grid), grid, VOCABULARY)


def houses(count: int = 40) -> list[Any]:
    places = np.random.default_rng(1).uniform(150, 650, (count, 2))
    return [
        ("way", n, shapely.box(x, y, x + 20, y + 9), HOUSE) for n, (x, y) in enumerate(places.tolist(), 1)
    ]


thing = st.one_of(
    st.tuples(st.integers(0, 1000), st.integers(0, 800)).map(shapely.Point),
    st.lists(
        st.tuples(st.integers(-300, 1300), st.integers(-300, 1100)), min_size=2, max_size=5, unique=True
    ).map(shapely.LineString),
    st.tuples(st.integers(-50, 1000), st.integers(-50, 800), st.integers(1, 900), st.integers(1, 900)).map(
        lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(thing, min_size=1, max_size=8), st.sampled_from([None, 64, 256, 2000]), st.integers(0, 5),
    st.sampled_from([UTM, DEGREES]),
)  # fmt: skip
def test_every_tile_keeps_the_rules(drawn: list[Any], size: int | None, seed: int, grid: Grid) -> None:
    objects = objects_of([("way", n, shape, {"natural": "water"}) for n, shape in enumerate(drawn, 1)], grid)
    windows, focus, skipped = object_windows(objects, size, seed)
    assert len(windows) + sum(skipped.values()) == len(objects)
    assert len({tuple(window) for window in windows.tolist()}) == len(windows)
    labels = objects.labels(windows, focus)
    for (x, y, width, height), row, told in zip(windows.tolist(), focus.tolist(), labels, strict=True):
        place = objects.rows.tolist().index(row)
        assert (told[0]["id"], told[0]["role"]) == (objects.names[place], "focus")
        assert width == height
        assert width == size if size else width in TILE_SIZES
        assert x >= 0 <= y
        assert x + width <= 1000
        assert y + height <= 800
        if told[0]["shape"] == "line":
            continue
        assert told[0]["whole"]
        box = np.array(objects.geometries[place].bounds)
        west, north, east, south = (box / (objects.stretch, 1, objects.stretch, 1)).tolist()
        assert max(east - west, south - north) * MARGIN <= width + 1e-6
        off = np.array([(west + east) / 2 - x, (north + south) / 2 - y]) / width - 0.5
        assert np.abs(off).max() <= OFF_CENTRE + 1 / width


def test_areas_take_the_smallest_tile_that_fits_and_points_their_own() -> None:
    things = [
        ("way", 1, shapely.box(300, 300, 385, 310), HOUSE),
        ("way", 2, shapely.box(300, 330, 390, 340), HOUSE),
        ("node", 3, shapely.Point(500, 400), {"natural": "tree"}),
        ("way", 4, shapely.box(10, 10, 900, 700), {"natural": "water"}),
    ]
    windows, focus, skipped = object_windows(objects_of(things))
    assert dict(zip(focus.tolist(), windows[:, 2].tolist(), strict=True)) == {0: POINT_TILE, 1: 128, 2: 256}
    assert skipped == {TOO_LARGE: 1}


@pytest.mark.parametrize("grid", [UTM, DEGREES], ids=["metres", "degrees"])
@pytest.mark.parametrize("inside", [(300, 200), (900, 650)])
def test_a_line_has_its_tile_at_a_node_in_the_image(grid: Grid, inside: tuple[int, int]) -> None:
    road = shapely.LineString([(-500, 400), inside, (1500, 400)])
    windows, _, _ = object_windows(objects_of([("way", 1, road, {"highway": "path"})], grid), 100)
    ((x, y, width, _),) = windows.tolist()
    assert x < inside[0] < x + width
    assert y < inside[1] < y + width
    beside = shapely.LineString([(-500, 400), (1500, 400)])
    passing = objects_of([("way", 1, beside, {"highway": "path"})], grid)
    assert object_windows(passing, 100).skipped == {TOO_NEAR: 1}


def test_the_choice_hangs_on_seed_and_id_alone() -> None:
    things = houses()
    all_of = object_windows(objects_of(things), 256, 7)
    ids = np.arange(1, len(things) + 1)
    by_id = dict(zip(ids[all_of.focus].tolist(), map(tuple, all_of.windows.tolist()), strict=True))
    some = object_windows(objects_of(things[20:]), 256, 7)
    assert {
        int(ids[20:][row]): tuple(window)
        for row, window in zip(some.focus, some.windows.tolist(), strict=True)
    } == {number: window for number, window in by_id.items() if number > 20}
    other = object_windows(objects_of(things), 256, 8)
    assert (other.windows != all_of.windows).any()


def test_focus_objects_lie_all_over_the_middle() -> None:
    objects = objects_of(houses(300))
    windows, focus, _ = object_windows(objects, 256)
    bounds = shapely.bounds(objects.geometries[np.isin(objects.rows, focus)])
    off = ((bounds[:, :2] + bounds[:, 2:]) / 2 - windows[:, :2]) / 256 - 0.5
    assert off.std(axis=0) == pytest.approx(2 * OFF_CENTRE / 12**0.5, rel=0.2)
    assert np.abs(off.mean(axis=0)).max() < 0.04


def test_the_same_tile_counts_once() -> None:
    tight = Grid(256, 256, UTM.crs, UTM.transform)
    things = [("way", n, shapely.box(100, 100 + 9 * n, 130, 140 + 9 * n), HOUSE) for n in (1, 2, 3)]
    windows, focus, skipped = object_windows(objects_of(things, tight), 256)
    assert windows.tolist() == [[0, 0, 256, 256]]
    assert focus.tolist() == [0]
    assert skipped == {REPEATED: 2}


def test_nothing_to_centre_on() -> None:
    windows, focus, skipped = object_windows(objects_of([]))
    assert windows.shape == (0, 4)
    assert (len(focus), skipped) == (0, {})
