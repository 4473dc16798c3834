"""Hits near a place first."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from colours import Colours  # type: ignore[import-not-found] # in tests/
from pyproj import Geod

from rsvlm.retrieval import Hits, Index, RetrievalError

PLACES = [(10.0, 50.0), (179.9, 0.0), (-179.9, 0.0), None, (10.1, 50.0), (11.0, 50.0)]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Six rows, each a little less green than the one before it."""
    vectors = np.stack([[-0.02 * n, 1.0, 0.0] for n in range(6)]).astype(np.float32)
    rows = [{"key": str(n)} | ({} if place is None else box(place)) for n, place in enumerate(PLACES)]
    return Index.from_vectors(tmp_path / "index", vectors, rows, encoder="colours", revision="1")


def box(place: tuple[float, float]) -> dict[str, float]:
    west, south = place
    return {"west": west, "south": south, "east": west + 0.01, "north": south + 0.01}


def found(index: Index, **options: Any) -> Hits:
    hits = Index(index.folder, Colours()).search("green", **options)
    assert isinstance(hits, Hits)
    return hits


def test_what_fits_and_is_near_comes_first(index: Index) -> None:
    hits = found(index, near=(10.1, 50.0), k=6)
    # by score 0 1 2 3 4 5, by distance 4 0 5, then those at the antimeridian; one has no place
    ranks = {"0": (1, 2), "1": (2, 4), "2": (3, 5), "3": (4,), "4": (5, 1), "5": (6, 3)}
    order = sorted(ranks, key=lambda key: (-sum(1 / (60 + one) for one in ranks[key]), key))
    assert hits.keys == order
    assert hits.table["rank"].to_pylist() == [1, 2, 3, 4, 5, 6]
    distances = dict(zip(hits.keys, hits.table["km"].to_pylist(), strict=True))
    assert distances["3"] is None
    assert distances["0"] == pytest.approx(6.83, abs=0.02)  # 0.095 degrees at 50 north
    assert distances["4"] == pytest.approx(0.66, abs=0.02)
    assert [index.rows([n])["key"][0].as_py() for n in hits.numbers] == hits.keys


def test_it_looks_across_the_antimeridian(index: Index) -> None:
    hits = found(index, near=(-179.95, 0.0), k=6)
    distances = dict(zip(hits.keys, hits.table["km"].to_pylist(), strict=True))
    assert distances["1"] < 20
    assert distances["2"] < 10


@pytest.mark.parametrize("point", [(-180.0, 0.0), (180.0, 0.0), (10.0, 90.0), (10.0, -90.0)])
def test_the_ends_of_the_world_are_places(index: Index, point: tuple[float, float]) -> None:
    distances = dict(
        zip(*(found(index, near=point, k=6).table[name].to_pylist() for name in ("key", "km")), strict=True)
    )
    expected = Geod(ellps="WGS84").inv(*point, 10.005, 50.005)[2] / 1000
    assert distances["0"] == pytest.approx(expected, abs=1e-3)


def test_of_equally_near_ones_the_better_score_comes_first(tmp_path: Path) -> None:
    vectors = np.stack([[-0.002 * n, 1.0, 0.0] for n in range(400)]).astype(np.float32)
    rows = [{"key": f"{n:03}"} | box((10.0 + n % 2, 50.0)) for n in range(400)]
    index = Index.from_vectors(tmp_path / "same", vectors, rows, encoder="colours", revision="1")
    keys = found(index, near=(10.0, 50.0), k=400).keys
    assert [key for key in keys if int(key) % 2 == 0] == [f"{n:03}" for n in range(0, 400, 2)]
    assert [key for key in keys if int(key) % 2] == [f"{n:03}" for n in range(1, 400, 2)]


def test_without_a_place_there_is_no_rank_by_distance(tmp_path: Path) -> None:
    vectors = np.array([[0.0, 1.0, 0.0], [-0.1, 1.0, 0.0]], np.float32)
    rows = [{"key": "nowhere"}, {"key": "far away"} | box((100.0, 10.0))]
    index = Index.from_vectors(tmp_path / "two", vectors, rows, encoder="colours", revision="1")
    assert found(index, near=(10.0, 50.0), k=2).keys == ["far away", "nowhere"]


def test_few_are_taken_from_many(index: Index) -> None:
    assert found(index, near=(10.1, 50.0), k=2).keys == found(index, near=(10.1, 50.0), k=6).keys[:2]


def test_no_place_and_no_pages(index: Index) -> None:
    with pytest.raises(RetrievalError, match=r"near 53\.5,100: give longitude"):
        found(index, near=(53.5, 100.0))
    with pytest.raises(RetrievalError, match="near has no pages"):
        found(index, near=(0.0, 0.0), offset=10)


def test_no_more_are_put_in_order_than_one_search_gives(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Index, "most_hits", 4)
    assert found(index, near=(10.1, 50.0), k=1).keys == ["0"]  # of the first four: "4" is the fifth
    assert len(found(index, near=(10.1, 50.0), k=6)) == 6
