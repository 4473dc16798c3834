"""How far what a chunk is about lies from the place that is asked about."""

import numpy as np
import pytest
from pyproj import Geod

from rsvlm.rag.nearness import kilometres, nearness
from rsvlm.retrieval import Index
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot

BOXES = [
    (10.0, 50.0, 11.0, 51.0),
    (179.0, -1.0, -179.0, 1.0),  # across the antimeridian
    (170.0, -1.0, 171.0, 1.0),
    None,
    (-20.0, 60.0, -20.0, 60.0),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    rows = [
        {"key": str(n)}
        | ({} if box is None else dict(zip(("west", "south", "east", "north"), box, strict=True)))
        for n, box in enumerate(BOXES)
    ]
    folder = tmp_path_factory.mktemp("rows") / "index"
    Index.from_vectors(folder, np.eye(len(BOXES), dtype=np.float32), rows, encoder="colours", revision="1")
    return open_snapshot(folder)


@pytest.mark.parametrize(
    ("point", "row", "nearest"),
    [
        ((10.5, 50.5), 0, (10.5, 50.5)),  # inside
        ((10.0, 51.0), 0, (10.0, 51.0)),  # at a corner
        ((10.25, 52.0), 0, (10.25, 51.0)),
        ((10.75, 49.0), 0, (10.75, 50.0)),
        ((9.0, 50.5), 0, (10.0, 50.5)),
        ((13.0, 50.5), 0, (11.0, 50.5)),
        ((12.0, 53.0), 0, (11.0, 51.0)),
        ((179.5, 0.0), 1, (179.5, 0.0)),
        ((-179.5, 0.0), 1, (-179.5, 0.0)),
        ((180.0, 2.0), 1, (180.0, 1.0)),
        ((178.0, 0.0), 1, (179.0, 0.0)),
        ((-178.0, 0.0), 1, (-179.0, 0.0)),
        ((-179.0, 0.0), 2, (171.0, 0.0)),  # the way over the antimeridian is the short one
        ((160.0, 0.0), 2, (170.0, 0.0)),
        ((-20.0, 61.0), 4, (-20.0, 60.0)),
        ((-10.0, 60.0), 4, (-20.0, 60.0)),
    ],
)
def test_the_nearest_edge_counts(
    snapshot: Snapshot, point: tuple[float, float], row: int, nearest: tuple[float, float]
) -> None:
    metres = Geod(ellps="WGS84").inv(*point, *nearest)[2]
    assert kilometres(snapshot, point)[row] == pytest.approx(metres / 1000, abs=1e-6)


def test_what_has_no_place_has_no_distance_and_no_bonus(snapshot: Snapshot) -> None:
    distances = kilometres(snapshot, (10.5, 50.5))
    assert np.flatnonzero(np.isnan(distances)).tolist() == [3]
    bonus = nearness(distances, 0.2)
    assert bonus[0] == pytest.approx(0.2)
    assert bonus[3] == 0


def test_the_bonus_falls_with_the_distance() -> None:
    bonus = nearness(np.array([0.0, 25.0, 50.0, 5000.0]), 0.3)
    assert bonus == pytest.approx(0.3 * np.exp([0.0, -1.0, -2.0, -200.0]))
