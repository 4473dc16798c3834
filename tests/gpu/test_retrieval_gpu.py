"""Searching on GPUs finds what the processor finds."""

from pathlib import Path

import numpy as np
import pytest

from rsvlm.retrieval import Filter, Index, Plan
from rsvlm.retrieval.devices import gpus

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(gpus() == 0, reason="faiss sees no GPU (faiss.get_num_gpus() is 0)"),
]

ROWS, QUERIES = 200_000, 1000


def classes(count: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Vectors around the centres of 500 classes."""
    centres = np.random.default_rng(0).standard_normal((500, 256))
    random = np.random.default_rng(seed)
    found = centres[random.integers(500, size=count)] + 0.5 * random.standard_normal((count, 256))
    unit: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = (
        found / np.linalg.norm(found, axis=1, keepdims=True)
    ).astype(np.float32)
    return unit


@pytest.fixture(scope="module", params=["exact", "ivf-flat", "ivf-sq8"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Index:
    rows = [{"key": str(n), "licence": "rare" if n % 1000 == 0 else "common"} for n in range(ROWS)]
    plan = Plan(kind=request.param, texts=classes(400, 1))
    return Index.from_vectors(
        tmp_path_factory.mktemp(request.param) / "index", classes(ROWS, 2), rows, encoder="toy", plan=plan
    )


def test_ids_are_those_of_the_processor(index: Index) -> None:
    asked = classes(QUERIES, 3)
    expected = index.nearest(asked, 10, asked="pictures")
    on_gpu = Index(index.folder)
    on_gpu.to_gpus()
    found = on_gpu.nearest(asked, 10, asked="pictures")
    same = [np.array_equal(one.rows, other.rows) for one, other in zip(expected, found, strict=True)]
    assert np.mean(same) >= 0.999


def test_filters_and_many_hits_are_served_right(index: Index) -> None:
    on_gpu = Index(index.folder)
    on_gpu.to_gpus()
    asked = classes(5, 4)
    for found in on_gpu.search_vectors(asked, k=10, filter=Filter(licences=("rare",)), asked="pictures"):
        assert set(found.table["licence"].to_pylist()) == {"rare"}
    for one, other in zip(index.nearest(asked, 3000), on_gpu.nearest(asked, 3000), strict=True):
        assert len(other.rows) == 3000
        assert np.isin(one.rows, other.rows).mean() >= 0.99


def test_what_was_built_beside_a_gpu_opens_without_one(index: Index, tmp_path: Path) -> None:
    """Cells are trained on the GPU and written from the processor."""
    import subprocess
    import sys

    program = "import sys; from rsvlm.retrieval import Index; print(Index(sys.argv[1]).verify())"
    done = subprocess.run(
        [sys.executable, "-c", program, str(index.folder)], capture_output=True, text=True, check=True,
        env={"CUDA_VISIBLE_DEVICES": "", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
