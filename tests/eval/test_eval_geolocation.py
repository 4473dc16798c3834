"""Distances, cells and Recall vs Area: known distances, an Earth that adds up, and searches followed by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from rsvlm.eval.errors import EvalError
from rsvlm.eval.geolocation import (
    FARTHEST_KM,
    distance_metrics,
    geolocate,
    make_grid,
)
from rsvlm.eval.result import load_result
from rsvlm.retrieval.distances import EARTH_RADIUS_KM, great_circle_km

PARIS, LONDON, SYDNEY = (2.3522, 48.8566), (-0.1276, 51.5072), (151.2093, -33.8688)
longitudes, latitudes = st.floats(-180, 180), st.floats(-90, 90)


@given(longitudes, latitudes, longitudes, latitudes)
def test_distances_are_those_of_a_geodesic_on_the_sphere(x: float, y: float, u: float, v: float) -> None:
    radius = 1000 * EARTH_RADIUS_KM
    expected = Geod(a=radius, b=radius).inv(x, y, u, v)[2] / 1000
    assert great_circle_km([(x, y)], [(u, v)])[0] == pytest.approx(expected, abs=1e-3)


def test_known_distances() -> None:
    found = great_circle_km([PARIS, PARIS, (179.9, 0), (0, 90)], [LONDON, SYDNEY, (-179.9, 0), (77, -90)])
    assert found == pytest.approx([343.6, 16960, 22.24, FARTHEST_KM], rel=1e-3)


def test_distance_metrics_by_hand() -> None:
    found = distance_metrics([PARIS, PARIS, PARIS], [PARIS, LONDON, (np.nan, np.nan)])
    assert [found[f"accuracy@{reach}km"] for reach in (1, 25, 200, 750, 2500)] == pytest.approx(
        [1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3]
    )
    assert found["median_km"] == pytest.approx(343.6, abs=0.5)
    assert found["mean_km"] == pytest.approx((343.6 + FARTHEST_KM) / 3, rel=1e-3)
    for truth, said in (([], []), ([PARIS], [PARIS, PARIS]), ([(48.8, 222.3)], [PARIS])):
        with pytest.raises(EvalError):
            distance_metrics(truth, said)


@pytest.mark.parametrize("size", [50, 100, 333, 5000, 20_000])
def test_cells_cover_the_earth_once(size: float) -> None:
    grid = make_grid(size)
    whole = 4 * np.pi * EARTH_RADIUS_KM**2
    assert (grid.areas * grid.columns).sum() == pytest.approx(whole, rel=1e-12)
    if size <= 333:
        assert np.median(np.repeat(grid.areas, grid.columns)) == pytest.approx(size**2, rel=0.02)


@settings(deadline=None)
@given(longitudes, latitudes, st.sampled_from([1.0, 10.0, 777.0, 20_000.0]))
@example(179.99999999999997, 0.0, 1.0)
def test_every_place_has_a_cell_of_its_size(x: float, y: float, size: float) -> None:
    grid = make_grid(size)
    cell = grid.cells(np.array([[x, y], [x - 360 if x > 0 else x + 360, y]]))
    assert 0 <= cell[0] < grid.first[-1] + grid.columns[-1]
    if not np.isclose(abs(x) % 360, 0):
        apart = abs(cell[0] - cell[1])  # by rounding at an edge; the last cell of a band is beside its first
        assert apart <= 1 or apart + 1 in grid.columns
    assert grid.area_of(cell)[0] > 0


def test_places_of_one_cell_are_near_and_others_are_not() -> None:
    grid = make_grid(100)
    rng = np.random.default_rng(0)
    places = np.stack([rng.uniform(-180, 180, 4000), np.degrees(np.arcsin(rng.uniform(-1, 1, 4000)))], axis=1)
    near = places + rng.uniform(-0.2, 0.2, places.shape)
    near[:, 1] = np.clip(near[:, 1], -90, 90)
    shared = grid.cells(places) == grid.cells(near)
    assert 0.5 < shared.mean() < 1
    one = places[np.argsort(grid.cells(places))]
    cells = np.sort(grid.cells(places))
    same = cells[1:] == cells[:-1]
    assert same.any()
    assert great_circle_km(one[1:][same], one[:-1][same]).max() < 100 * 2**0.5 * 2


def test_bad_cells_are_refused() -> None:
    for size in (0, -1, 1e6, float("nan")):
        with pytest.raises(EvalError, match="km"):
            make_grid(size)


def test_a_search_followed_by_hand() -> None:
    # Items: two in Paris' cell, one in London's, one in Sydney's. The query is from Paris, but looks most like London,
    # then Sydney, then the second item of Paris: three cells are searched. The second query's cell holds no item.
    items = np.array([[0.1, 1.0], [0.6, 0.8], [1.0, 0.0], [0.8, 0.6]])
    places = [PARIS, PARIS, LONDON, SYDNEY]
    found = geolocate([[1.0, 0.0], [1.0, 0.0]], [PARIS, (30.0, 0.0)], items, places, cell_km=50)
    grid = make_grid(50)
    areas = grid.area_of(grid.cells(np.array([PARIS, LONDON, SYDNEY])))
    assert found.items is not None
    assert found.items["area_km2"].to_pylist() == [pytest.approx(areas.sum()), None]
    assert found.items["found_longitude"].to_pylist() == [LONDON[0]] * 2
    assert found.metrics["recall@1000km2"] == 0
    assert found.metrics["recall@10000km2"] == 0.5
    assert found.metrics["covered"] == 0.5
    assert found.metrics["accuracy@750km"] == 0.5


def test_equal_cells_are_searched_from_the_south() -> None:
    places = [SYDNEY, LONDON, PARIS]
    found = geolocate([[1.0, 0.0]] * 3, places, [[1.0, 0.0]] * 3, places, cell_km=50)
    grid = make_grid(50)
    sydney, paris, london = grid.area_of(grid.cells(np.array([SYDNEY, PARIS, LONDON])))
    assert found.items is not None
    assert found.items["area_km2"].to_pylist() == pytest.approx(
        [sydney, sydney + paris + london, sydney + paris]
    )


def test_failures_are_never_found(tmp_path: Path) -> None:
    items = np.array([[1.0, 0.0], [np.nan, 0.0], [0.0, 1.0]])
    found = geolocate(items, [PARIS, LONDON, SYDNEY], items, [PARIS, LONDON, SYDNEY])
    assert found.n_failed == 1
    assert found.metrics["accuracy@1km"] == pytest.approx(2 / 3)
    assert found.metrics["recall@1000km2"] == pytest.approx(2 / 3)
    assert found.metrics["covered"] == pytest.approx(2 / 3)
    assert found.items is not None
    assert found.items["error_km"].to_pylist()[1] == pytest.approx(FARTHEST_KM)
    found.save(tmp_path / "places.json")
    assert load_result(tmp_path / "places.json").metrics == found.metrics


def test_no_query_finds_itself() -> None:
    items = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    found = geolocate(items, [PARIS, PARIS, SYDNEY], items, [PARIS, PARIS, SYDNEY], same=True)
    assert found.metrics["accuracy@1km"] == pytest.approx(2 / 3)
    assert found.metrics["covered"] == pytest.approx(2 / 3)


def test_recall_grows_with_area_and_reaches_what_is_covered() -> None:
    rng = np.random.default_rng(1)
    places = np.stack([rng.uniform(5, 8, 150), rng.uniform(45, 48, 150)], axis=1)
    looks = np.concatenate([np.sin(places), np.cos(places)], axis=1) + rng.normal(0, 0.05, (150, 4))
    found = geolocate(looks, places, looks, places, same=True, cell_km=20)
    recalls = [found.metrics[f"recall@{limit}km2"] for limit in (100, 1000, 10_000, 100_000, 1_000_000)]
    assert recalls == sorted(recalls)
    assert recalls[-1] == found.metrics["covered"]
    assert found.metrics == geolocate(looks, places, looks, places, same=True, cell_km=20).metrics
    for name, (low, high) in found.intervals.items():
        assert low <= found.metrics[name] <= high


@pytest.mark.parametrize(
    ("queries", "places", "items", "known", "same"),
    [
        ([], [], [[1, 0]], [PARIS], False),
        ([[1, 0]], [PARIS], [[1, 0]], [PARIS, LONDON], False),
        ([[1, 0]], [(48.8, 182.3)], [[1, 0]], [PARIS], False),
        ([[1, 0]], [PARIS], [[1, 0], [0, 1]], [PARIS, LONDON], True),
    ],
)
def test_what_does_not_fit_is_refused(queries: Any, places: Any, items: Any, known: Any, same: bool) -> None:
    with pytest.raises(EvalError):
        geolocate(np.reshape(queries, (-1, 2)), np.reshape(places, (-1, 2)), items, known, same=same)
