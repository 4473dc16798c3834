"""Searching copies of a part, as on GPUs: here the copies stay on the processor, and all else is as there."""

from pathlib import Path

import numpy as np
import pytest

from rsvlm.retrieval import Filter, Index, Plan, RetrievalError
from rsvlm.retrieval.devices import gpus
from rsvlm.retrieval.searching import nearest
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot

pytest.importorskip("faiss")

ROWS = 3000


def vectors(count: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal((count, 32)).astype(np.float32)


@pytest.fixture(scope="module", params=["exact", "ivf-flat", "ivf-sq8"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [{"key": str(n), "licence": "rare" if n % 7 == 0 else "common"} for n in range(ROWS)]
    place = tmp_path_factory.mktemp(request.param) / "index"
    made = np.concatenate(
        [vectors(ROWS - 100, 0), np.repeat(vectors(1, 1), 100, axis=0)]
    )  # a hundred are equal
    return Index.from_vectors(
        place, made, rows, encoder="toy", plan=Plan(kind=request.param, texts=vectors(300, 5))
    ).folder


def copied(folder: Path) -> Snapshot:
    snapshot = open_snapshot(folder)
    snapshot.to_gpus(place=lambda index: index)
    return snapshot


@pytest.mark.parametrize("k", [1, 10, 90, 500, 2500])
def test_copies_find_what_the_originals_find(folder: Path, k: int) -> None:
    plain, copies = open_snapshot(folder), copied(folder)
    asked = np.concatenate([vectors(20, 2), vectors(1, 1)])  # the last is what a hundred rows are
    for one, other in zip(
        nearest(plain, asked, k, kind="pictures"), nearest(copies, asked, k, kind="pictures"), strict=True
    ):
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_filters_stay_with_the_processor(folder: Path) -> None:
    copies = copied(folder)
    mask = Filter(licences=("rare",)).mask(copies)
    for found in nearest(copies, vectors(5, 3), 10, mask, kind="words"):
        assert len(found.rows) == 10
        assert (found.rows % 7 == 0).all()


@pytest.mark.skipif(gpus() > 0, reason="faiss sees a GPU")
def test_without_a_gpu_one_line_says_so(folder: Path) -> None:
    with pytest.raises(RetrievalError, match="faiss sees no GPU: search on the processor"):
        Index(folder).to_gpus()
