"""Labels of chips, held against one object and one chip at a time."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import UTM, VOCABULARY, table_of  # type: ignore[import-not-found]

from rsvlm.captioning.osm import ChipObjects
from rsvlm.captioning.osm.clip import clip
from rsvlm.captioning.osm.measure import pixel_stretch, three_digits
from rsvlm.captioning.unknown import InferredTag, extended
from rsvlm.imagery.grid import Grid

ROAD = {"highway": "residential"}
HOUSE = {"building": "yes"}
TREE = {"natural": "tree"}

# Off the whole pixels: the way to degrees and back moves a corner by a nanometre, and so over an edge that it is on.
coordinate = st.integers(-40, 360).map(lambda n: n + 0.37)
corner = st.tuples(coordinate, coordinate)
points = corner.map(shapely.Point)
# None that runs back along itself: intersection would tell that stretch once, and a clipped line tells it twice.
lines = (
    st.lists(corner, min_size=2, max_size=6, unique=True)
    .map(shapely.LineString)
    .filter(lambda line: math.isclose(shapely.unary_union(line).length, line.length))
)
stars = st.tuples(corner, st.lists(st.integers(5, 120), min_size=3, max_size=9), st.booleans())


def star(made: tuple[tuple[float, float], list[int], bool]) -> shapely.Geometry:
    """A polygon round a middle with rays of some lengths, and a hole where asked."""
    (x, y), rays, hole = made
    turns = [2 * math.pi * n / len(rays) for n in range(len(rays))]
    ring = [
        (x + ray * math.cos(turn), y + ray * math.sin(turn)) for ray, turn in zip(rays, turns, strict=True)
    ]
    outer = shapely.make_valid(shapely.Polygon(ring))
    return shapely.difference(outer, shapely.box(x - 2, y - 2, x + 2, y + 2)) if hole else outer


shapes = points | lines | stars.map(star)
tags = st.sampled_from(
    [HOUSE, ROAD, TREE, {"natural": "water"}, {"building": "shed"}, HOUSE | {"surface": "x"}]
)
windows = st.tuples(st.integers(-20, 300), st.integers(-20, 300), st.integers(1, 200), st.integers(1, 200))


def one_by_one(objects: ChipObjects, window: tuple[int, int, int, int]) -> dict[str, tuple[Any, ...]]:
    """What lies in a chip by shapely's own intersection: part, whole, by name."""
    x, y, width, height = window
    box = shapely.box(x, y, x + width, y + height)
    found = {}
    for name, geometry in zip(objects.names, objects.geometries, strict=True):
        part = shapely.intersection(geometry, box)
        dimension = shapely.get_dimensions(geometry)
        if dimension == 0:
            inside = x <= geometry.x < x + width and y <= geometry.y < y + height
        else:
            # of a line, what runs along the edge is not in the chip
            inner = shapely.difference(part, shapely.boundary(box)) if dimension == 1 else part
            inside = (shapely.length(inner) if dimension == 1 else shapely.area(inner)) > 1e-6
            part = inner
        if inside:
            found[name] = part, bool(shapely.covers(box, geometry))
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(shapes, tags), min_size=1, max_size=12), st.lists(windows, min_size=1, max_size=6))
def test_bulk_labels_are_those_of_one_chip_at_a_time(
    drawn: list[tuple[Any, dict[str, str]]], chips: list[Any]
) -> None:
    things = [("way", number, shape, own) for number, (shape, own) in enumerate(drawn, 1)]
    objects = ChipObjects(table_of(things, UTM), UTM, VOCABULARY)
    bulk = objects.labels(np.array(chips), np.full(len(chips), -1))
    assert bulk == [objects.labels(np.array([chip]), np.array([-1]))[0] for chip in chips]
    for window, labels in zip(chips, bulk, strict=True):
        expected = one_by_one(objects, window)
        slivers = {name for name, (part, _) in expected.items() if _sliver(part)}
        named = {label["id"]: label for label in labels}
        assert named.keys() - slivers == expected.keys() - slivers
        for name in named.keys() - slivers:
            part, whole = expected[name]
            bounds = np.array(part.bounds) - np.tile(window[:2], 2)
            assert named[name]["box"] == pytest.approx(bounds, abs=0.051)
            assert named[name]["whole"] == whole or _on_edge(bounds, window)
            if named[name]["area_m2"] is not None:
                assert named[name]["area_m2"] == pytest.approx(part.area * 0.25, rel=0.006)
            if named[name]["length_m"] is not None:
                assert named[name]["length_m"] == pytest.approx(part.length * 0.5, rel=0.006)


