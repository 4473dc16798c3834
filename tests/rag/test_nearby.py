"""Places near a point, as GeoLLM's prompts have them."""

from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from rsvlm.rag import Chunk, RagError
from rsvlm.rag.nearby import DIRECTIONS, Places, as_block, nearby_places
from rsvlm.rag.sources import read_source


def place(name: str, lon: float, lat: float, kind: str = "place") -> Chunk:
    return Chunk(
        "map", f"{name}, node 1", f"{name}, a town; population 5", type=kind, bbox=(lon, lat, lon, lat)
    )


def found(places: list[Chunk], lon: float, lat: float, **options: float) -> list[tuple[str, float, str]]:
    return [(one.name, round(one.km, 1), one.direction) for one in nearby_places(places, lon, lat, **options)]  # type: ignore[arg-type]


def test_the_nearest_first_with_their_directions() -> None:
    places = [
        place("Far", 11, 47),
        place("North", 9.5, 47.2),
        place("East", 9.6, 47.1),
        place("note", 9.5, 47.1, "note"),
    ]
    assert found(places, 9.5, 47.1) == [("East", 7.6, "East"), ("North", 11.1, "North")]
    assert found(places, 9.5, 47.1, limit=1) == [("East", 7.6, "East")]
    assert found(places, 9.5, 47.1, within_km=200)[2][0] == "Far"
    assert found([], 9.5, 47.1) == []


def test_the_ellipsoid_decides_what_is_nearest_and_near_enough() -> None:
    # on a sphere of the mean radius it is the other way round: 111.6 km to the north, 111.1 to the east
    places = [place("North", 0, 1.004), place("East", 0.999, 0)]
    assert found(places, 0, 0, within_km=200) == [("North", 111.0, "North"), ("East", 111.2, "East")]
    assert found(places, 0, 0, within_km=200, limit=1) == [("North", 111.0, "North")]
    assert found(places, 0, 0, within_km=111.1) == [("North", 111.0, "North")]


def test_a_place_that_lies_nowhere_is_not_near() -> None:
    nowhere = Chunk("map", "x", "Atlantis, a town", type="place")
    assert found([nowhere, place("East", 9.6, 47.1)], 9.5, 47.1) == [("East", 7.6, "East")]


def test_across_the_antimeridian_and_at_the_poles() -> None:
    assert found([place("Taveuni", -179.9, -17)], 179.9, -17) == [("Taveuni", 21.3, "East")]
    assert found([place("Taveuni", 179.9, -17)], -179.9, -17) == [("Taveuni", 21.3, "West")]
    crossing = Chunk("map", "x", "Isle, an island", type="place", bbox=(179.0, -17, -179.0, -17))
    assert found([crossing], 180, -17) == [("Isle", 0.0, "North")] or found([crossing], 180, -17)[0][1] == 0.0
    arctic = [place("A", lon, 89.5) for lon in (0, 90, 180, -90)]
    assert {direction for _, _, direction in found(arctic, 37, 90)} == {"South"}
    antarctic = [place("A", lon, -89.5) for lon in (0, 90, 180)]
    assert {direction for _, _, direction in found(antarctic, 37, -90)} == {"North"}
    assert found([place("Over", 170, 89.9)], -10, 89.9) == [("Over", 22.3, "North")]


def test_the_same_as_measuring_every_place() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(-180, 180, 20_000), np.degrees(np.arcsin(random.uniform(-1, 1, 20_000)))
    places = Places(place(str(number), *where) for number, where in enumerate(zip(lon, lat, strict=True)))
    for x, y in [(0.0, 0.0), (179.99, 10.0), (-180.0, -45.0), (30.0, 89.9), (9.5, 47.1)]:
        bearings, _, metres = Geod(ellps="WGS84").inv(np.full(20_000, x), np.full(20_000, y), lon, lat)
        for within, limit in [(100, 10), (2000, 50), (20_100, 5)]:
            expected = [row for row in np.argsort(metres, kind="stable") if metres[row] <= within * 1000][
                :limit
            ]
            near = nearby_places(places, x, y, within_km=within, limit=limit)
            assert [one.name for one in near] == [str(row) for row in expected]
            assert [one.km for one in near] == pytest.approx(metres[expected] / 1000)
            assert [one.direction for one in near] == [
                DIRECTIONS[round(bearings[row] / 45) % 8] for row in expected
            ]


def test_the_block_of_geollm() -> None:
    near = nearby_places([place("Vaduz", 9.52, 47.14), place("Triesen (Dorf)", 9.53, 47.11)], 9.5, 47.1)
    assert as_block(9.5, 47.1, near) == (
        'Coordinates: (47.10000, 9.50000)\n\nNearby Places:\n'
        '2.5 km North-East: "Triesen (Dorf)"\n4.7 km North: "Vaduz"\n'
    )  # fmt: skip


def test_around_vaduz_castle(data_dir: Path) -> None:
    path = data_dir / "osm" / "liechtenstein.osm.pbf"
    if not path.exists():
        pytest.skip("no Liechtenstein")
    near = nearby_places(read_source(path).chunks(), 9.5245, 47.1395)
    assert len(near) == 10
    assert any("Schloss" in one.name and one.km < 0.3 for one in near)
    assert [one.km for one in near] == sorted(one.km for one in near)


@pytest.mark.parametrize("point", [(9.5, 91), (float("nan"), 0), (0, float("nan")), (400, 0)])
def test_points_that_are_none(point: tuple[float, float]) -> None:
    with pytest.raises(RagError, match="longitude"):
        nearby_places([], *point)


def test_what_is_not_asked() -> None:
    with pytest.raises(RagError, match="limit 0"):
        nearby_places([], 0, 0, limit=0)
    with pytest.raises(RagError, match="within_km -1"):
        nearby_places([], 0, 0, within_km=-1)
