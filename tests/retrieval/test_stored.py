"""Vectors on the disk: what is read of a file that is larger than what may be mapped."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rsvlm.retrieval import stored
from rsvlm.retrieval.stored import StoredVectors, Stores

ROWS, DIMENSION = 20_000, 512


@pytest.fixture(params=[16, 32])
def file(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, int]:
    vectors = np.random.default_rng(0).normal(size=(ROWS, DIMENSION))
    vectors.astype(f"<f{request.param // 8}").tofile(tmp_path / "vectors")
    return tmp_path / "vectors", request.param


def resident_of_files() -> int:
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssFile"))


def test_rows_are_the_same_mapped_and_read(file: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    path, bits = file
    whole = np.fromfile(path, f"<f{bits // 8}").reshape(ROWS, DIMENSION).astype(np.float32)
    parts = [StoredVectors(path, ROWS, DIMENSION, bits)]
    monkeypatch.setattr(stored, "_MAPPED", 2**20)
    parts.append(StoredVectors(path, ROWS, DIMENSION, bits))
    rows = np.random.default_rng(1).integers(2 * ROWS, size=1000)
    assert np.array_equal(Stores(parts, DIMENSION).take(rows), whole[rows % ROWS])
    for part in parts:
        assert np.array_equal(part.take(rows % ROWS), whole[rows % ROWS])
        assert np.array_equal(part.block(10, 500), whole[10:500])
        assert np.array_equal(part.block(ROWS - 3, ROWS + 3), whole[-3:])
        assert part.take(rows[:0]).shape == part.block(5, 5).shape == (0, DIMENSION)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says what is resident")
def test_what_was_read_of_a_large_file_is_not_resident(
    file: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, bits = file
    monkeypatch.setattr(stored, "_MAPPED", 2**22)
    vectors = StoredVectors(path, ROWS, DIMENSION, bits)
    for first in range(0, ROWS, 500):
        vectors.block(first, first + 500)
    before = resident_of_files()  # parts of numpy that are used for the first time are files, too
    vectors.take(np.random.default_rng(1).permutation(ROWS))
    assert resident_of_files() - before < 2**22