def _sliver(part: shapely.Geometry) -> bool:
    """Too thin to say whether it is inside."""
    dimension = shapely.get_dimensions(part)
    return bool(part.area < 2e-3 if dimension == 2 else part.length < 2e-3 if dimension == 1 else False)


def _on_edge(bounds: npt.NDArray[np.float64], window: tuple[int, int, int, int]) -> bool:
    sides = np.array([0, 0, *window[2:]])
    return bool((np.abs(bounds - sides) < 1e-6).any())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(lines | stars.map(star), min_size=1, max_size=6),
    st.lists(windows, min_size=1, max_size=9),
    st.integers(2, 9),
)
def test_clipping_is_intersection_whatever_counts_as_large(
    drawn: list[Any], chips: list[Any], large: int
) -> None:
    geometries = np.array(drawn, object)
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in chips], float)
    owners, places = (
        grid.ravel() for grid in np.meshgrid(np.arange(len(boxes)), np.arange(len(drawn)), indexing="ij")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rsvlm.captioning.osm.clip.LARGE", large)
        parts = clip(geometries, places, boxes, owners)
    for part, place, owner in zip(parts, places, owners, strict=True):
        whole = shapely.intersection(geometries[place], shapely.box(*boxes[owner]))
        assert part.area == pytest.approx(whole.area, abs=1e-6)
        if shapely.get_dimensions(geometries[place]) == 1:
            inner = shapely.difference(whole, shapely.boundary(shapely.box(*boxes[owner])))
            assert part.length == pytest.approx(inner.length, abs=1e-6)


def labels_of(things: list[Any], window: tuple[int, ...], grid: Grid = UTM, focus: int = -1) -> list[Any]:
    objects = ChipObjects(table_of(things, grid), grid, VOCABULARY)
    return objects.labels(np.array([window]), np.array([focus]))[0]


def test_sizes_and_distances_are_metres() -> None:
    house = shapely.box(100, 100, 120, 140)  # 10 x 20 m
    road = shapely.LineString([(0, 180), (300, 180)])  # 20 m from it
    focus, other = labels_of(
        [("way", 1, house, HOUSE), ("way", 2, road, ROAD), ("way", 3, road, ROAD)], (0, 0, 256, 256)
    )[:2]
    assert focus == {
        "id": "way/1",
        "role": "focus",
        "shape": "area",
        "tags": HOUSE,
        "box": [100.0, 100.0, 120.0, 140.0],
        "whole": True,
        "area_m2": 200.0,
        "length_m": None,
        "distance_m": None,
    }
    assert other["box"] == [0.0, 180.0, 256.0, 180.0]
    assert (other["whole"], other["length_m"], other["distance_m"]) == (False, 128.0, 20.0)


def test_metres_are_right_where_pixels_are_not_square_on_the_ground() -> None:
    degrees = Grid(1000, 1000, "EPSG:4326", (1e-5, 0.0, 10.0, 0.0, -1e-5, 60.0))
    wide, high = 111_320 * math.cos(math.radians(60)) * 1e-5, 111_412e-5
    things = [
        ("way", 1, shapely.box(100, 100, 110, 110), HOUSE),
        ("way", 2, shapely.LineString([(50, 50), (250, 50)]), ROAD),
        ("way", 3, shapely.LineString([(300, 100), (300, 200)]), ROAD),
    ]
    house, along, down = labels_of(things, (0, 0, 512, 512), degrees, focus=0)
    assert house["area_m2"] == pytest.approx(100 * wide * high, rel=0.01)
    assert along["length_m"] == pytest.approx(200 * wide, rel=0.01)
    assert along["distance_m"] == pytest.approx(50 * high, rel=0.01)
    assert down["length_m"] == pytest.approx(100 * high, rel=0.01)
    assert down["distance_m"] == pytest.approx(190 * wide, rel=0.01)
    assert house["box"] == [100.0, 100.0, 110.0, 110.0]


def test_the_scale_of_a_mercator_image_is_that_of_the_chip() -> None:
    mercator = Grid(1000, 4_000_000, "EPSG:3857", (1.0, 0.0, 0.0, 0.0, -1.0, 10_000_000.0))
    house = shapely.box(100, 100, 110, 110)
    low = shapely.box(100, 3_999_000, 110, 3_999_010)
    for shape, row in ((house, 0), (low, 3_998_900)):
        (label,) = labels_of([("way", 1, shape, {"natural": "water"})], (0, row, 512, 512), mercator)
        scale = math.cos(2 * math.atan(math.exp((10_000_000 - row) / 6_378_137)) - math.pi / 2)
        assert label["area_m2"] == pytest.approx(100 * scale**2, rel=0.02)


def test_only_touching_the_edge_is_not_being_inside() -> None:
    things = [
        ("way", 1, shapely.box(256, 0, 300, 50), HOUSE),
        ("way", 2, shapely.box(255, 60, 300, 70), HOUSE),
        ("node", 3, shapely.Point(256.001, 100), TREE),
        ("node", 4, shapely.Point(255.999, 100), TREE),
        ("way", 5, shapely.LineString([(256.001, 10), (400, 10)]), ROAD),
        ("way", 6, shapely.box(255.9999, 90, 300, 91), HOUSE),  # a corner that was rounded over the edge
    ]
    assert {label["id"] for label in labels_of(things, (0, 0, 256, 256))} == {"way/2", "node/4"}


def test_tags_follow_the_resolution() -> None:
    coarse = Grid(100, 80, "EPSG:32632", (5.0, 0.0, 500_000.0, 0.0, -5.0, 5_200_000.0))
    things = [
        ("way", 1, shapely.box(100, 100, 110, 110), HOUSE),
        ("way", 2, shapely.box(120, 100, 130, 110), {"building": "shed"}),
        ("way", 3, shapely.LineString([(0, 0), (200, 0.5)]), ROAD | {"surface": "asphalt"}),
    ]
    table = table_of(things, UTM)
    fine = ChipObjects(table, UTM, VOCABULARY).labels(np.array([(0, 0, 256, 256)]), np.array([-1]))[0]
    assert {label["id"]: label["tags"] for label in fine} == {
        "way/1": HOUSE,
        "way/3": ROAD | {"surface": "asphalt"},
    }
    far = ChipObjects(table, coarse, VOCABULARY).labels(np.array([(0, 0, 100, 80)]), np.array([-1]))[0]
    assert [label["tags"] for label in far] == [ROAD]


def test_the_focus_is_the_rarest_then_the_nearest_then_the_first() -> None:
    things = [("way", n, shapely.box(10 * n, 10, 10 * n + 5, 15), HOUSE) for n in range(1, 6)]
    things += [("node", n, shapely.Point(128 + dx, 128), TREE) for n, dx in ((7, 30), (8, 20), (9, 20))]
    labels = labels_of(things, (0, 0, 256, 256))
    assert labels[0]["id"] == "node/8"
    assert [label["role"] for label in labels] == ["focus"] + ["surrounding"] * 7
    distances = [label["distance_m"] for label in labels[1:]]
    assert distances == sorted(distances)
    assert labels[1]["id"] == "node/9"


LAKE = {"natural": "water"}
HOUSES = [("way", n, shapely.box(40 + 10 * n, 60, 45 + 10 * n, 65), HOUSE) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("window", "shape", "tags", "leads"),
    [
        # cut at the edge: an eighth of the chip's side must show, of what is long a quarter
        ((0, 0, 256, 256), shapely.box(256 - 31, 0, 400, 200), LAKE, False),
        ((0, 0, 256, 256), shapely.box(256 - 33, 0, 400, 200), LAKE, True),
        ((0, 0, 256, 256), shapely.box(256 - 40, 0, 400, 63), LAKE, False),
        ((0, 0, 256, 256), shapely.box(256 - 40, 0, 400, 65), LAKE, True),
        ((0, 0, 256, 256), shapely.LineString([(256 - 63, 9), (400, 9)]), ROAD, False),
        ((0, 0, 256, 256), shapely.LineString([(256 - 65, 9), (400, 9)]), ROAD, True),
        # of the shorter side
        ((0, 0, 512, 128), shapely.box(512 - 17, 0, 700, 100), LAKE, True),
        ((0, 0, 128, 512), shapely.box(0, 512 - 15, 100, 700), LAKE, False),
        # nothing of it is cut off
        ((0, 0, 256, 256), shapely.box(250, 9, 255, 20), LAKE, True),
    ],
)  # fmt: skip
def test_a_strip_at_the_edge_does_not_lead_however_rare(
    window: tuple[int, ...], shape: Any, tags: dict[str, str], leads: bool
) -> None:
    labels = labels_of([*HOUSES, ("way", 9, shape, tags)], window)
    assert {label["id"] for label in labels} == {"way/1", "way/2", "way/3", "way/4", "way/5", "way/9"}
    assert (labels[0]["id"] == "way/9") is leads


def test_what_was_only_inferred_comes_after_a_strip_at_the_edge() -> None:
    vocabulary = extended((InferredTag("amenity", "scout_hut", 0.97, 1.0, "object", "scout hut"),))
    things = [
        ("way", 1, shapely.box(100, 100, 120, 120), {"amenity": "scout_hut"}),
        ("way", 2, shapely.box(252, 0, 300, 200), LAKE),
        ("way", 3, shapely.box(0, 250, 200, 300), LAKE),
    ]
    objects = ChipObjects(table_of(things, UTM, vocabulary), UTM, vocabulary)
    (labels,) = objects.labels(np.array([(0, 0, 256, 256)]), np.array([-1]))
    assert [label["id"] for label in labels] == ["way/3", "way/2", "way/1"]


def test_the_nearest_to_the_centre_is_so_in_metres() -> None:
    degrees = Grid(1000, 1000, "EPSG:4326", (1e-5, 0.0, 10.0, 0.0, -1e-5, 60.0))
    things = [
        ("way", 1, shapely.box(98, 128, 102, 132), HOUSE),  # some 31 m below
        ("way", 2, shapely.box(48, 98, 52, 102), HOUSE),  # some 27 m to the left
    ]
    assert labels_of(things, (0, 0, 200, 200), degrees)[0]["id"] == "way/2"


def test_the_stretch_of_pixels_is_that_of_the_middle_of_the_image() -> None:
    assert pixel_stretch(UTM) == 1.0
    assert pixel_stretch(Grid(1000, 800, UTM.crs, (0.51, 0.0, 5e5, 0.0, -0.5, 5.2e6))) == pytest.approx(
        1.02, 1e-3
    )
    high = Grid(10, 1000, "EPSG:4326", (0.01, 0.0, 0.0, 0.0, -0.01, 60.0))
    assert pixel_stretch(high) == pytest.approx(math.cos(math.radians(55)), rel=0.01)


def test_a_focus_that_is_asked_for_leads_where_it_is_seen() -> None:
    things = [("node", n, shapely.Point(20 * n, 50), TREE) for n in range(1, 20)]
    objects = ChipObjects(table_of(things, UTM), UTM, VOCABULARY)
    labels = objects.labels(
        np.array([(0, 0, 100, 100), (200, 0, 100, 100), (500, 500, 9, 9)]), np.array([3, 3, 3])
    )
    assert [chip[0]["id"] for chip in labels[:2]] == ["node/4", "node/12"]
    assert labels[2] == []


def test_an_image_across_the_antimeridian() -> None:
    grid = Grid(400, 400, "EPSG:32701", (10.0, 0.0, 179_000.0, 0.0, -10.0, 8_100_000.0))
    box = grid.bbox()
    assert box is not None
    assert box[0] > box[2], "the image should cross it"
    things = [
        ("way", n, shapely.box(x, 100, x + 20, 120), {"natural": "water"}) for n, x in ((1, 20), (2, 360))
    ]
    (lon,), _ = grid.to_lonlat([20.0], [100.0])
    (other,), _ = grid.to_lonlat([380.0], [100.0])
    assert lon * other < 0
    labels = labels_of(things, (0, 0, 400, 400), grid)
    assert {label["id"]: label["box"] for label in labels} == {
        "way/1": [20.0, 100.0, 40.0, 120.0],
        "way/2": [360.0, 100.0, 380.0, 120.0],
    }


def test_empty_tables_images_and_windows() -> None:
    empty = table_of([], UTM)
    objects = ChipObjects(empty, UTM, VOCABULARY)
    assert objects.labels(np.array([(0, 0, 9, 9), (9, 9, 9, 9)]), np.array([-1, -1])) == [[], []]
    assert objects.labels(np.empty((0, 4), int), np.empty(0, int)) == []
    far = Grid(9, 9, "EPSG:32632", (0.5, 0.0, 600_000.0, 0.0, -0.5, 5_200_000.0))
    table = table_of([("node", 1, shapely.Point(5, 5), TREE)], UTM)
    assert ChipObjects(table, far, VOCABULARY).labels(np.array([(0, 0, 9, 9)]), np.array([0])) == [[]]


def test_a_large_forest_is_not_walked_for_every_chip() -> None:
    turns = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    radius = 10_000 + 300 * np.sin(turns * 400)
    forest = shapely.Polygon(
        np.column_stack([12_800 + radius * np.cos(turns), 12_800 + radius * np.sin(turns)])
    )
    rows, columns = np.divmod(np.arange(5041), 71)
    boxes = np.column_stack([columns, rows, columns + 1, rows + 1]) * 360.0
    counted: list[int] = []

    def counting(geometry: Any, *box: float) -> Any:
        counted.append(int(np.sum(shapely.get_num_coordinates(geometry))))
        return original(geometry, *box)

    original = shapely.clip_by_rect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapely, "clip_by_rect", counting)
        parts = clip(np.array([forest]), np.zeros(len(boxes), np.intp), boxes, np.arange(len(boxes)))
    assert shapely.area(parts).sum() == pytest.approx(forest.area)
    assert sum(counted) < 40 * 20_000, "some 13 levels of halving, not 5,041 walks"


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0, 0), (123456, 123000), (99951, 100000), (1.2345, 1.23), (0.00123456, 0.00123), (12.35, 12.3), (5, 5)],
)
def test_three_significant_digits(value: float, rounded: float) -> None:
    assert three_digits(np.array([float(value)]))[0] in {rounded, 12.4 if value == 12.35 else rounded}


def test_an_image_without_a_place_is_refused() -> None:
    from rsvlm.imagery.errors import ImageryError

    with pytest.raises(ImageryError, match="no place"):
        ChipObjects(table_of([], UTM), Grid(9, 9), VOCABULARY)
