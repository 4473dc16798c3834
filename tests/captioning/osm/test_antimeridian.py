"""What a map holds as if it went the other way round the Earth is cut where it crosses the antimeridian."""

import numpy as np
import pytest
import shapely

from rsvlm.captioning.osm.antimeridian import reach, split_jumps


def split(geometry: shapely.Geometry) -> shapely.Geometry:
    (found,) = split_jumps(np.array([geometry], object))
    return found


def same(found: shapely.Geometry, expected: shapely.Geometry) -> bool:
    """Whether both are the same points, with the same number of parts."""
    return bool(shapely.get_num_geometries(found) == shapely.get_num_geometries(expected)) and bool(
        shapely.equals(shapely.normalize(found), shapely.normalize(expected))
    )


def test_an_area_has_a_part_on_each_side_and_keeps_its_hole() -> None:
    ring = [(179, 0), (-178, 0), (-178, 4), (179, 4)]
    hole = [(179.5, 1), (-179.5, 1), (-179.5, 2), (179.5, 2)]
    east = shapely.difference(shapely.box(179, 0, 180, 4), shapely.box(179.5, 1, 180, 2))
    west = shapely.difference(shapely.box(-180, 0, -178, 4), shapely.box(-180, 1, -179.5, 2))
    assert same(split(shapely.Polygon(ring, [hole])), shapely.multipolygons([east, west]))
    both = shapely.multipolygons([shapely.Polygon(ring), shapely.box(170, 10, 171, 11)])
    parts = [shapely.box(179, 0, 180, 4), shapely.box(-180, 0, -178, 4), shapely.box(170, 10, 171, 11)]
    assert same(split(both), shapely.multipolygons(parts))


def test_an_area_that_crosses_itself_is_made_valid() -> None:
    bow = shapely.Polygon([(179, 0), (-179, 2), (-179, 0), (179, 2)])
    triangles = [[(179, 0), (179, 2), (180, 1)], [(-179, 0), (-179, 2), (-180, 1)]]
    assert same(split(bow), shapely.multipolygons([shapely.Polygon(one) for one in triangles]))


def test_what_only_touches_the_antimeridian_has_one_side() -> None:
    touching = shapely.Polygon([(179, 0), (-180, 0), (-180, 1), (179, 1)])
    assert same(split(touching), shapely.multipolygons([shapely.box(179, 0, 180, 1)]))


def test_a_line_has_a_part_on_each_side() -> None:
    line = shapely.LineString([(178, 0), (179, 0), (-179, 2), (-178, 2)])
    sides = [[(178, 0), (179, 0), (180, 1)], [(-180, 1), (-179, 2), (-178, 2)]]
    assert same(split(line), shapely.multilinestrings([shapely.LineString(one) for one in sides]))


ocean = [*((x, -50) for x in range(-100, 101, 50)), *((x, 50) for x in range(100, -101, -50))]


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.box(-180, 0, 180, 1),  # round the Earth
        shapely.LineString([(-170, 0), (-60, 0), (60, 0), (170, 0)]),
        shapely.Polygon(ocean, [[(90, 0), (95, 0), (95, 5), (90, 5)]]),
        shapely.box(179, 0, 180, 1),
        shapely.Point(180, 0),
    ],
)
def test_what_goes_the_way_that_is_told_stays(geometry: shapely.Geometry) -> None:
    assert split(geometry) is geometry


def test_nothing_stays_nothing() -> None:
    assert split_jumps(np.array([None], object)).tolist() == [None]


def test_what_may_jump_may_be_anywhere() -> None:
    bounds = np.array([(-179.0, 1.0, 179.0, 2.0), (-90.0, 1.0, 90.0, 2.0), (10.0, 1.0, 11.0, 2.0)])
    assert reach(bounds).tolist() == [[-180, 1, 180, 2], [-90, 1, 90, 2], [10, 1, 11, 2]]
