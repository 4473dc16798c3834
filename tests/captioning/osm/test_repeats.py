"""One thing that a map holds twice is one thing."""

from typing import Any

import numpy as np
import pytest
import shapely
from tables import UTM, table_of  # type: ignore[import-not-found]

from rsvlm.captioning.osm import ChipObjects
from rsvlm.vocabularies.osm import load_tags

SCHOOL = {"amenity": "school"}
CHURCH = {"building": "church", "amenity": "place_of_worship"}


def kept(*things: tuple[Any, dict[str, str]]) -> list[int]:
    """Which of things, counted from 1, are objects of the image."""
    table = table_of([("way", n, shape, tags) for n, (shape, tags) in enumerate(things, 1)], UTM, load_tags())
    return [int(name.partition("/")[2]) for name in ChipObjects(table, UTM, load_tags()).names]


AREA, INSIDE, OVER = shapely.box(20, 20, 200, 200), shapely.box(50, 50, 90, 90), shapely.box(150, 50, 250, 90)


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ([(shapely.Point(100, 100), SCHOOL), (AREA, SCHOOL)], [2]),
        ([(AREA, SCHOOL), (INSIDE, SCHOOL)], [1]),
        ([(AREA, SCHOOL), (AREA, SCHOOL)], [1]),
        ([(INSIDE, SCHOOL), (AREA, SCHOOL), (shapely.box(0, 0, 400, 400), SCHOOL)], [3]),
        # drawn by two people: the inner one reaches out a little
        ([(AREA, SCHOOL), (shapely.box(19, 50, 60, 90), SCHOOL)], [1]),
        ([(AREA, CHURCH), (shapely.Point(100, 100), {"amenity": "place_of_worship"})], [1]),
        ([(AREA, {"historic": "church"}), (shapely.Point(100, 100), {"building": "church"})], [1]),
    ],
)
def test_a_thing_inside_of_itself_is_told_once(things: list[Any], expected: list[int]) -> None:
    assert kept(*things) == expected


@pytest.mark.parametrize(
    "things",
    [
        [(AREA, SCHOOL), (shapely.Point(300, 300), SCHOOL)],
        [(AREA, SCHOOL), (OVER, SCHOOL)],
        [(AREA, SCHOOL), (INSIDE, {"building": "school"})],
        [(AREA, {"landuse": "residential"}), (INSIDE, {"building": "house"})],
        # two nodes at one place
        [(shapely.Point(100, 100), SCHOOL), (shapely.Point(100, 100), SCHOOL)],
        # the place of a hole is outside
        [
            (shapely.difference(AREA, INSIDE.buffer(2)), {"landuse": "forest"}),
            (INSIDE, {"landuse": "forest"}),
        ],
        # a street over its own square
        [
            (AREA, {"highway": "pedestrian"}),
            (shapely.LineString([(30, 30), (90, 90)]), {"highway": "pedestrian"}),
        ],
    ],
)
def test_things_beside_or_of_another_kind_stay(things: list[Any]) -> None:
    assert kept(*things) == [1, 2]


def test_what_is_left_out_is_the_focus_of_no_chip() -> None:
    things = [("node", 1, shapely.Point(100, 100), SCHOOL), ("way", 2, AREA, SCHOOL)]
    objects = ChipObjects(table_of(things, UTM, load_tags()), UTM, load_tags())
    (labels,) = objects.labels(np.array([(0, 0, 256, 256)]), np.array([0]))
    assert [(label["id"], label["role"]) for label in labels] == [("way/2", "focus")]
