"""Copies of one image, as tiles of water without a place often are: each has its answer."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from colours import CLASSES, Colours, plain  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.classification import ZeroShotClassifier, classify_files
from rsvlm.imagery import find_scenes


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Two blue tiles that are the same to the last byte, one more in a folder, and a red one between them."""
    folder = tmp_path / "tiles"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(plain((10, 10, 200))).save(folder / "a.png")
    Image.fromarray(plain((200, 10, 10))).save(folder / "b.png")
    shutil.copy(folder / "a.png", folder / "c.png")
    shutil.copy(folder / "a.png", folder / "more" / "a.png")
    return folder


def classifier() -> ZeroShotClassifier:
    return ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])


def test_a_folder_is_classified_whole(tiles: Path) -> None:
    found = classifier().classify(tiles)
    assert [Path(chip.image).relative_to(tiles).as_posix() for chip in found.chips] == [
        "a.png",
        "b.png",
        "c.png",
        "more/a.png",
    ]
    assert found.labels == ["blue", "red", "blue", "blue"]
    assert len({chip.key for chip in found.chips}) == 4


def test_patterns_files_and_pictures_keep_their_places(tiles: Path) -> None:
    given = [plain((10, 200, 10)), str(tiles / "b.png"), tiles / "[ac].png", "nowhere", plain((10, 10, 200))]
    found = classifier().classify(given)
    assert found.labels == ["green", "red", "blue", "blue", None, "blue"]
    assert [Path(chip.image).name for chip in found.chips] == [
        "#0",
        "b.png",
        "a.png",
        "c.png",
        "nowhere",
        "#4",
    ]
    assert "nowhere" in (found.errors[4] or "")


def test_so_is_a_long_run(tiles: Path, tmp_path: Path) -> None:
    report = classify_files(classifier(), [tiles], tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert (report.images, report.chips, report.failed) == (4, 4, 0)
    assert table["label"].to_pylist() == ["blue", "red", "blue", "blue"]
    assert table["image"].to_pylist() == [chip.image for chip in classifier().classify(tiles).chips]
    assert table["key"].to_pylist() == [chip.key for chip in classifier().classify(tiles).chips]


def test_what_is_no_image_is_still_told_in_its_place(tiles: Path, tmp_path: Path) -> None:
    (tiles / "torn.png").write_bytes(b"no picture")
    report = classify_files(classifier(), [tiles], tmp_path / "out.parquet")
    assert (report.chips, report.failed) == (5, 1)
    found = classifier().classify(tiles)
    assert [error is None for error in found.errors] == [True] * 4 + [False]
    assert np.isnan(found.scores[4]).all()


def test_elsewhere_copies_stay_refused(tiles: Path) -> None:
    scenes, failures = find_scenes([tiles])
    assert len(scenes) == 2
    assert all(failure.reason.startswith("same content as ") for failure in failures)
    assert len(find_scenes([tiles], copies=True)[0]) == 4
