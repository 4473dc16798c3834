"""Boxes as shapes on a map in degrees."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.imagery.boxes import box_shapes, split_at_antimeridian


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((1, 2, 3, 4), "POLYGON ((3 2, 3 4, 1 4, 1 2, 3 2))"),
        (
            (179, 0, -178, 1),
            "MULTIPOLYGON (((180 0, 180 1, 179 1, 179 0, 180 0)), ((-178 0, -178 1, -180 1, -180 0, -178 0)))",
        ),
        ((180, 0, -178, 1), "POLYGON ((-178 0, -178 1, -180 1, -180 0, -178 0))"),
        ((179, 0, -180, 1), "POLYGON ((180 0, 180 1, 179 1, 179 0, 180 0))"),
        ((180, 0, -180, 1), "LINESTRING (-180 0, -180 1)"),
        ((-180, -90, 180, 90), "POLYGON ((180 -90, 180 90, -180 90, -180 -90, 180 -90))"),
        ((5, 6, 5, 6), "POINT (5 6)"),
        ((5, 6, 7, 6), "LINESTRING (5 6, 7 6)"),
        ((179, 6, -179, 6), "MULTILINESTRING ((179 6, 180 6), (-180 6, -179 6))"),
    ],
)
def test_a_box_is_the_simplest_shape_that_it_can_be(
    box: tuple[float, float, float, float], shape: str
) -> None:
    [found] = box_shapes(*([edge] for edge in box))
    assert found.wkt == shape


def test_what_is_not_known_has_no_shape_and_the_others_keep_their_places() -> None:
    nan, inf = np.nan, np.inf
    found = box_shapes([nan, 1, 170, 1, 9], [0, 0, 0, 0, 9], [1, 2, -170, inf, 9], [1, 1, 1, 1, 9])
    assert [shape and shape.geom_type for shape in found] == [None, "Polygon", "MultiPolygon", None, "Point"]
    assert len(box_shapes([], [], [], [])) == 0


@given(
    st.lists(
        st.tuples(*[st.integers(-18, 18).map(lambda n: n * 10.0)] * 2, st.integers(-9, 9), st.integers(0, 9)),
        min_size=1,
    )
)
def test_shapes_are_valid_turn_anticlockwise_and_cover_what_the_two_boxes_cover(
    boxes: list[tuple[float, float, int, int]],
) -> None:
    west, east, south, height = np.array(boxes, float).T
    north = np.minimum(south + height, 9)
    shapes = box_shapes(west, south, east, north)
    assert shapely.is_valid(shapes).all()
    for shape, w, s, e, n in zip(shapes, west, south, east, north, strict=True):
        parts = [shapely.box(*part) for part in split_at_antimeridian((w, s, e, n))]
        assert shape.area == pytest.approx(sum(part.area for part in parts))
        rings = [part.exterior for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        assert all(ring.is_ccw for ring in rings)
